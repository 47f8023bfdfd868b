package io.weft.bgp.rib;

import io.weft.bgp.wire.Family;
import io.weft.net.Octets;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Which entries somebody wants to see, as far as the octets of a key tell it: no route is made of
 * those that are passed over.
 *
 * @param type of EVPN
 * @param holding octets that the key must have in it somewhere, such as those of a MAC; what has
 *     them by chance is for a closer look to tell
 */
public record KeySelection(Optional<Family> family, OptionalInt type, List<Octets> holding) {
  /** Every entry. */
  public static final KeySelection ALL =
      new KeySelection(Optional.empty(), OptionalInt.empty(), List.of());

  public KeySelection {
    holding = List.copyOf(holding);
  }

  /** Those that have these octets in their key. */
  public static KeySelection holding(Octets octets) {
    return new KeySelection(Optional.empty(), OptionalInt.empty(), List.of(octets));
  }
}
