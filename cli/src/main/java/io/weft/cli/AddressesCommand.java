package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft addresses}. */
@Command(
    name = "addresses",
    mixinStandardHelpOptions = true,
    description = "List blocks of addresses, what of them is used, claims, leaks and conflicts.",
    subcommands = {
      AddressesCommand.Activate.class,
      AddressesCommand.Delete.class,
      AddressesCommand.Release.class
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft addresses",
      "  weft addresses activate vm-1 b1   frames go to the holder on node b1",
      "  weft addresses delete vm-1        the claim's addresses are anybody's again",
      "  weft addresses release node-7     node-7 is gone for good: so are its blocks"
    })
final class AddressesCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    var answer = agent.call(AgentCall.request("addresses"));
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(answer));
      return 0;
    }
    out.print(subnets(answer));
    var claims = claims(answer);
    if (!claims.isEmpty()) {
      out.println();
      out.print(claims);
    }
    texts(out, "failure", answer.path("failure"));
    answer.path("leaks").forEach(text -> texts(out, "leak", text));
    answer.path("conflicts").forEach(text -> texts(out, "conflict", text));
    return 0;
  }

  private static Table subnets(JsonNode answer) {
    var table =
        new Table(
            "NETWORK", "SUBNET", "BLOCK", "NODE", "ADDRESSES", "USED", "CLAIMED", "FREE", "STATE");
    for (var subnet : answer.path("subnets")) {
      var network = subnet.path("network").asText();
      var prefix = subnet.path("subnet").asText();
      var used = subnet.path("used").asText();
      switch (subnet.path("source").asText()) {
        case "subnet" ->
            table.row(network, prefix, "-", "-", "-", used, "-", "-", "chosen by each node");
        case "pod-cidr" -> {}
        default ->
            table.row(
                network,
                prefix,
                "-",
                "all",
                "-",
                used,
                "-",
                Texts.orDash(subnet, "free"),
                subnet.path("blocksLeft").asText() + " blocks left");
      }
      for (var block : subnet.path("blocks")) {
        table.row(
            network,
            prefix,
            block.path("prefix").asText(),
            block.path("node").asText(),
            block.path("size").asText(),
            Texts.orDash(block, "used"),
            block.path("claimed").asText(),
            Texts.orDash(block, "free"),
            state(subnet, block));
      }
    }
    return table;
  }

  private static String state(JsonNode subnet, JsonNode block) {
    if (subnet.path("source").asText().equals("pod-cidr")) {
      return "pod CIDR";
    }
    var idle = block.path("idleSeconds");
    return idle.isMissingNode() ? "" : "idle for " + idle.asText() + " s";
  }

  private static Table claims(JsonNode answer) {
    var table = new Table("CLAIM", "NETWORK", "ADDRESSES", "MAC", "ACTIVE", "STANDBY");
    for (var claim : answer.path("claims")) {
      var active = "-";
      var standby = new ArrayList<String>();
      for (var holder : claim.path("holders")) {
        var text = holder.path("node").asText() + " " + holder.path("endpoint").asText();
        if (holder.path("active").asBoolean()) {
          active = text;
        } else {
          standby.add(text);
        }
      }
      table.row(
          claim.path("name").asText(),
          claim.path("network").asText(),
          Texts.joined(claim.path("addresses")),
          claim.path("mac").asText(),
          active,
          standby.isEmpty() ? "-" : String.join(", ", standby));
    }
    return table;
  }

  private static void texts(PrintWriter out, String what, JsonNode text) {
    if (!text.isMissingNode()) {
      out.println(what + ": " + Texts.printable(text.asText()));
    }
  }

  /** {@code weft addresses activate}. */
  @Command(
      name = "activate",
      mixinStandardHelpOptions = true,
      description = "Let frames go to the holder of a claim on this node from now on.",
      footerHeading = "%nExample:%n",
      footer = "  weft addresses activate vm-1 b1")
  static final class Activate implements Callable<Integer> {
    @Mixin private final AgentCall agent = new AgentCall();

    @Spec private final CommandSpec spec = CommandSpec.create();

    @Parameters(index = "0", paramLabel = "CLAIM", description = "Its name.")
    private String claim = "";

    @Parameters(index = "1", paramLabel = "NODE", description = "Where the holder is.")
    private String node = "";

    @Override
    public Integer call() throws IOException {
      var request = AgentCall.request("activate-claim").put("claim", claim).put("node", node);
      var answer = agent.call(request);
      spec.commandLine()
          .getOut()
          .println(
              agent.json()
                  ? AgentCall.text(answer)
                  : "claim " + claim + " is active on node " + node);
      return 0;
    }
  }

  /** {@code weft addresses delete}. */
  @Command(
      name = "delete",
      mixinStandardHelpOptions = true,
      description = "Delete a claim that no endpoint holds: its addresses are anybody's again.",
      footerHeading = "%nExample:%n",
      footer = "  weft addresses delete vm-1")
  static final class Delete implements Callable<Integer> {
    @Mixin private final AgentCall agent = new AgentCall();

    @Spec private final CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "CLAIM", description = "Its name.")
    private String claim = "";

    @Override
    public Integer call() throws IOException {
      var answer = agent.call(AgentCall.request("delete-claim").put("claim", claim));
      spec.commandLine()
          .getOut()
          .println(agent.json() ? AgentCall.text(answer) : "claim " + claim + " deleted");
      return 0;
    }
  }

  /** {@code weft addresses release}. */
  @Command(
      name = "release",
      mixinStandardHelpOptions = true,
      description = {
        "Give back the blocks of a node that is gone for good, and what it holds of claims.",
        "If the node still runs, its addresses may be given out twice."
      },
      footerHeading = "%nExample:%n",
      footer = "  weft addresses release node-7")
  static final class Release implements Callable<Integer> {
    @Mixin private final AgentCall agent = new AgentCall();

    @Spec private final CommandSpec spec = CommandSpec.create();

    @Parameters(paramLabel = "NODE", description = "Its name.")
    private String node = "";

    @Override
    public Integer call() throws IOException {
      var answer = agent.call(AgentCall.request("release-node").put("node", node));
      spec.commandLine()
          .getOut()
          .println(agent.json() ? AgentCall.text(answer) : "node " + node + " has no block now");
      return 0;
    }
  }
}
