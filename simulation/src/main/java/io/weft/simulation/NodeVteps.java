package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.Underlay;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeSet;

/** The VTEPs of a node, as they are, as its brain was told, and as that knew them at a batch. */
final class NodeVteps {
  private final TreeSet<IpAddress> ever = new TreeSet<>();
  private Underlay underlay;
  private List<IpAddress> told;

  /** A process may stand still between the batch and its end. */
  private List<IpAddress> ofBatch;

  NodeVteps(Underlay underlay) {
    this.underlay = underlay;
    this.told = underlay.vteps();
    this.ofBatch = underlay.vteps();
    ever.addAll(underlay.vteps());
  }

  /** It has this from now on. */
  void become(Underlay next) {
    underlay = next;
    ever.addAll(next.vteps());
  }

  /** The same router with others. */
  Underlay with(List<IpAddress> vteps, int mtu) {
    return new Underlay(vteps, underlay.routerId(), mtu, underlay.dual());
  }

  Underlay underlay() {
    return underlay;
  }

  /** Its brain is told of them now. */
  NodeEvent tell() {
    told = underlay.vteps();
    return new NodeEvent.UnderlayChanged(Optional.of(underlay), "");
  }

  /** Its brain makes a batch. */
  void beginBatch() {
    ofBatch = told;
  }

  List<IpAddress> ofBatch() {
    return ofBatch;
  }

  /** Our end of the session with a neighbour, as the intent has it; empty: it says none. */
  static Optional<IpAddress> towards(IpAddress peer, NodeIntent intent) {
    return intent.peers().stream()
        .filter(each -> each.address().equals(peer))
        .flatMap(each -> each.localAddress().stream())
        .findFirst();
  }

  /** Those that it has, and those that it had: they stay, and what is sent there comes. */
  SortedSet<IpAddress> ever() {
    return Collections.unmodifiableSortedSet(ever);
  }
}
