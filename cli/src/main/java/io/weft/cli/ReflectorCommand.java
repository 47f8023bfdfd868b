package io.weft.cli;

import io.weft.agent.DaemonFailure;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.agent.reflector.ReflectorDaemon;
import io.weft.agent.reflector.ReflectorOptions;
import io.weft.agent.reflector.ReflectorOptions.InResources;
import io.weft.agent.reflector.ReflectorOptions.Settings;
import java.io.IOException;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft reflector}. */
@Command(
    name = "reflector",
    mixinStandardHelpOptions = true,
    description = {
      "Run a route reflector in the foreground: BGP only, no data plane.",
      "It is told what to be by resources (--config and its like), or by --listen and what goes"
          + " with it."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft reflector --config /etc/weft --name rr-1",
      "  weft reflector --listen 127.0.0.1:1790 --asn 65000 --router-id 10.255.0.1 \\",
      "      --clients 127.0.0.0/8 --socket /tmp/weft-rr.sock"
    })
final class ReflectorCommand implements Callable<Integer> {
  @Mixin private final DaemonOptions options = new DaemonOptions();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @ArgGroup(exclusive = false, multiplicity = "0..1", heading = "%nWithout files:%n")
  private @Nullable GivenOptions given;

  @Override
  public Integer call() throws IOException, DaemonFailure, InterruptedException {
    var settings = settings();
    options.startLogging();
    var metrics = options.metrics(MetricsAddress.REFLECTOR_PORT);
    var daemon =
        ReflectorDaemon.start(
            new ReflectorOptions(options.name(), settings, options.socket(), metrics));
    return DaemonRun.untilEnd(daemon.ended(), daemon);
  }

  private Settings settings() throws IOException {
    if (given == null) {
      return new InResources(options.config(), options.state("reflector"));
    }
    if (options.hasConfig()) {
      throw new ParameterException(
          spec.commandLine(),
          "--config and --listen exclude each other, and so do --kubeconfig or --in-cluster and"
              + " --listen: resources, or none");
    }
    try {
      return given.given();
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
