package io.weft.cli;

import io.weft.agent.intent.IntentPlace;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.agent.node.NodeOptions;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** The options of daemons that are told by resources what to be. */
final class DaemonOptions {
  @ArgGroup private @Nullable ConfigOptions config;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      defaultValue = NodeOptions.DEFAULT_SOCKET,
      description = "Unix socket for the CLI, for root only (default: ${DEFAULT-VALUE}).")
  private Path socket = Path.of(NodeOptions.DEFAULT_SOCKET);

  @Option(
      names = "--state",
      paramLabel = "DIR",
      defaultValue = NodeOptions.DEFAULT_STATE,
      description =
          "Directory, for root only, with a copy of what the Kubernetes API says, for a start while"
              + " it is away (default: ${DEFAULT-VALUE}).")
  private Path state = Path.of(NodeOptions.DEFAULT_STATE);

  @Mixin private final ProcessOptions process = new ProcessOptions();

  IntentPlace config() {
    return config == null
        ? new IntentPlace.Directory(Path.of(NodeOptions.DEFAULT_CONFIG))
        : config.place();
  }

  /** True when the command line says where the resources are. */
  boolean hasConfig() {
    return config != null;
  }

  /** Where the resources are: one of them, or none. */
  static final class ConfigOptions {
    @Option(
        names = "--config",
        paramLabel = "DIR",
        description =
            "Directory of YAML resources, watched (default: " + NodeOptions.DEFAULT_CONFIG + ").")
    private @Nullable Path directory;

    @Option(
        names = "--kubeconfig",
        paramLabel = "FILE",
        description = "Resources of the Kubernetes API, by its current context, watched.")
    private @Nullable Path kubeconfig;

    @Option(
        names = "--in-cluster",
        description = "Resources of the Kubernetes API, by the service account of this pod.")
    private boolean inCluster;

    IntentPlace place() {
      if (inCluster) {
        return new IntentPlace.InCluster();
      }
      return kubeconfig != null
          ? new IntentPlace.Kubeconfig(kubeconfig)
          : new IntentPlace.Directory(
              directory == null ? Path.of(NodeOptions.DEFAULT_CONFIG) : directory);
    }
  }

  Path socket() {
    return socket;
  }

  /** Of this daemon alone: a machine may have a node and a reflector. */
  Path state(String role) throws IOException {
    return state.resolve(role).resolve(name());
  }

  String name() throws IOException {
    return process.name();
  }

  Optional<MetricsAddress> metrics(int standardPort) {
    return process.metrics(standardPort);
  }

  void startLogging() {
    process.startLogging();
  }
}
