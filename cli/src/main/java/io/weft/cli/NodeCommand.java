package io.weft.cli;

import io.weft.agent.DaemonFailure;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.agent.node.NodeDaemon;
import io.weft.agent.node.NodeOptions;
import io.weft.agent.record.RecordingPlace;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
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
      "  weft node --kubeconfig /etc/kubernetes/weft.conf --name node-1",
      "  weft node --addresses /srv/weft/addresses    nodes share blocks of addresses",
      "  weft node --pod-cidr 10.244.3.0/24           addresses of the node's pod CIDR",
      "  weft node --record /var/lib/weft/recording   for a report of a defect: weft replay"
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

  @Option(
      names = "--addresses",
      paramLabel = "DIR",
      description =
          "Directory, the same for all nodes, in which they keep who gives out which addresses;"
              + " made where it is missing (default: each node chooses by itself).")
  private Optional<Path> addresses = Optional.empty();

  @Option(
      names = "--pod-cidr",
      paramLabel = "PREFIX",
      description =
          "This node's own part of the cluster's subnets: a network whose subnet contains it takes"
              + " addresses from it alone; may be repeated, one of each family.")
  private List<String> podCidrs = List.of();

  @Option(
      names = "--cni-conf-dir",
      paramLabel = "DIR",
      defaultValue = NodeOptions.DEFAULT_CNI,
      description =
          "Where the container runtime looks for configurations: what 'weft cni install' put there"
              + " follows those of other CNI plugins (default: ${DEFAULT-VALUE}).")
  private Path cniConfigurations = Path.of(NodeOptions.DEFAULT_CNI);

  @Option(
      names = "--record",
      paramLabel = "DIR",
      description =
          "Writes down there what happens to the node, for weft replay: secrets are in none of it,"
              + " addresses and names are.")
  private Optional<Path> record = Optional.empty();

  @Option(
      names = "--record-mebibytes",
      paramLabel = "N",
      defaultValue = "64",
      description = "Keeps so much of it at most, the newest (default: ${DEFAULT-VALUE}).")
  private long recordMebibytes = 64;

  @Override
  public Integer call() throws IOException, DaemonFailure, InterruptedException {
    var nodeOptions = nodeOptions();
    options.startLogging();
    var daemon = NodeDaemon.start(nodeOptions);
    return DaemonRun.untilEnd(daemon.ended(), daemon);
  }

  private NodeOptions nodeOptions() throws IOException {
    try {
      return new NodeOptions(
          options.name(),
          options.config(),
          options.socket(),
          prefix,
          options.state("node"),
          addresses,
          podCidrs.stream().map(IpPrefix::parse).toList(),
          cniConfigurations,
          options.metrics(MetricsAddress.NODE_PORT),
          record.map(directory -> new RecordingPlace(directory, recordMebibytes << 20)));
    } catch (IllegalArgumentException e) {
      throw new ParameterException(spec.commandLine(), String.valueOf(e.getMessage()));
    }
  }
}
