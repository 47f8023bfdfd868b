package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.SendingFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import java.util.Collections;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.function.BiConsumer;

/** Where packets go from each VXLAN device: the VTEPs of its rows, counted as rows come and go. */
final class Destinations {
  /** By the key of the device; how many rows lead to each VTEP. */
  private final TreeMap<ForwardingKey, TreeMap<IpAddress, Integer>> rows = new TreeMap<>();

  void add(ForwardingObject object) {
    change(object, 1);
  }

  void remove(ForwardingObject object) {
    change(object, -1);
  }

  private void change(ForwardingObject object, int by) {
    if (object instanceof FloodEntry flood) {
      change(
          ForwardingKey.vxlanPort(flood.namespace(), flood.vni(), flood.vtep()), flood.vtep(), by);
    } else if (object instanceof VxlanFdbEntry entry) {
      change(
          ForwardingKey.vxlanPort(entry.namespace(), entry.vni(), entry.vtep()), entry.vtep(), by);
    } else if (object instanceof SendingFdbEntry entry) {
      change(
          ForwardingKey.sendingPort(entry.namespace(), entry.vni(), entry.vtep()),
          entry.vtep(),
          by);
    }
  }

  private void change(ForwardingKey port, IpAddress vtep, int by) {
    var vteps = rows.computeIfAbsent(port, _ -> new TreeMap<>());
    vteps.merge(vtep, by, (before, more) -> before + more == 0 ? null : before + more);
    if (vteps.isEmpty()) {
      rows.remove(port);
    }
  }

  /** By the key of the device. */
  void forEach(BiConsumer<ForwardingKey, SortedSet<IpAddress>> taker) {
    rows.forEach(
        (port, vteps) ->
            taker.accept(port, Collections.unmodifiableSortedSet(vteps.navigableKeySet())));
  }
}
