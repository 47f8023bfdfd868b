package io.weft.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.json.RouteFilter;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft routes}. */
@Command(
    name = "routes",
    mixinStandardHelpOptions = true,
    description = "List the routes that are held: our own and those of peers; filters combine.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft routes --type 2 --vni 100 --best",
      "  weft routes --mac 02:00:00:00:00:01 --json",
      "  weft routes --peer 10.0.0.9 --rt 65000:100 --limit 20",
      "  weft routes --family ipv4-unicast --prefix 10.1.0.0/16"
    })
final class RoutesCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Option(names = "--type", paramLabel = "N", description = "Only EVPN routes of this type.")
  private Optional<Integer> type = Optional.empty();

  @Option(names = "--vni", paramLabel = "VNI", description = "Only routes with this VNI.")
  private Optional<Integer> vni = Optional.empty();

  @Option(names = "--mac", paramLabel = "MAC", description = "Only routes of this MAC.")
  private Optional<String> mac = Optional.empty();

  @Option(names = "--ip", paramLabel = "IP", description = "Only EVPN routes of this address.")
  private Optional<String> ip = Optional.empty();

  @Option(names = "--prefix", paramLabel = "PREFIX", description = "Only routes of this prefix.")
  private Optional<String> prefix = Optional.empty();

  @Option(names = "--rt", paramLabel = "TARGET", description = "Only with this route target.")
  private Optional<String> target = Optional.empty();

  @Option(names = "--rd", paramLabel = "RD", description = "Only of this route distinguisher.")
  private Optional<String> rd = Optional.empty();

  @Option(names = "--peer", paramLabel = "ADDRESS", description = "Only from this neighbour.")
  private Optional<String> peer = Optional.empty();

  @Option(
      names = "--family",
      paramLabel = "FAMILY",
      description = "Only of ipv4-unicast, ipv6-unicast, l2vpn-evpn or route-target.")
  private Optional<String> family = Optional.empty();

  @Option(names = "--best", description = "Only the paths that are used.")
  private boolean best;

  @Option(names = "--local", description = "Only routes of this node's own.")
  private boolean local;

  @Option(
      names = "--limit",
      paramLabel = "N",
      description = "So many, 4096 at most (default: 4096; with --json all).")
  private Optional<Integer> limit = Optional.empty();

  @Override
  public Integer call() throws IOException {
    var out = spec.commandLine().getOut();
    if (agent.json() && limit.isEmpty()) {
      printPages(out);
      return 0;
    }
    var answer = agent.call(request());
    if (agent.json()) {
      out.println(AgentCall.text(answer));
      return 0;
    }
    var rows = answer.path("routes");
    out.print(table(rows));
    int more = answer.path("more").asInt();
    if (more > 0) {
      out.println(
          rows.size() < RouteFilter.MAX_ROWS
              ? "... and " + more + " more; raise --limit, or narrow the choice"
              : "... and " + more + " more; narrow the choice, or take all with --json");
    }
    return 0;
  }

  /** The whole table as one document, of which nobody ever holds more than a page. */
  private void printPages(PrintWriter out) throws IOException {
    var writer = new ObjectMapper().writerWithDefaultPrettyPrinter();
    try (var json = writer.createGenerator(out)) {
      json.disable(JsonGenerator.Feature.AUTO_CLOSE_TARGET);
      long rows = 0;
      Optional<Integer> next = Optional.of(0);
      while (next.isPresent()) {
        var page = agent.call(request().put("from", next.get()));
        if (next.get() == 0) { // before that, a refusal leaves nothing printed
          json.writeStartObject();
          json.writeBooleanField("ok", true);
          json.writeArrayFieldStart("routes");
        }
        for (var row : page.path("routes")) {
          json.writeTree(row);
          rows++;
        }
        next = Optional.of(page.path("next")).filter(JsonNode::isInt).map(JsonNode::asInt);
      }
      json.writeEndArray();
      json.writeNumberField("matching", rows);
      json.writeNumberField("more", 0);
      json.writeEndObject();
    }
    out.println();
  }

  /** The agent chooses, so that it does not send what nobody wants. */
  private ObjectNode request() {
    var request = AgentCall.request("routes");
    type.ifPresent(n -> request.put("type", n));
    vni.ifPresent(n -> request.put("vni", n));
    mac.ifPresent(text -> request.put("mac", text));
    ip.ifPresent(text -> request.put("ip", text));
    prefix.ifPresent(text -> request.put("prefix", text));
    target.ifPresent(text -> request.put("rt", text));
    rd.ifPresent(text -> request.put("rd", text));
    peer.ifPresent(text -> request.put("peer", text));
    family.ifPresent(text -> request.put("family", text));
    limit.ifPresent(n -> request.put("limit", n));
    if (best) {
      request.put("best", true);
    }
    if (local) {
      request.put("local", true);
    }
    return request;
  }

  private static Table table(JsonNode routes) {
    var table =
        new Table("", "TYPE", "RD", "MAC", "IP", "VNI", "NEXT HOP", "FROM", "ROUTE TARGETS", "SEQ");
    for (var route : routes) {
      table.row(
          flags(route),
          Texts.orDash(route, "type"),
          Texts.orDash(route, "rd"),
          Texts.orDash(route, "mac"),
          Texts.orDash(route, route.has("prefix") ? "prefix" : "ip"),
          Texts.orDash(route, "vni"),
          route.path("nextHop").asText(),
          route.path("local").asBoolean() ? "local" : Texts.orDash(route, "peer"),
          Texts.joined(route.path("routeTargets")),
          Texts.orDash(route, "sequence"));
    }
    return table;
  }

  /** {@code *} for a path that is used, {@code s} for one kept while its peer restarts. */
  private static String flags(JsonNode route) {
    return (route.path("best").asBoolean() ? "*" : " ")
        + (route.path("stale").asBoolean() ? "s" : "");
  }
}
