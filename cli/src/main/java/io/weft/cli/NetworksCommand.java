package io.weft.cli;

import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft networks}. */
@Command(
    name = "networks",
    mixinStandardHelpOptions = true,
    description = "List the networks that the node knows, with VNI, route targets and counts.",
    footerHeading = "%nExample:%n",
    footer = "  weft networks")
final class NetworksCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    var networks = agent.call(AgentCall.request("networks"));
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(networks));
      return 0;
    }
    var table =
        new Table(
            "NETWORK",
            "TENANT",
            "VNI",
            "SUBNETS",
            "GATEWAY",
            "MTU",
            "LOCAL",
            "REMOTE",
            "FLOOD",
            "IMPORT",
            "NAMESPACE",
            "STATE");
    for (var network : networks.path("networks")) {
      table.row(
          network.path("name").asText(),
          Texts.orDash(network, "tenant"),
          network.path("vni"),
          Texts.joined(network.path("subnets")),
          Texts.joined(network.path("gateways")),
          network.path("mtu"),
          network.path("localEndpoints"),
          network.path("remoteMacs"),
          network.path("floodTargets"),
          Texts.joined(network.path("importTargets")),
          network.path("namespace").asText(),
          state(network.path("realised").asBoolean(), network.path("orphaned").asBoolean()));
    }
    out.print(table);
    return 0;
  }

  private static String state(boolean realised, boolean orphaned) {
    if (orphaned) {
      return "no longer in the intent";
    }
    return realised ? "realised" : "no endpoint here";
  }
}
