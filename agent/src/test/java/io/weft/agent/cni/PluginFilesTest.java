package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.agent.node.NodeProcess;
import java.io.IOException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Installing and removing, in directories of the test's. */
class PluginFilesTest {
  @TempDir private Path directory;

  @Test
  void installsAndRemovesBoth() throws Exception {
    var program = Files.writeString(directory.resolve("built"), "program");
    var files = new PluginFiles(directory.resolve("bin"), directory.resolve("net.d"));
    Files.createDirectories(directory.resolve("bin"));
    Files.writeString(directory.resolve("bin/weft"), "older");

    var written =
        files
            .install(program, PluginMode.AUTOMATIC, Optional.of("web"), Path.of("/run/x-cni.sock"))
            .changed();

    assertThat(written).hasSize(3).allMatch(Files::exists);
    assertThat(directory.resolve("bin/weft")).hasContent("program").isExecutable();
    var list = PluginProgram.JSON.readTree(directory.resolve("net.d/00-weft.conflist").toFile());
    assertThat(list.path("cniVersion").asText()).isEqualTo("1.0.0");
    assertThat(list.at("/plugins/0/network").asText()).isEqualTo("web");
    assertThat(list.at("/plugins/0/agentSocket").asText()).isEqualTo("/run/x-cni.sock");
    assertThat(list.path("plugins")).as("no neighbour is installed").hasSize(1);

    assertThat(files.uninstall()).hasSize(3).noneMatch(Files::exists);
    assertThat(files.uninstall()).as("again").isEmpty();
    assertThat(directory.resolve("bin")).isEmptyDirectory();
  }

  /** The standard plugin for bandwidth is run by ours, where the ports of pods are. */
  @Test
  void installsTheLimiterWhereTheStandardPluginIs() throws Exception {
    var program = Files.writeString(directory.resolve("built"), "program");
    var bin = Files.createDirectories(directory.resolve("bin"));
    var standard = Files.writeString(bin.resolve("bandwidth"), "theirs");
    Files.setPosixFilePermissions(standard, PosixFilePermissions.fromString("rwxr-xr-x"));
    var files = new PluginFiles(bin, directory.resolve("net.d"));

    files.install(program, PluginMode.AUTOMATIC, Optional.empty(), Path.of("/run/x-cni.sock"));

    assertThat(bin.resolve("weft-bandwidth")).hasContent("program").isExecutable();
    var list = PluginProgram.JSON.readTree(directory.resolve("net.d/00-weft.conflist").toFile());
    assertThat(list.at("/plugins/1/type").asText()).isEqualTo("weft-bandwidth");
    assertThat(list.at("/plugins/1/agentSocket").asText()).isEqualTo("/run/x-cni.sock");
    assertThat(list.at("/plugins/1/capabilities/bandwidth").asBoolean()).isTrue();
    assertThat(files.uninstall()).hasSize(4);
    assertThat(bin.toFile().list()).containsExactly("bandwidth");

    Files.writeString(program, "#!/bin/sh\n");
    files.install(program, PluginMode.AUTOMATIC, Optional.empty(), Path.of("/x"));
    assertThat(bin.resolve("weft-bandwidth")).as("a script").doesNotExist();
  }

  /** The command, killed as soon as so many things have happened to its two directories. */
  @ParameterizedTest
  @ValueSource(ints = {1, 2, 3, 5, 6, 8, 11})
  void aKilledInstallationIsWholeOrNotThere(int events) throws Exception {
    var program = NodeProcess.launcher().resolveSibling("dist/cni/weft");
    assumeTrue(Files.isExecutable(program), "needs dist/: run 'make build' before");
    var bin = Files.createDirectories(directory.resolve("bin"));
    var configurations = Files.createDirectories(directory.resolve("net.d"));
    var standard = Files.writeString(bin.resolve("bandwidth"), "theirs");
    Files.setPosixFilePermissions(standard, PosixFilePermissions.fromString("rwxr-xr-x"));

    killedAfter(events, "install", bin, configurations);
    isWhole(program, bin, configurations);
    run("install", bin, configurations).waitFor();
    assertThat(configurations.resolve("00-weft.conflist")).exists();
    isWhole(program, bin, configurations);

    killedAfter(events, "uninstall", bin, configurations);
    isWhole(program, bin, configurations);
    killedAfter(events, "install", bin, configurations);
    run("uninstall", bin, configurations).waitFor();
    assertThat(bin.toFile().list()).containsExactly("bandwidth");
    assertThat(configurations).isEmptyDirectory();
  }

  /** As before, but another plugin's configuration is there: it is never touched. */
  @ParameterizedTest
  @ValueSource(ints = {1, 3, 5, 6, 7, 8, 9, 11, 13})
  void aKilledInstallationBesideAnotherLeavesThatAsItIs(int events) throws Exception {
    var program = NodeProcess.launcher().resolveSibling("dist/cni/weft");
    assumeTrue(Files.isExecutable(program), "needs dist/: run 'make build' before");
    var bin = Files.createDirectories(directory.resolve("bin"));
    var configurations = Files.createDirectories(directory.resolve("net.d"));
    var other = configurations.resolve("10-kindnet.conflist");
    Files.writeString(other, ForeignFiles.KINDNET);

    killedAfter(events, "install", bin, configurations);
    isChainOrNotThere(bin, configurations);
    run("install", bin, configurations).waitFor();
    assertThat(configurations.resolve("00-weft.conflist")).exists();
    isChainOrNotThere(bin, configurations);
    killedAfter(events, "uninstall", bin, configurations);
    isChainOrNotThere(bin, configurations);
    run("uninstall", bin, configurations).waitFor();

    assertThat(other).hasContent(ForeignFiles.KINDNET);
    assertThat(configurations.toFile().list()).containsExactly("10-kindnet.conflist");
    assertThat(bin).isEmptyDirectory();
  }

  private static void isChainOrNotThere(Path bin, Path configurations) throws IOException {
    var list = configurations.resolve("00-weft.conflist");
    if (Files.exists(list)) {
      assertThat(bin.resolve("weft")).isExecutable();
      assertThat(ForeignFiles.types(list)).containsExactly("ptp", "portmap", "weft");
    }
  }

  /** What a runtime finds works: a configuration has its programs, and each file is all of it. */
  private static void isWhole(Path program, Path bin, Path configurations) throws IOException {
    var there = new ArrayList<String>();
    for (var name : List.of("weft", "weft-bandwidth")) {
      var installed = bin.resolve(name);
      if (Files.exists(installed)) {
        assertThat(installed).hasSameBinaryContentAs(program).isExecutable();
        there.add(name);
      }
    }
    var list = configurations.resolve("00-weft.conflist");
    if (Files.exists(list)) {
      var types = PluginProgram.JSON.readTree(list.toFile()).findValuesAsText("type");
      assertThat(types).containsExactlyElementsOf(there).hasSize(2);
    }
  }

  private static Process run(String verb, Path bin, Path configurations) throws IOException {
    return new ProcessBuilder(
            NodeProcess.launcher().toString(),
            "cni",
            verb,
            "--bin-dir=" + bin,
            "--conf-dir=" + configurations)
        .redirectErrorStream(true)
        .redirectOutput(ProcessBuilder.Redirect.DISCARD)
        .start();
  }

  private static void killedAfter(int events, String verb, Path bin, Path configurations)
      throws IOException, InterruptedException {
    try (var watch = FileSystems.getDefault().newWatchService()) {
      for (var folder : List.of(bin, configurations)) {
        folder.register(
            watch,
            StandardWatchEventKinds.ENTRY_CREATE,
            StandardWatchEventKinds.ENTRY_MODIFY,
            StandardWatchEventKinds.ENTRY_DELETE);
      }
      var process = run(verb, bin, configurations);
      int seen = 0;
      while (seen < events && process.isAlive()) {
        var key = watch.poll(20, TimeUnit.MILLISECONDS);
        if (key != null) {
          seen += key.pollEvents().size();
          key.reset();
        }
      }
      process.destroyForcibly().waitFor();
    }
  }

  @Test
  void leavesNothingWhenTheProgramIsMissing() {
    var files = new PluginFiles(directory.resolve("bin"), directory.resolve("net.d"));
    assertThatThrownBy(
            () ->
                files.install(
                    directory.resolve("none"),
                    PluginMode.PRIMARY,
                    Optional.of("web"),
                    Path.of("/x")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none");
    assertThat(directory.resolve("net.d")).doesNotExist();
  }
}
