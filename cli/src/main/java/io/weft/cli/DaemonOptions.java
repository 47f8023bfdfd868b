package io.weft.cli;

import io.weft.agent.intent.IntentPlace;
import io.weft.agent.node.NodeOptions;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Option;

/** The options that both daemons have. */
final class DaemonOptions {
  /** Keeps a strong reference: a logger that nobody holds forgets its level. */
  private static final Logger WEFT_LOG = Logger.getLogger("io.weft");

  @ArgGroup private @Nullable ConfigOptions config;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      defaultValue = NodeOptions.DEFAULT_SOCKET,
      description = "Unix socket for the CLI, for root only (default: ${DEFAULT-VALUE}).")
  private Path socket = Path.of(NodeOptions.DEFAULT_SOCKET);

  @Option(names = "--name", paramLabel = "NAME", description = "Its name (default: the host's).")
  private Optional<String> name = Optional.empty();

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "error, warn, info, debug or trace (default: ${DEFAULT-VALUE}).")
  private LogLevel logLevel = LogLevel.INFO;

  /** Names of levels as people write them. */
  enum LogLevel {
    ERROR,
    WARN,
    INFO,
    DEBUG,
    TRACE;

    private Level level() {
      return switch (this) {
        case ERROR -> Level.SEVERE;
        case WARN -> Level.WARNING;
        case INFO -> Level.INFO;
        case DEBUG -> Level.FINE;
        case TRACE -> Level.FINEST;
      };
    }
  }

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

  String name() throws IOException {
    return name.isPresent() ? name.get() : hostName();
  }

  private static String hostName() throws IOException {
    var file = Path.of("/proc/sys/kernel/hostname");
    return Files.exists(file)
        ? Files.readString(file).strip()
        : InetAddress.getLocalHost().getHostName();
  }

  void startLogging() {
    WEFT_LOG.setLevel(logLevel.level());
    for (var handler : Logger.getLogger("").getHandlers()) {
      handler.setLevel(logLevel.level());
    }
  }
}
