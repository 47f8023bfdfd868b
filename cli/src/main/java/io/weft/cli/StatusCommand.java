package io.weft.cli;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/** {@code weft status}. */
@Command(
    name = "status",
    mixinStandardHelpOptions = true,
    description = "Show what the agent is, has and lacks.",
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft status",
      "  weft status --json --socket /run/weft-lab/two-racks/nodes/a1/weft.sock"
    })
final class StatusCommand implements Callable<Integer> {
  /** Sources of stopped packets in the text; all are in the JSON. */
  private static final int MAX_SOURCES = 10;

  /** Foreign changes of each sort, by name; {@code --json} has more. */
  private static final int SHOWN = 5;

  @Mixin private final AgentCall agent = new AgentCall();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Override
  public Integer call() throws IOException {
    var status = agent.call(AgentCall.request("status"));
    var out = spec.commandLine().getOut();
    if (agent.json()) {
      out.println(AgentCall.text(status));
    } else {
      print(status, out);
    }
    return 0;
  }

  private static void printController(JsonNode status, PrintWriter out) {
    var leader = status.path("leader").asText();
    line(
        out,
        "leader",
        status.path("leads").asBoolean() ? "this one" : leader.isEmpty() ? "not known" : leader);
    line(
        out,
        "cluster",
        status.path("objects")
            + " objects, "
            + status.path("claims")
            + " VNIs claimed, "
            + status.path("released")
            + " of them released, "
            + status.path("waiting")
            + " calls waiting");
  }

  /** Where nodes have VTEPs of both families, those that this one has. */
  private static String vteps(JsonNode status) {
    if (!status.has("vteps")) {
      return status.path("vtep").asText();
    }
    var vteps = new ArrayList<String>();
    status.path("vteps").forEach(vtep -> vteps.add(vtep.asText()));
    return String.join(" and ", vteps);
  }

  /** What others did to our objects in the kernel: how often, the last ones, and what is open. */
  private static void printForeign(JsonNode foreign, PrintWriter out) {
    if (foreign.path("changes").asLong() == 0) {
      return;
    }
    var counts = new ArrayList<String>();
    for (var each : foreign.path("counts")) {
      counts.add(
          each.path("kind").asText() + " " + each.path("deed").asText() + " " + each.path("count"));
    }
    line(
        out,
        "foreign",
        "%s changes of our objects in the kernel by others, %s mended, in %s ms at most: %s"
            .formatted(
                foreign.path("changes"),
                foreign.path("mended"),
                foreign.path("slowestMendMillis"),
                String.join(", ", counts)));
    var recent = foreign.path("recent");
    for (int i = Math.max(0, recent.size() - SHOWN); i < recent.size(); i++) {
      var change = recent.get(i);
      line(
          out,
          "mended",
          "%s was %s %s s ago, mended after %s ms"
              .formatted(
                  change.path("object").asText(),
                  change.path("deed").asText(),
                  change.path("secondsAgo"),
                  change.path("mendedAfterMillis")));
    }
    for (int i = 0; i < Math.min(SHOWN, foreign.path("open").size()); i++) {
      var change = foreign.path("open").get(i);
      line(
          out,
          "not mended",
          "%s was %s %s s ago"
              .formatted(
                  change.path("object").asText(),
                  change.path("deed").asText(),
                  change.path("secondsAgo")));
    }
  }

  private static void print(JsonNode status, PrintWriter out) {
    line(out, status.path("role").asText(), status.path("name").asText());
    if (status.has("vtepMissing")) {
      line(out, "VTEP", "none: " + status.path("vtepMissing").asText());
    }
    if (status.has("vtep")) {
      line(
          out,
          "VTEP",
          vteps(status)
              + ", underlay MTU "
              + status.path("underlayMtu")
              + ", overlay MTU "
              + status.path("overlayMtu"));
    }
    if (status.has("leads")) {
      printController(status, out);
    }
    if (status.has("asn")) {
      var peers = status.path("peers");
      line(
          out,
          "BGP",
          "AS "
              + status.path("asn")
              + ", router "
              + status.path("routerId").asText()
              + ", "
              + peers.path("established")
              + " of "
              + peers.path("configured")
              + " sessions established");
    }
    if (status.has("kernel")) {
      var kernel = status.path("kernel");
      line(
          out,
          "kernel",
          kernel.path("objects")
              + " objects, "
              + kernel.path("pending")
              + " changes pending, "
              + kernel.path("writes")
              + " writes since the start"
              + (status.path("converged").asBoolean() ? "" : "; waiting for the peers' routes"));
      for (var failure : kernel.path("failures")) {
        line(
            out,
            "refused",
            failure.path("object").asText()
                + ": "
                + failure.path("reason").asText()
                + " ("
                + failure.path("attempts")
                + " attempts)");
      }
    }
    printForeign(status.path("foreignChanges"), out);
    for (var duplicate : status.path("duplicates")) {
      line(
          out,
          "duplicate",
          duplicate.path("mac").asText()
              + " in "
              + duplicate.path("network").asText()
              + " is endpoint "
              + duplicate.path("endpoint").asText()
              + " here and also at "
              + duplicate.path("vtep").asText("another place")
              + ": frozen for "
              + duplicate.path("recoversInSeconds")
              + " s more, after "
              + duplicate.path("moves")
              + " moves");
    }
    printStopped(status.path("stopped"), out);
    printStoppedServices(status.at("/stopped/services"), out);
    for (var unused : status.path("unusedRoutes")) {
      line(out, "unused", unused.path("tenant").asText() + ": " + unused.path("reason").asText());
    }
    printPaths(status.path("paths"), out);
    for (var problem : status.path("problems")) {
      line(out, "problem", problem.asText());
    }
    for (var waiting : status.path("waitingEndpoints")) {
      line(
          out,
          "waiting",
          "Endpoint %s in %s, %s: %s"
              .formatted(
                  waiting.path("name").asText(),
                  waiting.path("network").asText(),
                  behind(waiting),
                  waiting.path("reason").asText()));
    }
    for (var call : status.path("attaching")) {
      line(
          out,
          "attaching",
          "Endpoint %s: %s"
              .formatted(call.path("endpoint").asText(), call.path("waitsFor").asText()));
    }
    for (var pod : status.path("misplacedPods")) {
      line(
          out,
          "moved",
          "pod %s keeps network %s until it is made anew; then it gets %s"
              .formatted(
                  pod.path("pod").asText(),
                  pod.path("network").asText(),
                  pod.path("now").asText()));
    }
    printEndpoints(status, out);
    printSessions(status.path("endpointSessions"), out);
  }

  private static void printPaths(JsonNode paths, PrintWriter out) {
    int passing = paths.path("passing").asInt();
    int narrow = paths.path("tooNarrow").asInt();
    int unknown = paths.path("unknown").asInt();
    int waiting = paths.path("waiting").asInt() + paths.path("leftOut").asInt();
    if (passing + narrow + unknown + waiting == 0) {
      return;
    }
    line(
        out,
        "paths",
        passing
            + " carry the MTU"
            + (narrow == 0 ? "" : ", " + narrow + " do not")
            + (unknown == 0 ? "" : ", " + unknown + " cannot be checked")
            + (waiting == 0 ? "" : ", " + waiting + " not checked yet"));
    for (var finding : paths.path("findings")) {
      line(
          out,
          "narrow",
          "path to "
              + finding.path("vtep").asText()
              + ": "
              + finding.path("promised")
              + " octets do not pass, "
              + finding.path("passes")
              + " do: "
              + finding.path("where").asText()
              + "; "
              + finding.path("action").asText());
    }
    for (var silent : paths.path("silent")) {
      line(
          out,
          "unchecked",
          "path to " + silent.path("vtep").asText() + ": " + silent.path("reason").asText());
    }
  }

  /** Frames and packets that the packet filters have stopped. */
  private static void printStopped(JsonNode stopped, PrintWriter out) {
    stopped.path("ports").forEach(port -> line(out, "stopped", Texts.stopped(port)));
    var vxlan = stopped.path("vxlan");
    if (vxlan.path("packets").asLong() > 0) {
      var sources = new ArrayList<String>();
      for (var source : vxlan.path("sources")) {
        sources.add(source.path("address").asText() + " (" + source.path("packets") + ")");
      }
      line(
          out,
          "stopped",
          "%s VXLAN packets of addresses that are no VTEP's: %s"
              .formatted(
                  vxlan.path("packets"),
                  String.join(", ", sources.subList(0, Math.min(MAX_SOURCES, sources.size())))));
    }
  }

  private static void printStoppedServices(JsonNode services, PrintWriter out) {
    for (var each : services) {
      line(
          out,
          "stopped",
          "%s packets of other nodes' pods to NodePorts and host ports of pods in %s"
              .formatted(each.path("packets"), each.path("namespace").asText()));
    }
  }

  private static void printEndpoints(JsonNode status, PrintWriter out) {
    var table = new Table("ENDPOINT", "NETWORK", "MAC", "ADDRESSES", "BEHIND", "PORT", "STATE");
    for (var endpoint : status.path("endpoints")) {
      table.row(
          endpoint.path("name").asText(),
          endpoint.path("network").asText(),
          endpoint.path("mac").asText(),
          Texts.joined(endpoint.path("addresses")),
          behind(endpoint),
          endpoint.path("port").asText(),
          (endpoint.path("attached").asBoolean() ? "attached" : "pending"));
    }
    if (!table.isEmpty()) {
      out.println();
      out.print(table);
    }
  }

  /** BGP with endpoints, then what they say that is not taken. */
  private static void printSessions(JsonNode sessions, PrintWriter out) {
    var table =
        new Table(
            "ENDPOINT'S BGP", "NETWORK", "ADDRESS", "AS", "STATE", "TAKEN", "REFUSED", "ENDED BY");
    for (var session : sessions) {
      int refused = session.path("refused").size() + session.path("moreRefused").asInt();
      table.row(
          session.path("endpoint").asText(),
          session.path("network").asText(),
          session.path("address").asText(),
          Texts.orDash(session, "asn"),
          session.path("state").asText(),
          session.path("accepted"),
          refused,
          session.path("state").asText().equals("Established")
              ? ""
              : session.path("lastReason").asText());
    }
    if (table.isEmpty()) {
      return;
    }
    out.println();
    out.print(table);
    for (var session : sessions) {
      for (var refused : session.path("refused")) {
        line(
            out,
            "refused",
            "endpoint %s says %s: %s"
                .formatted(
                    session.path("endpoint").asText(),
                    refused.path("prefix").asText(),
                    refused.path("reason").asText()));
      }
    }
  }

  /** The link of the node that it is behind; of a pod nothing is to be said. */
  private static String behind(JsonNode endpoint) {
    if (endpoint.has("tap")) {
      return "tap " + endpoint.path("tap").asText();
    }
    return endpoint.path("link").asText("-")
        + (endpoint.has("vlan") ? " VLAN " + endpoint.path("vlan") : "");
  }

  private static void line(PrintWriter out, String name, String value) {
    out.printf("%-10s %s%n", name, Texts.printable(value));
  }
}
