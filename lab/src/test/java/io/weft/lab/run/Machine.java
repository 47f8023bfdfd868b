package io.weft.lab.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.lab.process.LabDirectory;
import io.weft.lab.topology.Topologies;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What tests need of the machine, and what they must leave on it. */
final class Machine {
  private Machine() {}

  static void requireRoot() {
    assumeTrue("root".equals(System.getProperty("user.name")), "needs root: makes namespaces");
  }

  static void requireWeft() {
    requireRoot();
    var home = System.getenv("WEFT_HOME");
    assumeTrue(
        home != null && Files.isDirectory(Path.of(home, "dist", "lib")),
        "needs WEFT_HOME, the directory of a built weft command");
  }

  static void requireFrr() {
    assumeTrue(Files.isExecutable(Path.of("/usr/lib/frr/bgpd")), "needs FRR (package frr)");
  }

  /** The example under another name, which no lab of a user has. */
  static Path twoRacks(Path directory, String name) throws IOException {
    return Files.writeString(
        directory.resolve(name + ".yaml"),
        Topologies.twoRacksText().replace("name: two-racks", "name: " + name));
  }

  /** The same of any example. */
  static Path example(Path directory, String example, String name) throws IOException {
    var text = Files.readString(Topologies.TWO_RACKS.resolveSibling(example + ".yaml"));
    return Files.writeString(
        directory.resolve(name + ".yaml"),
        text.replace("{name: " + example + "}", "{name: " + name + "}"));
  }

  static void assertNothingLeft(String name) throws IOException {
    assertThat(NetworkNamespaces.list()).noneMatch(n -> n.startsWith(name + "-"));
    assertThat(new LabDirectory(name).path()).doesNotExist();
    assertThat(new LabDirectory(name).lock()).doesNotExist();
    assertThat(ProcessHandle.allProcesses())
        .noneMatch(p -> p.info().commandLine().orElse("").contains("/weft-lab/" + name + "/"));
  }
}
