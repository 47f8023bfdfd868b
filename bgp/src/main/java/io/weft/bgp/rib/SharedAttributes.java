package io.weft.bgp.rib;

import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Ipv4Address;
import java.util.Optional;

/**
 * Path attributes that many candidates share, with what is derived from them. Two in use in one
 * pool are the same object exactly when their values are equal.
 */
final class SharedAttributes {
  private final PathAttributes value;
  private final long mobilitySequence;
  private final boolean longLivedStale;
  private int users;

  private Optional<Reflected> reflected = Optional.empty();
  private Optional<PathAttributes> external = Optional.empty();

  /** What a reflector makes of them for one originator; nearly always there is only one. */
  record Reflected(Ipv4Address originator, PathAttributes attributes) {}

  SharedAttributes(PathAttributes value) {
    this.value = value;
    this.mobilitySequence = value.macMobility().map(ExtendedCommunity::mobilitySequence).orElse(0L);
    this.longLivedStale = value.has(Community.LLGR_STALE);
  }

  PathAttributes value() {
    return value;
  }

  /** RFC 7432 §15: no community means 0. */
  long mobilitySequence() {
    return mobilitySequence;
  }

  /** RFC 9494 §4.2: the path has outlived its session for long. */
  boolean isLongLivedStale() {
    return longLivedStale;
  }

  Optional<Reflected> reflected() {
    return reflected;
  }

  void remember(Reflected made) {
    reflected = Optional.of(made);
  }

  Optional<PathAttributes> external() {
    return external;
  }

  void rememberExternal(PathAttributes made) {
    external = Optional.of(made);
  }

  void acquire() {
    users++;
  }

  /** True when nobody uses them any more. */
  boolean release() {
    users--;
    return users == 0;
  }
}
