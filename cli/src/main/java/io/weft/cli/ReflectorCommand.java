package io.weft.cli;

import io.weft.agent.DaemonFailure;
import io.weft.agent.reflector.ReflectorDaemon;
import io.weft.agent.reflector.ReflectorOptions;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code weft reflector}. */
@Command(
    name = "reflector",
    mixinStandardHelpOptions = true,
    description = "Run a route reflector in the foreground: BGP only, no data plane.",
    footerHeading = "%nExample:%n",
    footer = "  weft reflector --config /etc/weft --name rr-1")
final class ReflectorCommand implements Callable<Integer> {
  @Mixin private final DaemonOptions options = new DaemonOptions();

  @Override
  public Integer call() throws IOException, DaemonFailure, InterruptedException {
    options.startLogging();
    var daemon =
        ReflectorDaemon.start(
            new ReflectorOptions(options.name(), options.config(), options.socket()));
    return DaemonRun.untilEnd(daemon.ended(), daemon);
  }
}
