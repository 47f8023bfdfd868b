package io.weft.bgp.speaker;

import io.weft.bgp.rib.KeySelection;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.net.IpAddress;
import io.weft.net.RouteTarget;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * Which paths somebody wants to see: those that fit all of it, the cheapest question first.
 *
 * @param best only those that are used
 * @param local only our own
 * @param peer only what this peer said
 * @param target only what carries this
 * @param also asked last
 */
public record RouteSelection(
    KeySelection keys,
    boolean best,
    boolean local,
    Optional<IpAddress> peer,
    Optional<RouteTarget> target,
    Predicate<RouteView> also) {
  /** Every path. */
  public static final RouteSelection ALL = of(KeySelection.ALL, _ -> true);

  /** All paths to the keys that fit both. */
  public static RouteSelection of(KeySelection keys, Predicate<RouteView> also) {
    return new RouteSelection(keys, false, false, Optional.empty(), Optional.empty(), also);
  }
}
