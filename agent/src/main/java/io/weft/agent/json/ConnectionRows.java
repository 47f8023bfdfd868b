package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.intent.ConnectionWay;
import io.weft.overlay.node.TenantView;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The connections of tenants as JSON: with whom, what is reached each way, and how many routes of
 * it are on this node.
 *
 * @param tenants all that the node knows
 * @param ways what the connections declare
 */
record ConnectionRows(List<TenantView> tenants, List<ConnectionWay> ways) {

  /** A connection and the other tenant in it. */
  private record Meeting(String connection, String with) implements Comparable<Meeting> {
    @Override
    public int compareTo(Meeting other) {
      int order = with.compareTo(other.with);
      return order == 0 ? connection.compareTo(other.connection) : order;
    }
  }

  /** Those of one tenant, sorted by the other and by connection. */
  void addTo(ArrayNode array, String tenant) {
    var meetings = new TreeSet<Meeting>();
    var out = new TreeMap<Meeting, ConnectionWay>();
    var in = new TreeMap<Meeting, ConnectionWay>();
    for (var way : ways) {
      if (way.from().equals(tenant)) {
        out.put(new Meeting(way.connection(), way.to()), way);
      } else if (way.to().equals(tenant)) {
        in.put(new Meeting(way.connection(), way.from()), way);
      }
    }
    meetings.addAll(out.keySet());
    meetings.addAll(in.keySet());
    for (var meeting : meetings) {
      var row = array.addObject();
      row.put("connection", meeting.connection()).put("with", meeting.with());
      boolean both = out.containsKey(meeting) && in.containsKey(meeting);
      row.put("direction", both ? "both" : out.containsKey(meeting) ? "out" : "in");
      Optional.ofNullable(out.get(meeting)).ifPresent(way -> add(row.putObject("reaches"), way));
      Optional.ofNullable(in.get(meeting)).ifPresent(way -> add(row.putObject("reachedBy"), way));
    }
  }

  private void add(ObjectNode node, ConnectionWay way) {
    BgpJson.texts(node.putArray("prefixes"), way.prefixes());
    node.put("inForce", way.inForce());
    var here =
        tenants.stream()
            .filter(tenant -> tenant.name().equals(way.from()))
            .findFirst()
            .flatMap(TenantView::here);
    if (way.inForce() && here.isPresent()) {
      node.put("routes", routes(here.get(), way));
    }
    var remark = remark(way, here);
    if (!remark.isEmpty()) {
      node.put("remark", remark);
    }
  }

  private static int routes(TenantView.Here here, ConnectionWay way) {
    return here.ofOthers().getOrDefault(way.to(), 0);
  }

  /** What stands against it, or why there is nothing of it here. */
  private static String remark(ConnectionWay way, Optional<TenantView.Here> here) {
    if (!way.remark().isEmpty()) {
      return way.remark();
    }
    if (here.isEmpty()) {
      return "tenant '" + way.from() + "' has no routed endpoint on this node";
    }
    return routes(here.get(), way) > 0
        ? ""
        : "no route of tenant '"
            + way.to()
            + "' is known here"
            + (way.prefixes().isEmpty() ? "" : " that has to do with these prefixes")
            + "; 'weft why-not PREFIX' tells more";
  }
}
