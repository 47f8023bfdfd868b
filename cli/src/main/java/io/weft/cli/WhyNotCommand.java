package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft why-not}. */
@Command(
    name = "why-not",
    mixinStandardHelpOptions = true,
    description = "Say why a route is not here, not best, not imported or not sent.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:the route is known and told of", "1:nothing is known of it; who was asked"},
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft why-not 02:00:00:00:00:01",
      "  weft why-not 10.1.1.1",
      "  weft why-not 10.1.0.0/16 --json",
      "  weft why-not '[2] 10.0.0.1:1 tag 0 02:00:00:00:00:01 10.1.1.1'"
    })
final class WhyNotCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "ROUTE",
      arity = "1",
      description = "A route as 'weft routes --json' names it, or all with a MAC, IP or prefix.")
  private String route = "";

  @Override
  public Integer call() throws IOException {
    var answer = agent.call(AgentCall.request("why").put("route", route));
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(answer));
    } else {
      print(answer, out);
    }
    return answer.path("known").asBoolean() ? 0 : Weft.FAILED;
  }

  private static void print(JsonNode answer, PrintWriter out) {
    if (!answer.path("known").asBoolean()) {
      line(out, "nothing is known of " + answer.path("question").asText());
    }
    for (var row : answer.path("endpoints")) {
      line(
          out,
          row.path("prefix").asText()
              + " behind endpoint "
              + row.path("endpoint").asText()
              + " "
              + row.path("address").asText()
              + " of network "
              + row.path("network").asText()
              + ": "
              + row.path("reason").asText());
    }
    answer.path("reasons").forEach(reason -> line(out, "  " + reason.asText()));
    for (var route : answer.path("routes")) {
      line(out, route.path("route").asText());
      for (var path : route.path("paths")) {
        var from = path.path("local").asBoolean() ? "local" : path.path("peer").asText();
        line(out, "  path from " + from + ": " + path.path("reason").asText());
      }
      for (var refusal : route.path("refused")) {
        line(
            out,
            "  from " + refusal.path("peer").asText() + ": " + refusal.path("reason").asText());
      }
      for (var network : route.path("networks")) {
        line(
            out,
            "  network " + network.path("name").asText() + ": " + network.path("reason").asText());
      }
      for (var tenant : route.path("tenants")) {
        line(
            out,
            "  tenant " + tenant.path("name").asText() + ": " + tenant.path("reason").asText());
      }
      for (var peer : route.path("peers")) {
        line(out, "  to " + peer.path("address").asText() + ": " + peer.path("reason").asText());
      }
    }
    if (answer.path("more").asInt() > 0) {
      line(out, "... and " + answer.path("more") + " more routes; ask for one of them");
    }
  }

  private static void line(PrintWriter out, String text) {
    out.println(Texts.printable(text));
  }
}
