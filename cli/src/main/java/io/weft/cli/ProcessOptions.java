package io.weft.cli;

import io.weft.agent.metrics.MetricsAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.logging.Level;
import java.util.logging.Logger;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** The options that all daemons have. */
final class ProcessOptions {
  /** Keeps a strong reference: a logger that nobody holds forgets its level. */
  private static final Logger WEFT_LOG = Logger.getLogger("io.weft");

  @Option(names = "--name", paramLabel = "NAME", description = "Its name (default: the host's).")
  private Optional<String> name = Optional.empty();

  @Option(
      names = "--log-level",
      paramLabel = "LEVEL",
      defaultValue = "info",
      description = "error, warn, info, debug or trace (default: ${DEFAULT-VALUE}).")
  private LogLevel logLevel = LogLevel.INFO;

  @Option(
      names = "--metrics",
      paramLabel = "ADDRESS:PORT",
      description =
          "Where metrics are served over HTTP, or none (default: 127.0.0.1, port 9477 of a node,"
              + " 9478 of a reflector, 9479 of a controller).")
  private Optional<String> metrics = Optional.empty();

  @Spec(Spec.Target.MIXEE)
  private CommandSpec mixee = CommandSpec.create();

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

  /** Where metrics are served; empty: nowhere. */
  Optional<MetricsAddress> metrics(int standardPort) {
    if (metrics.isEmpty()) {
      return Optional.of(MetricsAddress.standard(standardPort));
    }
    try {
      return metrics.filter(text -> !text.equals("none")).map(MetricsAddress::parse);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(mixee.commandLine(), "--metrics: " + e.getMessage());
    }
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
