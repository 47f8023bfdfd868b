package io.weft.cli;

import io.weft.agent.cni.PluginFiles;
import io.weft.agent.node.NodeOptions;
import java.nio.file.Path;
import picocli.CommandLine.Option;

/** Options that say where container runtimes look. */
final class CniPlaces {
  @Option(
      names = "--bin-dir",
      paramLabel = "DIR",
      defaultValue = "/opt/cni/bin",
      description = "Where the runtime looks for plugins (default: ${DEFAULT-VALUE}).")
  private Path programs = Path.of("/opt/cni/bin");

  @Option(
      names = "--conf-dir",
      paramLabel = "DIR",
      defaultValue = NodeOptions.DEFAULT_CNI,
      description = "Where it looks for configurations (default: ${DEFAULT-VALUE}).")
  private Path configurations = Path.of(NodeOptions.DEFAULT_CNI);

  PluginFiles files() {
    return new PluginFiles(programs, configurations);
  }
}
