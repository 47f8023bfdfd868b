package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.time.Duration;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft peers}. */
@Command(
    name = "peers",
    mixinStandardHelpOptions = true,
    description = "List the BGP neighbours with their state, or tell all of one.",
    footerHeading = "%nExamples:%n",
    footer = {"  weft peers", "  weft peers 10.0.0.9", "  weft peers --json"})
final class PeersCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "ADDRESS",
      arity = "0..1",
      description = "The neighbour to tell all of; without it a table of all.")
  private Optional<String> address = Optional.empty();

  @Override
  public Integer call() throws IOException {
    var peers = agent.call(AgentCall.request("peers"));
    var out = spec.commandLine().getOut();
    if (address.isPresent()) {
      keepOnly(peers, address.get());
    }
    if (agent.json()) {
      out.println(AgentCall.text(peers));
      return 0;
    }
    if (address.isPresent()) {
      peers.path("peers").path(0).properties().forEach(field -> print(field, out));
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
            "BFD",
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
          Texts.orDash(peer.path("bfd"), "state"),
          Texts.orDash(peer, "lastReason"));
    }
    out.print(table);
    return 0;
  }

  private static void keepOnly(JsonNode document, String address) throws AgentCall.Refused {
    var wanted = JsonNodeFactory.instance.arrayNode();
    for (var peer : document.path("peers")) {
      if (peer.path("address").asText().equals(address)) {
        wanted.add(peer);
      }
    }
    if (wanted.isEmpty()) {
      throw new AgentCall.Refused("there is no neighbour " + address + "; 'weft peers' lists them");
    }
    ((ObjectNode) document).set("peers", wanted);
  }

  /** Whatever the agent tells of a neighbour, a line each, in its order. */
  private static void print(Map.Entry<String, JsonNode> field, PrintWriter out) {
    var value = field.getValue();
    var text =
        switch (field.getKey()) {
          case "seconds" -> duration(value.asLong());
          case "client" -> value.asBoolean() ? "client" : "peer";
          case "password" -> value.asBoolean() ? "yes" : "no";
          default -> text(value);
        };
    out.printf("%-16s %s%n", name(field.getKey()), Texts.printable(text));
  }

  private static String text(JsonNode value) {
    if (value.isObject()) {
      return value.properties().stream()
          .map(part -> name(part.getKey()) + " " + part.getValue().asText())
          .collect(Collectors.joining(", "));
    }
    return value.isArray() ? Texts.joined(value) : value.asText();
  }

  private static String name(String field) {
    return switch (field) {
      case "asn" -> "AS";
      case "routerId" -> "router ID";
      case "client" -> "role";
      case "seconds" -> "for";
      case "lastReason" -> "last down";
      case "ttl" -> "TTL";
      case "ttlSecurity" -> "TTL security";
      case "bfd" -> "BFD";
      case "noSession" -> "no session";
      default -> field.replaceAll("([A-Z])", " $1").toLowerCase(Locale.ROOT);
    };
  }

  private static String duration(long seconds) {
    var d = Duration.ofSeconds(seconds);
    return d.toHours() > 0
        ? String.format("%dh%02dm", d.toHours(), d.toMinutesPart())
        : String.format("%dm%02ds", d.toMinutes(), d.toSecondsPart());
  }
}
