package io.weft.agent.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.AgentVersion;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;

/**
 * The status of a NodeState, made of what {@code weft status} says. Its conditions are the parts of
 * it that a person would ask for first.
 */
final class NodeState {
  private static final int MOST_FINDINGS = 20;
  private static final int MOST_LETTERS = 1024;

  private NodeState() {}

  /** What of the status must hold before pods come: the reason why not, or none. */
  record Readiness(boolean ready, String reason, String message) {
    /** Nothing can be sent to other nodes. */
    static final String NO_VTEP = "NoVtep";

    /** It announces nothing and attaches nobody, because somebody wants it so. */
    static final String DRAINED = "Drained";

    /** Something of a tenant's is refused; others forward. */
    static final String TENANT_REFUSED = "KernelRefusesTenant";

    /** The node is of use to pods: no tenant keeps those of others off it. */
    boolean takesPods() {
      return ready || reason.equals(TENANT_REFUSED);
    }

    static Readiness of(JsonNode summary) {
      var peers = summary.path("peers");
      if (summary.path("drained").asBoolean()) {
        return new Readiness(false, DRAINED, "weft drain was called; weft drain --undo ends it");
      }
      if (!summary.has("vtep")) {
        return new Readiness(false, NO_VTEP, "no VTEP: " + text(summary, "vtepMissing"));
      }
      if (peers.path("configured").asInt() > 0 && peers.path("established").asInt() == 0) {
        return new Readiness(false, "NoPeerUp", "no session with any BGP peer is up");
      }
      if (!summary.path("converged").asBoolean()) {
        return new Readiness(false, "WaitingForRoutes", "the peers have not said all routes yet");
      }
      if (!summary.at("/kernel/failures").isEmpty()) {
        boolean all = summary.path("refusedToAll").asBoolean();
        return new Readiness(false, all ? "KernelRefuses" : TENANT_REFUSED, refusal(summary));
      }
      return new Readiness(true, "Forwards", "a peer is up, its routes are in the kernel's tables");
    }
  }

  private static String text(JsonNode node, String field) {
    return node.path(field).asText();
  }

  private static String refusal(JsonNode summary) {
    var first = summary.at("/kernel/failures/0");
    return "the kernel refuses %s: %s; changes in all: %d"
        .formatted(
            text(first, "object"), text(first, "reason"), summary.at("/kernel/failures").size());
  }

  /**
   * The status.
   *
   * @param summary what {@code weft status} says, the number of {@code networks}, and {@code
   *     refusedToAll}
   * @param before the one that was written last; conditions that hold as they did keep their time
   */
  static ObjectNode of(JsonNode summary, JsonNode before, Instant now) {
    var status = JsonNodeFactory.instance.objectNode();
    status.put("version", AgentVersion.TEXT);
    for (var field : List.of("vtep", "vteps", "asn", "peers")) {
      if (summary.has(field)) {
        status.set(field, summary.path(field).deepCopy());
      }
    }
    status.put("networks", summary.path("networks").asInt());
    int attached = 0;
    for (var endpoint : summary.path("endpoints")) {
      attached += endpoint.path("attached").asBoolean(true) ? 1 : 0;
    }
    status.put("endpoints", attached);
    var findings = findings(summary);
    var told = status.putArray("findings");
    findings.stream().limit(MOST_FINDINGS).map(NodeState::cut).forEach(told::add);
    status.put("findingsInAll", findings.size());
    conditions(summary, status.putArray("conditions"), before, now.toString());
    return status.put("lastChange", now.toString());
  }

  private static List<String> findings(JsonNode summary) {
    var findings = new ArrayList<String>();
    summary.path("problems").forEach(each -> findings.add(each.asText()));
    summary
        .at("/kernel/failures")
        .forEach(each -> findings.add(text(each, "object") + ": " + text(each, "reason")));
    summary.at("/paths/findings").forEach(each -> findings.add("path: " + each));
    return findings;
  }

  static String cut(String text) {
    return text.length() <= MOST_LETTERS ? text : text.substring(0, MOST_LETTERS - 3) + "...";
  }

  private static void conditions(
      JsonNode summary, ArrayNode conditions, JsonNode before, String now) {
    var readiness = Readiness.of(summary);
    var add = new Conditions(conditions, before, now);
    add.condition("Ready", readiness.ready(), readiness.reason(), readiness.message());
    int configured = summary.at("/peers/configured").asInt();
    int established = summary.at("/peers/established").asInt();
    add.condition(
        "PeersUp",
        established == configured,
        configured == 0 ? "NoPeers" : established == configured ? "AllUp" : "SomeDown",
        "%d of %d sessions are up; weft peers".formatted(established, configured));
    boolean refused = !summary.at("/kernel/failures").isEmpty();
    add.condition(
        "KernelInSync",
        !refused,
        refused ? "KernelRefuses" : "InSync",
        refused ? refusal(summary) : "no change is refused by the kernel");
    int narrow = summary.at("/paths/tooNarrow").asInt();
    add.condition(
        "MtuOk",
        narrow == 0,
        narrow == 0 ? "NoneTooNarrow" : "PathTooNarrow",
        narrow == 0
            ? "no path is known to carry less than the overlay's MTU"
            : narrow + " paths carry less than the overlay's MTU; weft status names them");
    int problems = summary.path("problems").size();
    add.condition(
        "NoProblems",
        problems == 0,
        problems == 0 ? "None" : "Problems",
        problems == 0
            ? "nothing stands against what is declared"
            : summary.at("/problems/0").asText());
  }

  /** Adds conditions, each with the time since which it has been so. */
  private record Conditions(ArrayNode conditions, JsonNode before, String now) {
    void condition(String type, boolean holds, String reason, String message) {
      var status = holds ? "True" : "False";
      var since = now;
      for (var old : before.path("conditions")) {
        if (text(old, "type").equals(type) && text(old, "status").equals(status)) {
          since = text(old, "lastTransitionTime");
        }
      }
      conditions
          .addObject()
          .put("type", type)
          .put("status", status)
          .put("reason", reason)
          .put("message", cut(message))
          .put("lastTransitionTime", since);
    }
  }

  /** The same but for the time of the change. */
  static boolean isSame(ObjectNode one, JsonNode other) {
    return other instanceof ObjectNode object
        && one.deepCopy().without("lastChange").equals(object.deepCopy().without("lastChange"));
  }

  /** A condition has become another. */
  static boolean isUrgent(ObjectNode next, JsonNode before) {
    return !states(next).equals(states(before));
  }

  private static List<String> states(JsonNode status) {
    var states = new ArrayList<String>();
    status
        .path("conditions")
        .forEach(
            each -> states.add(text(each, "type") + text(each, "status") + text(each, "reason")));
    return states;
  }
}
