package io.weft.agent.probe;

import io.weft.agent.probe.PathState.Passes;
import io.weft.agent.probe.PathState.Place;
import io.weft.agent.probe.PathState.TooNarrow;
import io.weft.agent.probe.PathState.Unknown;
import io.weft.linux.packet.EchoResult;
import io.weft.overlay.node.Tunnel;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;

/**
 * One look at the path of a tunnel: does the promised size pass, and if not, which does and who
 * says so? Without a clock and without sockets: {@code echo} sends an outer packet of a size.
 */
final class PathSearch {
  /** Passes wherever anything does: RFC 791 §3.2 demands 68 octets of IPv4, RFC 8200 §5 more. */
  static final int SMALL = 68;

  static final int SMALL_IPV6 = 128;

  /** A single loss is no finding. */
  static final int TRIES = 3;

  private final Tunnel tunnel;
  private final IntFunction<EchoResult> echo;
  private Place place = new Place.Silent();
  private OptionalInt said = OptionalInt.empty();
  private Optional<String> failure = Optional.empty();

  private PathSearch(Tunnel tunnel, IntFunction<EchoResult> echo) {
    this.tunnel = tunnel;
    this.echo = echo;
  }

  /**
   * Looks.
   *
   * @param ownMtu what this node's own route to the VTEP takes; empty where it does not say
   * @param guess a size that may be the answer, such as that of the look before
   * @param wasSilent true when the look before heard nothing at all: asks shortly first
   */
  static PathState look(
      Tunnel tunnel,
      OptionalInt ownMtu,
      OptionalInt guess,
      boolean wasSilent,
      IntFunction<EchoResult> echo) {
    if (ownMtu.isPresent() && ownMtu.getAsInt() < tunnel.outerMtu()) {
      return new TooNarrow(tunnel, ownMtu.getAsInt(), new Place.Here());
    }
    return new PathSearch(tunnel, echo).look(guess, wasSilent);
  }

  private PathState look(OptionalInt guess, boolean wasSilent) {
    int small = tunnel.remote().isIpv4() ? SMALL : SMALL_IPV6;
    if (wasSilent && !passes(small, 1)) {
      return unknown();
    }
    if (passes(tunnel.outerMtu(), TRIES)) {
      return new Passes(tunnel);
    }
    if (failure.isPresent() || !passes(small, TRIES)) {
      return unknown();
    }
    int size = search(small, tunnel.outerMtu(), guess);
    return failure.isPresent() ? unknown() : new TooNarrow(tunnel, size, place);
  }

  private Unknown unknown() {
    return new Unknown(
        tunnel, failure.orElse("it answers no ICMP echo, or a filter on the way takes it"));
  }

  /** The largest size that passes, of those between one that does and one that does not. */
  private int search(int passing, int failing, OptionalInt guess) {
    int low = passing;
    int high = failing;
    boolean guessed = false;
    while (high - low > 1 && failure.isEmpty()) {
      int next = low + (high - low) / 2;
      if (isBetween(said, low, high)) {
        next = said.getAsInt();
      } else if (said.isPresent() && said.getAsInt() == low) {
        return low; // the router that refused more has named exactly this size
      } else if (!guessed && isBetween(guess, low, high)) {
        next = guess.getAsInt();
        guessed = true;
      } else if (guessed && guess.getAsInt() == low) {
        next = low + 1; // most likely just that refuses
      }
      if (passes(next, 2)) {
        low = next;
      } else {
        high = next;
      }
    }
    return low;
  }

  private static boolean isBetween(OptionalInt size, int low, int high) {
    return size.isPresent() && size.getAsInt() > low && size.getAsInt() < high;
  }

  private boolean passes(int octets, int tries) {
    for (int i = 0; i < tries; i++) {
      switch (echo.apply(octets)) {
        case EchoResult.Reply _ -> {
          return true;
        }
        case EchoResult.TooBig(var mtu, var router) -> {
          said = mtu;
          place = Place.of(router);
          return false;
        }
        case EchoResult.Failed(var reason) -> {
          failure = Optional.of(reason);
          return false;
        }
        case EchoResult.NoReply() -> {}
      }
    }
    return false;
  }
}
