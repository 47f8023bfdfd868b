package io.weft.bgp.wire;

import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.Octets;
import java.util.List;
import java.util.Optional;

/** A BGP message (RFC 4271 §4). */
public sealed interface Message {
  /** Octets of marker, length and type (RFC 4271 §4.1). */
  int HEADER_LENGTH = 19;

  /** Largest message without RFC 8654. */
  int MAX_LENGTH = 4096;

  /** Largest message to a speaker with that capability; OPEN and KEEPALIVE excepted. */
  int MAX_EXTENDED_LENGTH = 65535;

  /**
   * OPEN (RFC 4271 §4.2).
   *
   * @param as the 4-octet number if that capability is there, else the 2-octet field
   * @param holdSeconds 0 or 3..65535 as proposed
   */
  record Open(
      AutonomousSystem as, int holdSeconds, Ipv4Address routerId, List<Capability> capabilities)
      implements Message {
    public Open {
      capabilities = List.copyOf(capabilities);
    }

    /** Octets of the longest message that its sender takes (RFC 8654 §4): 4096 or 65535. */
    public int longestTaken() {
      return capabilities.contains(new Capability.ExtendedMessage())
          ? MAX_EXTENDED_LENGTH
          : MAX_LENGTH;
    }
  }

  /**
   * UPDATE (RFC 4271 §4.3), after RFC 7606: routes whose attributes were malformed are already
   * among the withdrawn, and {@code faults} says why. Withdrawn ones come first in processing.
   *
   * @param withdrawn routes whose key counts, labels do not
   * @param announced routes that carry {@code attributes}; empty if and only if those are absent
   * @param endOfRib the family whose initial transfer has ended (RFC 4724 §2)
   * @param faults what was wrong and what was done about it, for people
   * @param withdrawnPathIds beside {@code withdrawn}, 0..2^32-1 each (RFC 7911 §3), 0 where the
   *     family has none; empty where none of the families has
   * @param announcedPathIds the same beside {@code announced}
   */
  record Update(
      List<Route> withdrawn,
      List<Route> announced,
      Optional<PathAttributes> attributes,
      Optional<Family> endOfRib,
      List<String> faults,
      List<Long> withdrawnPathIds,
      List<Long> announcedPathIds)
      implements Message {
    public Update {
      withdrawnPathIds = List.copyOf(withdrawnPathIds);
      announcedPathIds = List.copyOf(announcedPathIds);
      if (!withdrawnPathIds.isEmpty() && withdrawnPathIds.size() != withdrawn.size()
          || !announcedPathIds.isEmpty() && announcedPathIds.size() != announced.size()) {
        throw new IllegalArgumentException("path identifiers must be as many as routes, or none");
      }
      withdrawn = listed(withdrawn);
      announced = listed(announced);
      faults = List.copyOf(faults);
    }

    /** Without path identifiers. */
    public Update(
        List<Route> withdrawn,
        List<Route> announced,
        Optional<PathAttributes> attributes,
        Optional<Family> endOfRib,
        List<String> faults) {
      this(withdrawn, announced, attributes, endOfRib, faults, List.of(), List.of());
    }

    public static Update announce(PathAttributes attributes, List<? extends Route> routes) {
      return new Update(
          List.of(), listed(routes), Optional.of(attributes), Optional.empty(), List.of());
    }

    public static Update withdraw(List<? extends Route> routes) {
      return new Update(listed(routes), List.of(), Optional.empty(), Optional.empty(), List.of());
    }

    Update withAttributes(Optional<PathAttributes> next) {
      return new Update(
          withdrawn, announced, next, endOfRib, faults, withdrawnPathIds, announcedPathIds);
    }

    private static List<Route> listed(List<? extends Route> routes) {
      return routes instanceof RouteBlock block ? block : List.copyOf(routes);
    }

    public static Update endOfRib(Family family) {
      return new Update(List.of(), List.of(), Optional.empty(), Optional.of(family), List.of());
    }
  }

  /** NOTIFICATION (RFC 4271 §4.5). */
  record Notification(int code, int subcode, Octets data) implements Message {}

  /** KEEPALIVE (RFC 4271 §4.4). */
  record Keepalive() implements Message {}

  /** ROUTE-REFRESH (RFC 2918 §3), 0 in {@code subtype}; the marks of an answer have 1 and 2. */
  record RouteRefresh(Family family, int subtype) implements Message {
    public static final int REQUEST = 0;

    /** BoRR: all routes of the family follow (RFC 7313 §3.2). */
    public static final int BEGIN = 1;

    /** EoRR: what was not said again since the beginning is gone (RFC 7313 §3.2). */
    public static final int END = 2;
  }
}
