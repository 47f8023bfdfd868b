package io.weft.bgp.speaker;

import io.weft.bgp.rib.Candidate;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.Collection;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * The peers with a session, each in a place of its own, and who of them wants which routes: kept as
 * they come, go and say what they want, so that whoever has a route for some of a thousand need not
 * ask all.
 */
final class Roster {
  private final List<Optional<Recipient>> places = new ArrayList<>();
  private final BitSet taken = new BitSet();
  private final BitSet stirred = new BitSet();

  /** Those that want all EVPN routes, or were never asked. */
  private final BitSet wantAll = new BitSet();

  // Only asked, never walked through.
  private final HashMap<RouteTarget, BitSet> wanting = new HashMap<>();
  private final HashMap<IpAddress, BitSet> byAddress = new HashMap<>();
  private final HashMap<Ipv4Address, BitSet> byRouterId = new HashMap<>();

  private List<Recipient> all = List.of();
  private int version;

  void add(Recipient recipient) {
    int place = taken.nextClearBit(0);
    recipient.join(this, place);
    stirred.set(place);
    taken.set(place);
    if (place == places.size()) {
      places.add(Optional.of(recipient));
    } else {
      places.set(place, Optional.of(recipient));
    }
    set(byAddress, recipient.to.address(), place);
    set(byRouterId, recipient.to.routerId(), place);
    recipient.interest.ifPresentOrElse(
        interest -> interest.tell(this, place), () -> wantAll.set(place));
    changed();
  }

  void remove(Recipient recipient) {
    int place = recipient.place;
    recipient.interest.ifPresent(Interest::leave);
    wantAll.clear(place);
    stirred.clear(place);
    clear(byAddress, recipient.to.address(), place);
    clear(byRouterId, recipient.to.routerId(), place);
    places.set(place, Optional.empty());
    taken.clear(place);
    changed();
  }

  /** The number of {@link #changed changes} so far. */
  int version() {
    return version;
  }

  /** There are others than before, or one hears by another rule. */
  void changed() {
    version++;
    var present = new ArrayList<Recipient>();
    places.forEach(place -> place.ifPresent(present::add));
    all = Collections.unmodifiableList(present);
  }

  private static <K> void set(Map<K, BitSet> table, K key, int place) {
    table.computeIfAbsent(key, _ -> new BitSet()).set(place);
  }

  private static <K> void clear(Map<K, BitSet> table, K key, int place) {
    var places = table.get(key);
    if (places != null) {
      places.clear(place);
      if (places.isEmpty()) {
        table.remove(key);
      }
    }
  }

  /** The peer in this place begins or ceases to want the routes with the target. */
  void wants(int place, RouteTarget target, boolean wanted) {
    if (wanted) {
      set(wanting, target, place);
    } else {
      clear(wanting, target, place);
    }
  }

  /** The same for all routes. */
  void wantsAll(int place, boolean wanted) {
    wantAll.set(place, wanted);
  }

  /** There is something about the one in the place, or nothing any more. */
  void stirs(int place, boolean something) {
    stirred.set(place, something);
  }

  /** Those about whom there is something: few of thousands. */
  List<Recipient> stirred() {
    if (stirred.isEmpty()) {
      return List.of();
    }
    var those = new ArrayList<Recipient>(stirred.cardinality());
    forEach(stirred, those::add);
    return those;
  }

  /** All of them. */
  List<Recipient> all() {
    return all;
  }

  Recipient at(int place) {
    return places.get(place).orElseThrow();
  }

  /** Those in these places. */
  void forEach(BitSet those, Consumer<Recipient> action) {
    for (int place = those.nextSetBit(0); place >= 0; place = those.nextSetBit(place + 1)) {
      action.accept(at(place));
    }
  }

  /** Who is to hear of EVPN routes with these targets; the caller's own. */
  BitSet interested(Collection<RouteTarget> targets) {
    var those = (BitSet) wantAll.clone();
    for (var target : targets) {
      var more = wanting.get(target);
      if (more != null) {
        those.or(more);
      }
    }
    return those;
  }

  /** Adds those that the path came from: the peer that said it, and its originator. */
  void addOrigins(Candidate path, BitSet to) {
    addAll(byAddress.get(path.source().address()), to);
    addAll(byRouterId.get(path.originator()), to);
  }

  private static void addAll(@Nullable BitSet places, BitSet to) {
    if (places != null) {
      to.or(places);
    }
  }
}
