package io.weft.overlay.node;

import io.weft.overlay.ipam.AddressWrite;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/** Attach calls that cannot be carried out yet, by what they wait for. */
final class PostponedAttachments {
  /** For a write to the store of addresses, by {@link Addressing#waitsOn}. */
  private final TreeMap<String, List<NodeEvent.AttachRequested>> writes = new TreeMap<>();

  /** For an earlier endpoint to leave the kernel. */
  private List<NodeEvent.AttachRequested> departures = new ArrayList<>();

  void untilWritten(AddressWrite write, NodeEvent.AttachRequested event) {
    writes.computeIfAbsent(Addressing.waitsOn(write), _ -> new ArrayList<>()).add(event);
  }

  void untilGone(NodeEvent.AttachRequested event) {
    departures.add(event);
  }

  /** Those that wait for the write; they no longer do. */
  List<NodeEvent.AttachRequested> takeWritten(AddressWrite write) {
    var waiting = writes.remove(Addressing.waitsOn(write));
    return waiting == null ? List.of() : waiting;
  }

  /** Those that wait for an earlier endpoint to go; they no longer do. */
  List<NodeEvent.AttachRequested> takeDepartures() {
    var taken = departures;
    departures = new ArrayList<>();
    return taken;
  }

  boolean areAny() {
    return !writes.isEmpty() || !departures.isEmpty();
  }

  boolean has(String endpoint) {
    return departures.stream().anyMatch(event -> isOf(event, endpoint))
        || writes.values().stream()
            .anyMatch(events -> events.stream().anyMatch(event -> isOf(event, endpoint)));
  }

  /** All calls for the endpoint; they no longer wait. */
  List<NodeEvent.AttachRequested> take(String endpoint) {
    var taken = new ArrayList<NodeEvent.AttachRequested>();
    for (var events : writes.values()) {
      events.removeIf(event -> isOf(event, endpoint) && taken.add(event));
    }
    departures.removeIf(event -> isOf(event, endpoint) && taken.add(event));
    return taken;
  }

  /** The endpoints, without those that resources declare, and what each waits for, in words. */
  SortedMap<String, String> calls() {
    var calls = new TreeMap<String, String>();
    writes.forEach(
        (write, events) -> put(calls, events, "the store of addresses has yet to write " + write));
    put(calls, departures, "an endpoint that was detached has yet to leave the kernel");
    return calls;
  }

  private static void put(
      SortedMap<String, String> calls, List<NodeEvent.AttachRequested> events, String waitsFor) {
    for (var event : events) {
      if (!event.attach().declared()) {
        calls.put(event.attach().endpoint(), waitsFor);
      }
    }
  }

  /** It no longer waits; false when it did not. */
  boolean remove(NodeEvent.AttachRequested call) {
    boolean waited = departures.remove(call);
    for (var events : writes.values()) {
      waited |= events.remove(call);
    }
    return waited;
  }

  private static boolean isOf(NodeEvent.AttachRequested event, String endpoint) {
    return event.attach().endpoint().equals(endpoint);
  }
}
