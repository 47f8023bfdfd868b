package io.weft.bgp.wire;

import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.RouteDistinguisher;
import java.util.Optional;

/**
 * EVPN routes about who listens to a multicast group (RFC 9251 §9). An empty source or group means
 * any. Flags and times are not key. Layouts: {@link MulticastRouteCodec}.
 */
public sealed interface MulticastRoute extends EvpnRoute {
  /** The route type: 6, 7 or 8. */
  default int type() {
    return MulticastRouteCodec.type(this);
  }

  RouteDistinguisher rd();

  /** Ethernet tag, 0..2^32-1. */
  long tag();

  Optional<IpAddress> source();

  Optional<IpAddress> group();

  IpAddress originator();

  /** 0x01, 0x02, 0x04: version 1, 2, 3 of IGMP (MLD 1 and 2: 0x01, 0x02); 0x08: exclude. */
  int flags();

  /** Type 6, selective multicast Ethernet tag (RFC 9251 §9.1). Key: all but the flags. */
  record SelectiveMulticast(
      RouteDistinguisher rd,
      long tag,
      Optional<IpAddress> source,
      Optional<IpAddress> group,
      IpAddress originator,
      int flags)
      implements MulticastRoute {
    @Override
    public SelectiveMulticast key() {
      return new SelectiveMulticast(rd, tag, source, group, originator, 0);
    }

    @Override
    public String toString() {
      return "[6] " + rd + text(this);
    }
  }

  /** Type 7, membership report synch (RFC 9251 §9.2). Key: all but the flags. */
  record MembershipReportSync(
      RouteDistinguisher rd,
      Esi esi,
      long tag,
      Optional<IpAddress> source,
      Optional<IpAddress> group,
      IpAddress originator,
      int flags)
      implements MulticastRoute {
    @Override
    public MembershipReportSync key() {
      return new MembershipReportSync(rd, esi, tag, source, group, originator, 0);
    }

    @Override
    public String toString() {
      return "[7] " + rd + " esi " + esi + text(this);
    }
  }

  /**
   * Type 8, leave synch (RFC 9251 §9.3). Key: all but the response time and the flags.
   *
   * @param responseTime maximum response time as in the query, 0..255
   */
  record LeaveSync(
      RouteDistinguisher rd,
      Esi esi,
      long tag,
      Optional<IpAddress> source,
      Optional<IpAddress> group,
      IpAddress originator,
      int responseTime,
      int flags)
      implements MulticastRoute {
    @Override
    public LeaveSync key() {
      return new LeaveSync(rd, esi, tag, source, group, originator, 0, 0);
    }

    @Override
    public String toString() {
      return "[8] " + rd + " esi " + esi + text(this);
    }
  }

  private static String text(MulticastRoute route) {
    return (route.tag() == 0xffff_ffffL ? " tag max" : " tag " + route.tag())
        + " ("
        + route.source().map(IpAddress::toString).orElse("*")
        + ", "
        + route.group().map(IpAddress::toString).orElse("*")
        + ") "
        + route.originator()
        + (route.flags() == 0 ? "" : " flags " + Integer.toHexString(route.flags()));
  }
}
