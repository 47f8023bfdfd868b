package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
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
    description = "List the EVPN routes that are held: our own and those of peers.",
    footerHeading = "%nExamples:%n",
    footer = {"  weft routes --type 2", "  weft routes --vni 100 --best", "  weft routes --json"})
final class RoutesCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Option(names = "--type", paramLabel = "N", description = "Only routes of this type (2, 3, ...).")
  private Optional<Integer> type = Optional.empty();

  @Option(names = "--vni", paramLabel = "VNI", description = "Only routes with this VNI.")
  private Optional<Integer> vni = Optional.empty();

  @Option(names = "--best", description = "Only the paths that are used.")
  private boolean best;

  @Option(names = "--local", description = "Only routes of this node's own.")
  private boolean local;

  @Override
  public Integer call() throws IOException {
    var answer = agent.call(AgentCall.request("routes"));
    var chosen = ((ObjectNode) answer).putArray("chosen");
    answer
        .path("routes")
        .forEach(
            route -> {
              if (isWanted(route)) {
                chosen.add(route);
              }
            });
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      var document = (ObjectNode) answer;
      document.set("routes", document.remove("chosen"));
      out.println(AgentCall.text(document));
    } else {
      out.print(table(chosen));
    }
    return 0;
  }

  private boolean isWanted(JsonNode route) {
    return type.filter(t -> route.path("type").asInt() != t).isEmpty()
        && vni.filter(v -> route.path("vni").asInt() != v).isEmpty()
        && (!best || route.path("best").asBoolean())
        && (!local || route.path("local").asBoolean());
  }

  private static Table table(ArrayNode routes) {
    var table =
        new Table("", "TYPE", "RD", "MAC", "IP", "VNI", "NEXT HOP", "FROM", "ROUTE TARGETS", "SEQ");
    for (var route : routes) {
      table.row(
          flags(route),
          route.path("type"),
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
