package io.weft.cli;

import io.weft.agent.DaemonFailure;
import io.weft.agent.node.NodeDaemon;
import io.weft.agent.node.NodeOptions;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code weft node}. */
@Command(
    name = "node",
    mixinStandardHelpOptions = true,
    description = "Run the agent of this host in the foreground.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft node --config /etc/weft --name node-1",
      "  weft node --kubeconfig /etc/kubernetes/weft.conf --name node-1"
    })
final class NodeCommand implements Callable<Integer> {
  @Mixin private final DaemonOptions options = new DaemonOptions();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--netns-prefix",
      paramLabel = "PREFIX",
      defaultValue = NodeOptions.DEFAULT_PREFIX,
      description =
          "In front of the names of tenants' network namespaces, all of which it owns"
              + " (default: ${DEFAULT-VALUE}).")
  private String prefix = NodeOptions.DEFAULT_PREFIX;

  @Override
  public Integer call() throws IOException, DaemonFailure, InterruptedException {
    var nodeOptions = nodeOptions();
    options.startLogging();
    var daemon = NodeDaemon.start(nodeOptions);
    return DaemonRun.untilEnd(daemon.ended(), daemon);
  }

  private NodeOptions nodeOptions() throws IOException {
    try {
      return new NodeOptions(options.name(), options.config(), options.socket(), prefix);
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
