package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** The agent keeps up with what other CNI plugins do to the directory, and fights with nobody. */
@Timeout(120)
final class ConfigurationWatchTest {
  @TempDir private Path root;
  private Path directory;
  private PluginFiles files;
  private ConfigurationWatch watch;

  @BeforeEach
  void start() throws IOException {
    directory = Files.createDirectories(root.resolve("net.d"));
    files = new PluginFiles(root.resolve("bin"), directory);
    watch = ConfigurationWatch.start(directory, Duration.ofSeconds(1));
  }

  @AfterEach
  void close() throws IOException {
    watch.close();
  }

  private void install(PluginMode mode) throws IOException {
    var program = Files.writeString(root.resolve("program"), "program");
    files.install(program, mode, Optional.empty(), Path.of(CniServer.DEFAULT_SOCKET));
  }

  private Path own() {
    return directory.resolve("00-weft.conflist");
  }

  private void put(String name, String text) throws IOException {
    ForeignFiles.put(directory.resolve(name), text);
  }

  private static void await(String what, Callable<Boolean> condition) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.call()) {
      assertThat(System.nanoTime() - end).as(what).isNegative();
      Thread.sleep(20);
    }
  }

  private void awaitTypes(String... types) throws Exception {
    await(
        String.join(",", types),
        () -> Files.exists(own()) && ForeignFiles.types(own()).equals(List.of(types)));
  }

  @Test
  void followsWhileTheOtherComesChangesAndGoes() throws Exception {
    install(PluginMode.BESIDE);
    assertThat(own()).doesNotExist();
    await("told", () -> watch.problems().toString().contains("no other CNI plugin has its"));
    put("10-kindnet.conflist", ForeignFiles.KINDNET);
    awaitTypes("ptp", "portmap", "weft");
    await("well", () -> watch.problems().isEmpty());
    put("10-kindnet.conflist", ForeignFiles.FLANNEL);
    awaitTypes("flannel", "portmap", "weft");
    put("05-cilium.conflist", ForeignFiles.CILIUM);
    awaitTypes("cilium-cni", "weft");
    Files.writeString(directory.resolve("05-cilium.conflist"), "{");
    await("told", () -> watch.problems().toString().contains("05-cilium.conflist"));
    awaitTypes("cilium-cni", "weft");
    Files.delete(directory.resolve("05-cilium.conflist"));
    awaitTypes("flannel", "portmap", "weft");
    await("well", () -> watch.problems().isEmpty());
    Files.delete(directory.resolve("10-kindnet.conflist"));
    await("gone with it", () -> !Files.exists(own()));
    await("told", () -> watch.problems().toString().contains("--mode primary"));
    put("10-kindnet.conflist", ForeignFiles.KINDNET);
    awaitTypes("ptp", "portmap", "weft");

    files.uninstall();
    put("10-kindnet.conflist", ForeignFiles.FLANNEL);
    put("05-cilium.conflist", ForeignFiles.CILIUM);
    Thread.sleep(500);
    assertThat(directory.toFile().list())
        .containsExactlyInAnyOrder("05-cilium.conflist", "10-kindnet.conflist");
  }

  /** Cilium with {@code cni.exclusive=true}: it renames at once whatever is not its own. */
  @Test
  void whoTakesItAwayIsToldAndNotFought() throws Exception {
    put("05-cilium.conflist", ForeignFiles.CILIUM);
    install(PluginMode.AUTOMATIC);
    int taken = 0;
    long end = System.nanoTime() + Duration.ofSeconds(4).toNanos();
    while (System.nanoTime() < end) {
      if (Files.exists(own())) {
        Files.move(
            own(),
            directory.resolve("00-weft.conflist.cilium_bak"),
            StandardCopyOption.REPLACE_EXISTING);
        taken++;
      }
      Thread.sleep(5);
    }
    assertThat(taken).as("within 4 s: at once, after 1 s, after 2 s more").isBetween(1, 4);
    assertThat(watch.problems().toString()).contains("Cilium", "cni.exclusive=false");

    awaitTypes("cilium-cni", "weft"); // somebody has set it
    await("well", () -> watch.problems().isEmpty());
  }

  /** Whoever edits by hand: the watch says it, and is there when it is right again. */
  @Test
  void aWishThatCannotBeReadIsToldAndDoesNotEndTheWatch() throws Exception {
    put("10-kindnet.conflist", ForeignFiles.KINDNET);
    var wish = directory.resolve("weft.install");
    Files.writeString(wish, "{\"mode\":\"beside\",\"agentSocket\":\"/run/\\u0000weft\"}");
    await("told", () -> watch.problems().toString().contains("'agentSocket' is no path"));
    assertThat(watch.problems().toString()).contains(wish + ": ", "run 'weft cni install' again");
    Files.writeString(wish, "{\"mode\":\"beside\"}");
    awaitTypes("ptp", "portmap", "weft");
    await("well", () -> watch.problems().isEmpty());
  }

  @Test
  void aDirectoryThatComesLaterIsSeen() throws Exception {
    watch.close();
    var later = root.resolve("later/net.d");
    try (var late = ConfigurationWatch.start(later)) {
      new PluginFiles(root.resolve("bin"), later)
          .install(
              Files.writeString(root.resolve("program"), "program"),
              PluginMode.BESIDE,
              Optional.empty(),
              Path.of(CniServer.DEFAULT_SOCKET));
      ForeignFiles.put(later.resolve("10-flannel.conflist"), ForeignFiles.FLANNEL);
      await("a look at least every 10 s", () -> Files.exists(later.resolve("00-weft.conflist")));
      assertThat(late.problems()).isEmpty();
    }
  }
}
