package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Installing and removing, in directories of the test's. */
class PluginFilesTest {
  @TempDir private Path directory;

  @Test
  void installsAndRemovesBoth() throws Exception {
    var program = Files.writeString(directory.resolve("built"), "program");
    var files = new PluginFiles(directory.resolve("bin"), directory.resolve("net.d"));
    Files.createDirectories(directory.resolve("bin"));
    Files.writeString(directory.resolve("bin/weft"), "older");

    var written = files.install(program, Optional.of("web"), Path.of("/run/x-cni.sock"));

    assertThat(written).hasSize(2).allMatch(Files::exists);
    assertThat(directory.resolve("bin/weft")).hasContent("program").isExecutable();
    var list = PluginProgram.JSON.readTree(directory.resolve("net.d/10-weft.conflist").toFile());
    assertThat(list.path("cniVersion").asText()).isEqualTo("1.0.0");
    assertThat(list.at("/plugins/0/network").asText()).isEqualTo("web");
    assertThat(list.at("/plugins/0/agentSocket").asText()).isEqualTo("/run/x-cni.sock");
    assertThat(list.path("plugins")).as("no neighbour is installed").hasSize(1);

    assertThat(files.uninstall()).hasSize(2).noneMatch(Files::exists);
    assertThat(files.uninstall()).as("again").isEmpty();
    assertThat(directory.resolve("bin")).isEmptyDirectory();
  }

  @Test
  void leavesNothingWhenTheProgramIsMissing() {
    var files = new PluginFiles(directory.resolve("bin"), directory.resolve("net.d"));
    assertThatThrownBy(
            () -> files.install(directory.resolve("none"), Optional.of("web"), Path.of("/x")))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("none");
    assertThat(directory.resolve("net.d")).doesNotExist();
  }
}
