package io.weft.bgp.rib;

import io.weft.bgp.wire.PathAttributes;
import java.util.Optional;

/** What becomes of a route on its way in or out. */
public sealed interface Ruling {
  /** It goes on, with these attributes. */
  record Passed(PathAttributes attributes) implements Ruling {}

  /** It goes no further. */
  record Refused(Reason reason) implements Ruling {}

  /** The attributes with which it goes on. */
  default Optional<PathAttributes> passed() {
    return this instanceof Passed(var attributes) ? Optional.of(attributes) : Optional.empty();
  }

  /** Why it goes no further. */
  default Optional<Reason> refused() {
    return this instanceof Refused(var reason) ? Optional.of(reason) : Optional.empty();
  }
}
