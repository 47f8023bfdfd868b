package io.weft.overlay.node;

import io.weft.net.MacAddress;
import io.weft.overlay.evpn.MacMobility;
import io.weft.overlay.evpn.RemoteRoutes.RemoteMac;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.LongSupplier;
import java.util.function.Predicate;

/**
 * The MACs that one network has lost to other nodes a moment ago: frames for them that come here by
 * the fabric are sent on, until all other nodes have heard of it. No frame goes round in a circle,
 * whatever is late: it is sent on only to a place that was said with a higher number than this node
 * ever said of the MAC, so numbers grow along its way (RFC 7432 §15; decisions/0044). A MAC that
 * comes back is said only when the kernel sends on nothing for it any more. Frames for a MAC that
 * was never said come to nobody, and what a forerunner said of one is not known: those are left.
 */
final class MovedAway {
  /** How long frames are sent on. */
  static final long MOMENT_NANOS = 3_000_000_000L;

  /**
   * A MAC that was here.
   *
   * @param sequence the highest number that this node said of it
   */
  private record Left(long sequence, long untilNanos) {}

  private final MacMobility mobility;
  private final Predicate<MacAddress> said;
  private final Forerunner forerunner;
  private final LongSupplier now;
  private final TreeMap<MacAddress, Left> macs = new TreeMap<>();

  /** {@code said}: whether this node says, or has said, that the MAC is here. */
  MovedAway(
      MacMobility mobility, Predicate<MacAddress> said, Forerunner forerunner, LongSupplier now) {
    this.mobility = mobility;
    this.said = said;
    this.forerunner = forerunner;
    this.now = now;
  }

  /** Carries out what may be the end of the MAC's time here. */
  void watch(MacAddress mac, Runnable change) {
    boolean here =
        mobility.isHere(mac) && said.test(mac) && !forerunner.maySay(mac, now.getAsLong());
    long number = mobility.sequence(mac);
    change.run();
    if (here && !mobility.isHere(mac)) {
      var before = macs.get(mac);
      long highest = before == null ? number : Math.max(before.sequence(), number);
      macs.put(mac, new Left(highest, now.getAsLong() + MOMENT_NANOS));
    }
  }

  Set<MacAddress> macs() {
    return macs.keySet();
  }

  boolean knows(MacAddress mac) {
    return !macs.isEmpty() && macs.containsKey(mac);
  }

  /** True when frames for the MAC may be sent on to this place. */
  boolean leadsTo(RemoteMac place) {
    var left = macs.get(place.mac());
    return left != null && !place.gateway() && place.sequence() > left.sequence();
  }

  /** Those whose moment is over, which are forgotten. */
  List<MacAddress> takeOver(long now) {
    if (macs.isEmpty()) {
      return List.of();
    }
    var over = new ArrayList<MacAddress>();
    for (var each : macs.entrySet()) {
      if (each.getValue().untilNanos() - now <= 0) {
        over.add(each.getKey());
      }
    }
    macs.keySet().removeAll(over);
    return over;
  }

  /** True when a moment is over. */
  boolean isDue(long now) {
    return !macs.isEmpty() && next().getAsLong() - now <= 0;
  }

  /** When the next moment is over, or {@code other}, whatever comes first. */
  OptionalLong next(OptionalLong other) {
    var next = next();
    return other.isEmpty() || next.isPresent() && next.getAsLong() < other.getAsLong()
        ? next
        : other;
  }

  /** When the next moment is over. */
  private OptionalLong next() {
    return macs.isEmpty()
        ? OptionalLong.empty()
        : macs.values().stream().mapToLong(Left::untilNanos).min();
  }
}
