package io.weft.lab.interop;

import io.weft.agent.intent.IntentPlace;
import io.weft.agent.node.NodeDaemon;
import io.weft.agent.node.NodeOptions;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;

/** A node daemon as a process of its own in a network namespace, without a build of the command. */
final class NodeProgram {
  private NodeProgram() {}

  public static void main(String[] arguments) throws Exception {
    var directory = Path.of(arguments[0]);
    var options =
        new NodeOptions(
            "n1",
            new IntentPlace.Directory(directory.resolve("config")),
            directory.resolve("weft.sock"),
            arguments[1]);
    try (var daemon = NodeDaemon.start(options)) {
      daemon.ended().join();
    }
  }

  /** Its configuration is in {@code config} below the directory, its log is {@code node.log}. */
  static ForeignProcess start(String namespace, Path directory, String prefix) throws IOException {
    return ForeignProcess.start(
        namespace,
        directory.resolve("node.log"),
        System.getProperty("java.home") + File.separator + "bin" + File.separator + "java",
        "--enable-native-access=ALL-UNNAMED",
        "--add-opens=java.base/sun.nio.ch=ALL-UNNAMED",
        "-XX:+UseSerialGC",
        "-XX:TieredStopAtLevel=1",
        "-cp",
        System.getProperty("java.class.path"),
        NodeProgram.class.getName(),
        directory.toString(),
        prefix);
  }
}
