package io.weft.overlay.node;

import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/** Endpoints that are detached, but whose port may stand yet: their addresses may still answer. */
final class Departures {
  private final TreeMap<ForwardingKey, Endpoint> byPort = new TreeMap<>();

  void add(ForwardingKey port, Endpoint endpoint) {
    byPort.put(port, endpoint);
  }

  boolean areAny() {
    return !byPort.isEmpty();
  }

  boolean has(String name) {
    return byPort.values().stream().anyMatch(endpoint -> endpoint.name().equals(name));
  }

  /** The port of one that has an address of the newcomer. */
  Optional<ForwardingKey> inTheWayOf(Endpoint newcomer) {
    return byPort.entrySet().stream()
        .filter(entry -> entry.getValue().network().equals(newcomer.network()))
        .filter(
            entry -> entry.getValue().addresses().stream().anyMatch(newcomer.addresses()::contains))
        .map(Map.Entry::getKey)
        .findFirst();
  }

  /** Those whose port has left the kernel; they are no longer here. */
  List<Endpoint> takeGone(ForwardingPlan plan) {
    var gone = new ArrayList<Endpoint>();
    byPort.entrySet().removeIf(entry -> plan.isGone(entry.getKey()) && gone.add(entry.getValue()));
    return gone;
  }
}
