package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code weft tenants}. */
@Command(
    name = "tenants",
    mixinStandardHelpOptions = true,
    description = "List the tenants that the node knows, or what one of them routes to.",
    exitCodeListHeading = "%nExit codes:%n",
    exitCodeList = {"0:done", "1:there is no such tenant"},
    footerHeading = "%nExamples:%n",
    footer = {"  weft tenants", "  weft tenants red", "  weft tenants red --json"})
final class TenantsCommand implements Callable<Integer> {
  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Parameters(
      paramLabel = "TENANT",
      arity = "0..1",
      description = "With its networks, targets, connections and prefixes.")
  private Optional<String> tenant = Optional.empty();

  @Override
  public Integer call() throws IOException {
    var request = AgentCall.request("tenants");
    tenant.ifPresent(name -> request.put("tenant", name));
    var answer = agent.call(request);
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(answer));
    } else if (tenant.isPresent()) {
      printOne(answer, out);
    } else {
      out.print(table(answer.path("tenants")));
    }
    return 0;
  }

  private static Table table(JsonNode tenants) {
    var table =
        new Table(
            "TENANT",
            "L3 VNI",
            "RD",
            "NETWORKS",
            "PREFIXES",
            "IMPORT",
            "EXPORT",
            "WAY OUT",
            "CONNECTIONS",
            "STATE");
    for (var each : tenants) {
      table.row(
          each.path("name").asText(),
          Texts.orDash(each, "l3vni"),
          Texts.orDash(each, "rd"),
          each.path("networks").size(),
          Texts.orDash(each, "remotePrefixes"),
          Texts.joined(each.path("importTargets")),
          Texts.joined(each.path("exportTargets")),
          wayOut(each),
          each.path("connections").size(),
          state(each));
    }
    return table;
  }

  private static String wayOut(JsonNode tenant) {
    if (!tenant.has("egress")) {
      return "-";
    }
    var egress = tenant.path("egress");
    var families = new ArrayList<String>();
    if (egress.path("ipv4").asBoolean()) {
      families.add("IPv4");
    }
    if (egress.path("ipv6").asBoolean()) {
      families.add("IPv6");
    }
    var way = egress.path("cluster").asBoolean() ? "cluster" : "node";
    return way + (families.isEmpty() ? "" : " (" + String.join(", ", families) + ")");
  }

  private static String state(JsonNode tenant) {
    if (!tenant.path("routes").asBoolean()) {
      return "Layer 2 only";
    }
    return tenant.path("realised").asBoolean() ? "routes here" : "no routed endpoint here";
  }

  private static void printOne(JsonNode answer, PrintWriter out) {
    var tenant = answer.path("tenants").path(0);
    line(out, "tenant", tenant.path("name").asText() + ", " + state(tenant));
    line(out, "namespace", tenant.path("namespace").asText());
    if (tenant.has("l3vni")) {
      line(out, "L3 VNI", tenant.path("l3vni").asText());
      line(out, "import", Texts.joined(tenant.path("importTargets")));
      line(out, "export", Texts.joined(tenant.path("exportTargets")));
      line(out, "way out", wayOut(tenant));
    }
    if (tenant.has("rd")) {
      line(out, "RD", tenant.path("rd").asText());
      line(out, "router", "MAC " + tenant.path("routerMac").asText());
    }
    for (var network : tenant.path("networks")) {
      line(
          out,
          "network",
          network.path("name").asText()
              + (network.path("routed").asBoolean() ? ", routed" : ", Layer 2 only")
              + (network.path("realised").asBoolean() ? "" : ", no endpoint here"));
    }
    if (!tenant.path("connections").isEmpty()) {
      out.println();
      out.print(connections(tenant.path("connections")));
      printRemarks(tenant.path("connections"), out);
      out.println();
    }
    if (!tenant.has("rd")) {
      return;
    }
    var counts = answer.path("counts");
    line(
        out,
        "prefixes",
        counts.path("connected")
            + " connected, "
            + counts.path("endpoint")
            + " behind endpoints, "
            + counts.path("host")
            + " hosts and "
            + counts.path("prefix")
            + " prefixes of other nodes");
    out.println();
    out.print(prefixes(answer.path("prefixes")));
    if (answer.path("more").asInt() > 0) {
      out.println("... and " + answer.path("more") + " more");
    }
    printBehind(answer, out);
  }

  private static void printBehind(JsonNode answer, PrintWriter out) {
    if (answer.path("behindEndpoints").isEmpty()) {
      return;
    }
    var table = new Table("", "BEHIND", "ENDPOINT", "NETWORK", "ADDRESS", "REASON");
    for (var row : answer.path("behindEndpoints")) {
      table.row(
          row.path("used").asBoolean() ? "*" : " ",
          row.path("prefix").asText(),
          row.path("endpoint").asText(),
          row.path("network").asText(),
          row.path("address").asText(),
          row.path("reason").asText());
    }
    out.println();
    out.print(table);
    if (answer.path("moreBehind").asInt() > 0) {
      out.println("... and " + answer.path("moreBehind") + " more prefixes");
    }
  }

  private static Table connections(JsonNode rows) {
    var table =
        new Table("CONNECTION", "WITH", "DIRECTION", "REACHES", "ROUTES", "REACHED AT", "ROUTES");
    for (var row : rows) {
      var out = row.path("reaches");
      var in = row.path("reachedBy");
      table.row(
          row.path("connection").asText(),
          row.path("with").asText(),
          row.path("direction").asText(),
          extent(out),
          Texts.orDash(out, "routes"),
          extent(in),
          Texts.orDash(in, "routes"));
    }
    return table;
  }

  private static String extent(JsonNode way) {
    if (way.isMissingNode()) {
      return "-";
    }
    if (!way.path("inForce").asBoolean()) {
      return "nothing";
    }
    return way.path("prefixes").isEmpty() ? "everything" : Texts.joined(way.path("prefixes"));
  }

  private static void printRemarks(JsonNode rows, PrintWriter out) {
    for (var row : rows) {
      var remarks = new LinkedHashSet<String>();
      for (var way : List.of(row.path("reaches"), row.path("reachedBy"))) {
        if (way.has("remark")) {
          remarks.add(way.path("remark").asText());
        }
      }
      for (var remark : remarks) {
        out.println(
            Texts.printable(
                row.path("connection").asText()
                    + ", with "
                    + row.path("with").asText()
                    + ": "
                    + remark));
      }
    }
  }

  private static Table prefixes(JsonNode rows) {
    var table = new Table("", "PREFIX", "SOURCE", "VIA");
    for (var row : rows) {
      var ways = new ArrayList<String>();
      for (var way : row.path("ways")) {
        ways.add(way.path("via").asText() + " in VNI " + way.path("vni"));
      }
      table.row(
          row.path("used").asBoolean() ? "*" : " ",
          row.path("prefix").asText(),
          row.path("source").asText()
              + (row.has("owner") ? " of " + row.path("owner").asText() : ""),
          ways.isEmpty() ? "-" : String.join(", ", ways));
    }
    return table;
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf("%-10s %s%n", name, Texts.printable(value));
  }
}
