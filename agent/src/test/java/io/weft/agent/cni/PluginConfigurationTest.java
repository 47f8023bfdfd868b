package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What Weft's configuration becomes beside those of others, in a real directory. */
final class PluginConfigurationTest {
  private static final Path SOCKET = Path.of(CniServer.DEFAULT_SOCKET);

  @TempDir private Path directory;

  private PluginConfiguration configuration() {
    return new PluginConfiguration(directory, "agent");
  }

  private PluginConfiguration.Settled ask(PluginMode mode) throws IOException {
    var configuration = configuration();
    configuration.ask(new PluginWish(mode, Optional.empty(), SOCKET, false, false));
    return configuration.settle();
  }

  private void other(String name, String text) throws IOException {
    ForeignFiles.put(directory.resolve(name), text);
  }

  private Path own() {
    return directory.resolve("00-weft.conflist");
  }

  private JsonNode read(Path file) throws IOException {
    return PluginProgram.JSON.readTree(file.toFile());
  }

  /** The file that a runtime uses: of those with an extension that libcni knows, the first. */
  private static Optional<String> runtimeUses(Path directory) {
    var names = new TreeSet<String>();
    for (var name : Optional.ofNullable(directory.toFile().list()).orElse(new String[0])) {
      if (name.matches(".*\\.(conf|conflist|json)")) {
        names.add(name);
      }
    }
    return names.isEmpty() ? Optional.empty() : Optional.of(names.first());
  }

  private static String text(String which) {
    return switch (which) {
      case "kindnet" -> ForeignFiles.KINDNET;
      case "flannel" -> ForeignFiles.FLANNEL;
      case "calico" -> ForeignFiles.CALICO;
      default -> ForeignFiles.CILIUM;
    };
  }

  @ParameterizedTest
  @CsvSource({
    "10-kindnet.conflist, kindnet",
    "10-flannel.conflist, flannel",
    "10-calico.conflist, calico",
    "05-cilium.conflist, cilium"
  })
  void goesBehindTheOthersUnderTheirName(String file, String which) throws IOException {
    other(file, text(which));

    var settled = ask(PluginMode.AUTOMATIC);

    assertThat(settled.words()).contains(file);
    assertThat(runtimeUses(directory)).contains("00-weft.conflist");
    var theirs = (ObjectNode) read(directory.resolve(file));
    var ours = (ObjectNode) read(own());
    var weft = ours.withArray("plugins").remove(ours.path("plugins").size() - 1);
    assertThat(weft.path("type").asText()).isEqualTo("weft");
    assertThat(weft.at("/capabilities/io.kubernetes.cri.pod-annotations").asBoolean()).isTrue();
    assertThat(weft.path("capabilities")).as("ports, addresses are eth0's").hasSize(1);
    assertThat(ours).as("all the rest, with the name by which leases are known").isEqualTo(theirs);
    assertThat(directory.resolve(file)).as("theirs").hasContent(text(which));
  }

  @Test
  void aSinglePluginBecomesAList() throws IOException {
    other("10-net.conf", "{\"cniVersion\": \"1.0.0\", \"name\": \"n\", \"type\": \"bridge\"}");
    ask(PluginMode.BESIDE);
    assertThat(ForeignFiles.types(own())).containsExactly("bridge", "weft");
    assertThat(read(own()).path("name").asText()).isEqualTo("n");
    assertThat(read(own()).path("cniVersion").asText()).isEqualTo("1.0.0");
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "{\"cniVersion\": \"0.3.1\", \"na",
        "[]",
        "{\"cniVersion\": \"0.3.1\", \"name\": \"n\", \"plugins\": []}",
        "{\"cniVersion\": \"0.3.1\", \"plugins\": [{\"type\": \"ptp\"}]}",
        "{\"cniVersion\": \"0.2.0\", \"name\": \"n\", \"plugins\": [{\"type\": \"ptp\"}]}"
      })
  void aBrokenFileOfTheOtherChangesNothing(String broken) throws IOException {
    other("10-kindnet.conflist", ForeignFiles.KINDNET);
    ask(PluginMode.BESIDE);
    var before = Files.readString(own());
    Files.writeString(directory.resolve("10-kindnet.conflist"), broken);

    var settled = configuration().settle();

    assertThat(settled.problem().orElse("")).contains("10-kindnet.conflist", "does not go behind");
    assertThat(settled.changed()).isEmpty();
    assertThat(own()).hasContent(before);
    other("10-kindnet.conflist", ForeignFiles.FLANNEL);
    assertThat(configuration().settle().problem()).isEmpty();
    assertThat(ForeignFiles.types(own())).containsExactly("flannel", "portmap", "weft");
  }

  @Test
  void eachModeDoesWhatItSays() throws IOException {
    assertThat(ask(PluginMode.BESIDE).words()).contains("waits");
    assertThat(own()).doesNotExist();
    ask(PluginMode.AUTOMATIC);
    assertThat(own()).as("beside, it stays there").doesNotExist();
    ask(PluginMode.PRIMARY);
    assertThat(ForeignFiles.types(own())).containsExactly("weft");
    other("10-kindnet.conflist", ForeignFiles.KINDNET);
    configuration().settle();
    assertThat(ForeignFiles.types(own())).containsExactly("weft");
    assertThat(runtimeUses(directory)).contains("00-weft.conflist");
    ask(PluginMode.BESIDE);
    assertThat(ForeignFiles.types(own())).containsExactly("ptp", "portmap", "weft");
  }

  @Test
  void automaticIsPrimaryUntilAnotherComesAndBesideFromThen() throws IOException {
    ask(PluginMode.AUTOMATIC);
    assertThat(ForeignFiles.types(own())).containsExactly("weft");
    other("10-calico.conflist", ForeignFiles.CALICO);
    configuration().settle();
    assertThat(ForeignFiles.types(own())).hasSize(4).last().isEqualTo("weft");
    Files.delete(directory.resolve("10-calico.conflist"));
    configuration().settle();
    assertThat(own()).as("no pod shall have Weft's interface alone").doesNotExist();
    ask(PluginMode.AUTOMATIC); // the init container of an agent that starts again
    assertThat(own()).doesNotExist();
  }

  /** What distributions bring with a runtime is not the network of a cluster. */
  @Test
  void automaticIsNotMisledByWhatComesWithARuntime() throws IOException {
    other("87-podman-bridge.conflist", ForeignFiles.FLANNEL.replace("flannel", "bridge"));
    other(
        "99-loopback.conf",
        "{\"cniVersion\": \"1.0.0\", \"name\": \"lo\", \"type\": \"loopback\"}");
    ask(PluginMode.AUTOMATIC);
    assertThat(ForeignFiles.types(own())).containsExactly("weft");
    other(
        "05-loopback.conf",
        "{\"cniVersion\": \"1.0.0\", \"name\": \"lo\", \"type\": \"loopback\"}");
    configuration().settle();
    assertThat(ForeignFiles.types(own())).containsExactly("weft");
  }

  /** Multus takes the first file behind its own for the default network: ours, with both in it. */
  @Test
  void multusStaysInFrontAndFindsBoth() throws IOException {
    other(
        "00-multus.conf",
        "{\"cniVersion\": \"0.3.1\", \"name\": \"m\", \"type\": \"multus-shim\"}");
    other("10-flannel.conflist", ForeignFiles.FLANNEL);
    ask(PluginMode.AUTOMATIC);
    assertThat(runtimeUses(directory)).contains("00-multus.conf");
    assertThat(ForeignFiles.types(own())).containsExactly("flannel", "portmap", "weft");
  }

  @Test
  void whoHasPutWeftThereAlreadyHasItOnce() throws IOException {
    var byHand =
        ForeignFiles.CILIUM.replace("\"plugins\": [", "\"plugins\": [{\"type\": \"weft\"},");
    other("05-cilium.conflist", byHand);
    assertThat(ask(PluginMode.AUTOMATIC).words()).contains("05-cilium.conflist");
    assertThat(own()).doesNotExist();
  }

  @Test
  void aNameBeforeOursIsTold() throws IOException {
    other("00-calico.conflist", ForeignFiles.CALICO);
    assertThat(ask(PluginMode.AUTOMATIC).problem().orElse(""))
        .contains("00-calico.conflist", "another name");
    assertThat(own()).doesNotExist();
  }

  /** Versions that a runtime may choose from (CNI 1.1.0) are those that Weft knows too. */
  @Test
  void ofSeveralVersionsThoseStayThatWeftKnows() throws IOException {
    other(
        "10-net.conflist",
        """
        {"cniVersion": "1.0.0", "cniVersions": ["1.0.0", "1.1.0", "2.0.0"], "name": "n",
         "plugins": [{"type": "bridge"}]}
        """);
    ask(PluginMode.BESIDE);
    assertThat(read(own()).path("cniVersions").toString()).isEqualTo("[\"1.0.0\",\"1.1.0\"]");
  }

  /**
   * Whatever the others do, in whatever order, also half: after each look Weft's file is theirs
   * with Weft behind it, or the last that was, or none; theirs are never touched; and uninstalling
   * leaves nothing.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void holdsForAnyOrderOfEvents(long seed) throws IOException {
    var random = new Random(seed);
    var names = List.of("05-cilium.conflist", "10-calico.conflist", "10-kindnet.conflist");
    var texts =
        List.of(ForeignFiles.CILIUM, ForeignFiles.CALICO, ForeignFiles.KINDNET, "{\"cniVers", "");
    ask(PluginMode.BESIDE);
    for (int step = 0; step < 300; step++) {
      var name = names.get(random.nextInt(names.size()));
      switch (random.nextInt(8)) {
        case 0, 1, 2 -> other(name, texts.get(random.nextInt(texts.size())));
        case 3, 4 -> Files.deleteIfExists(directory.resolve(name));
        case 5 -> takenByCilium();
        case 6 -> Files.writeString(directory.resolve(".00-weft.conflist.agent"), "{\"half");
        default -> ask(random.nextBoolean() ? PluginMode.BESIDE : PluginMode.AUTOMATIC);
      }
      lookAndCheck(step);
    }
    new PluginFiles(directory.resolve("bin"), directory).uninstall();
    assertThat(Optional.ofNullable(directory.toFile().list()).orElse(new String[0]))
        .allMatch(names::contains);
  }

  private void takenByCilium() throws IOException {
    if (Files.exists(own())) {
      Files.move(
          own(),
          directory.resolve("00-weft.conflist.cilium_bak"),
          StandardCopyOption.REPLACE_EXISTING);
    }
  }

  private void lookAndCheck(int step) throws IOException {
    var before = Files.exists(own()) ? Files.readString(own()) : "";
    var theirs = snapshot();
    var settled = configuration().settle();
    var after = Files.exists(own()) ? Files.readString(own()) : "";
    assertThat(snapshot()).as("step %d", step).isEqualTo(theirs);
    assertThat(settled.stands()).isEqualTo(!after.isEmpty());
    if (theirs.isEmpty()) {
      assertThat(after).as("step %d: nobody makes eth0", step).isEmpty();
      assertThat(settled.problem().orElse("")).as("step %d", step).contains("no pod starts");
    } else if (settled.problem().isPresent()) {
      assertThat(after).as("step %d: %s", step, settled.problem()).isEqualTo(before);
    } else {
      var expected = (ObjectNode) PluginProgram.JSON.readTree(theirs.getFirst());
      expected
          .withArray("plugins")
          .addObject()
          .put("type", "weft")
          .putObject("capabilities")
          .put("io.kubernetes.cri.pod-annotations", true);
      assertThat(PluginProgram.JSON.readTree(after)).as("step %d", step).isEqualTo(expected);
    }
    assertThat(configuration().settle().changed()).as("step %d: again", step).isEmpty();
  }

  /** What the others have, in the order of names. */
  private List<String> snapshot() throws IOException {
    var texts = new ArrayList<String>();
    for (var name : List.of("05-cilium.conflist", "10-calico.conflist", "10-kindnet.conflist")) {
      if (Files.exists(directory.resolve(name))) {
        texts.add(Files.readString(directory.resolve(name)));
      }
    }
    return texts;
  }
}
