package io.weft.lab.interop;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.agent.control.ControlClient;
import io.weft.lab.process.RunningLab;
import io.weft.lab.run.Lab;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.stream.Stream;

/** Labs whose topology leaves some hosts to the daemons of others, which the test starts. */
final class ForeignLab {
  private ForeignLab() {}

  /** What a test does with the lab. */
  interface Look {
    void at(RunningLab running) throws Exception;
  }

  /**
   * Builds the lab, looks, removes it.
   *
   * @param directory of the test; the daemons of others may read in it
   * @param speaker the other implementation's program; without it the test is skipped
   */
  static void run(Path directory, String topology, Path speaker, Look look) throws Exception {
    var file = file(directory, topology, speaker);
    try (var lab = Lab.open(file, Lab.read(file))) {
      lab.clear();
      try {
        look.at(lab.build());
      } finally {
        lab.remove();
      }
    }
  }

  /** What those of ours know, for whoever reads why a test fails. */
  static String said(RunningLab running) {
    var text = new StringBuilder();
    var topology = running.topology();
    for (var host :
        Stream.concat(topology.reflectors().stream(), topology.nodes().stream()).toList()) {
      for (var what : List.of("peers", "tenants", "routes")) {
        text.append('\n').append(host.name()).append(' ').append(what).append(": ");
        try (var agent = ControlClient.connect(running.directory().socket(host.name()))) {
          text.append(agent.call(ControlClient.request(what)));
        } catch (IOException e) {
          text.append(e.getMessage()); // a peer of another make has no such socket
        }
      }
    }
    return text.toString();
  }

  /** The topology as a file, under a name that no other process has: two tests may run at once. */
  static Path file(Path directory, String topology, Path speaker) throws IOException {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    assumeTrue(System.getenv("WEFT_HOME") != null, "needs WEFT_HOME: run it by make test");
    assumeTrue(Files.exists(speaker), "needs " + speaker);
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    var own =
        topology.replaceFirst(
            "(kind: Topology\\s+metadata: \\{name: [a-z0-9-]+)",
            "$1-" + ProcessHandle.current().pid());
    return Files.writeString(directory.resolve("topology.yaml"), own);
  }
}
