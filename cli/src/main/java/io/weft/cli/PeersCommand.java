package io.weft.cli;

import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft peers}. */
@Command(
    name = "peers",
    mixinStandardHelpOptions = true,
    description = "List the BGP neighbours with their state.",
    footerHeading = "%nExample:%n",
    footer = "  weft peers --json")
final class PeersCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    var peers = agent.call(AgentCall.request("peers"));
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(peers));
      return 0;
    }
    var table =
        new Table(
            "PEER",
            "AS",
            "ROUTER ID",
            "STATE",
            "FOR",
            "RECEIVED",
            "SENT",
            "STALE",
            "ROLE",
            "LAST DOWN");
    for (var peer : peers.path("peers")) {
      table.row(
          peer.path("address").asText(),
          peer.path("asn"),
          Texts.orDash(peer, "routerId"),
          peer.path("state").asText(),
          duration(peer.path("seconds").asLong()),
          peer.path("received"),
          peer.path("sent"),
          peer.path("stale"),
          peer.path("client").asBoolean() ? "client" : "peer",
          Texts.orDash(peer, "lastReason"));
    }
    out.print(table);
    return 0;
  }

  private static String duration(long seconds) {
    var d = Duration.ofSeconds(seconds);
    return d.toHours() > 0
        ? String.format("%dh%02dm", d.toHours(), d.toMinutesPart())
        : String.format("%dm%02ds", d.toMinutes(), d.toSecondsPart());
  }
}
