package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft multicast}. */
@Command(
    name = "multicast",
    mixinStandardHelpOptions = true,
    description = {
      "List the multicast groups of the node's networks: the ports here that have joined them, and",
      "the VTEPs of other nodes that have said so. The group 'all of IPv4' or 'all of IPv6' has"
          + " the",
      "VTEPs that get every group: they do not say what they want, or want all."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  weft multicast", "  weft multicast --json"})
final class MulticastCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    var answer = agent.call(AgentCall.request("multicast"));
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(answer));
      return 0;
    }
    var table = new Table("NETWORK", "MULTICAST", "GROUP", "PORTS", "VTEPS");
    for (var network : answer.path("networks")) {
      for (var group : network.path("groups")) {
        var source = group.path("source").asText();
        var text = group.path("group").asText() + (source.isEmpty() ? "" : " from " + source);
        row(table, network, text, group.path("ports"), group.path("vteps"));
      }
      var nobody = MissingNode.getInstance();
      row(table, network, "all of IPv4", nobody, network.path("everyGroupIpv4"));
      row(table, network, "all of IPv6", nobody, network.path("everyGroupIpv6"));
    }
    out.print(table);
    return 0;
  }

  private static void row(
      Table table, JsonNode network, String group, JsonNode ports, JsonNode vteps) {
    table.row(
        network.path("network").asText(),
        network.path("multicast").asText(),
        group,
        ports.isEmpty() ? "-" : Texts.joined(ports),
        vteps.isEmpty() ? "-" : Texts.joined(vteps));
  }
}
