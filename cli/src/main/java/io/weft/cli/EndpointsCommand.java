package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft endpoints}. */
@Command(
    name = "endpoints",
    mixinStandardHelpOptions = true,
    description = {
      "List who is on the node: MACs and addresses, and whether a call or a resource announced"
          + " them",
      "or they were learned from what came in by a port;",
      "and what was stopped at whose port, by reason (docs/security.md)."
    },
    footerHeading = "%nExamples:%n",
    footer = {"  weft endpoints", "  weft endpoints web-1", "  weft endpoints --json"})
final class EndpointsCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Parameters(paramLabel = "NAME", arity = "0..1", description = "Of this endpoint alone.")
  private Optional<String> endpoint = Optional.empty();

  @Override
  public Integer call() throws IOException {
    var request = AgentCall.request("endpoints");
    endpoint.ifPresent(name -> request.put("endpoint", name));
    var endpoints = agent.call(request);
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(endpoints));
      return 0;
    }
    var table =
        new Table(
            "ENDPOINT", "NETWORK", "MODE", "MAC", "SOURCE", "ADDRESS", "SOURCE", "SILENT", "STATE");
    for (var host : endpoints.path("hosts")) {
      if (host.path("addresses").isEmpty()) {
        row(table, host, "-", "-");
      }
      for (var address : host.path("addresses")) {
        row(table, host, address.path("address").asText(), address.path("source").asText());
      }
    }
    out.print(table);
    if (!endpoints.path("stopped").isEmpty()) {
      out.println();
      endpoints.path("stopped").forEach(port -> out.println("stopped: " + Texts.stopped(port)));
    }
    return 0;
  }

  private static void row(Table table, JsonNode host, String address, String source) {
    boolean heard = host.has("mac");
    table.row(
        host.path("endpoint").asText(),
        host.path("network").asText(),
        host.path("mode").asText(),
        Texts.orDash(host, "mac"),
        Texts.orDash(host, "source"),
        address,
        source,
        host.has("silentSeconds") ? host.path("silentSeconds") + " s" : "-",
        !heard
            ? "nobody was heard"
            : host.path("here").asBoolean() ? "here" : "not announced by this node");
  }
}
