package io.weft.bgp.wire;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.weft.bgp.wire.Capability.AddPath;
import io.weft.bgp.wire.Capability.AddPathFamily;
import io.weft.bgp.wire.Capability.EnhancedRouteRefresh;
import io.weft.bgp.wire.Capability.ExtendedMessage;
import io.weft.bgp.wire.Capability.ExtendedNextHop;
import io.weft.bgp.wire.Capability.FourOctetAs;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Capability.GracefulRestart;
import io.weft.bgp.wire.Capability.HostName;
import io.weft.bgp.wire.Capability.LongLivedFamily;
import io.weft.bgp.wire.Capability.LongLivedGracefulRestart;
import io.weft.bgp.wire.Capability.Multiprotocol;
import io.weft.bgp.wire.Capability.NextHopFamily;
import io.weft.bgp.wire.Capability.RouteRefresh;
import io.weft.bgp.wire.Capability.Unknown;
import io.weft.net.AutonomousSystem;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import java.util.ArrayList;
import java.util.Optional;

/**
 * Capabilities on the wire: {@code 1 code | 1 length | value} (RFC 5492 §4). A known code with a
 * value of another length is kept as unknown, that is, as a capability the peer does not have.
 */
final class CapabilityCodec {
  private static final int MULTIPROTOCOL = 1;
  private static final int ROUTE_REFRESH = 2;
  private static final int EXTENDED_NEXT_HOP = 5;
  private static final int EXTENDED_MESSAGE = 6;
  private static final int GRACEFUL_RESTART = 64;
  private static final int FOUR_OCTET_AS = 65;
  private static final int ADD_PATH = 69;
  private static final int ENHANCED_ROUTE_REFRESH = 70;
  private static final int LONG_LIVED = 71;
  private static final int HOST_NAME = 73;

  private static final int RESTARTING = 0x8000;
  private static final int NOTIFICATION = 0x4000;
  private static final int FORWARDING = 0x80;
  private static final int MAX_VALUE = 255;

  private CapabilityCodec() {}

  static Capability decode(OctetReader in) throws MalformedInput, SessionReset {
    int code = in.u8("capability code");
    var value = in.octets("capability " + code, in.u8("capability length"));
    var body = new OctetReader(value.toArray());
    Optional<Capability> known =
        switch (code) {
          case MULTIPROTOCOL -> multiprotocol(body);
          case ROUTE_REFRESH -> body.isEmpty() ? Optional.of(new RouteRefresh()) : Optional.empty();
          case EXTENDED_NEXT_HOP -> extendedNextHop(body);
          case EXTENDED_MESSAGE ->
              body.isEmpty() ? Optional.of(new ExtendedMessage()) : Optional.empty();
          case ADD_PATH -> addPath(body);
          case ENHANCED_ROUTE_REFRESH ->
              body.isEmpty() ? Optional.of(new EnhancedRouteRefresh()) : Optional.empty();
          case LONG_LIVED -> longLived(body);
          case HOST_NAME -> hostName(body);
          case GRACEFUL_RESTART -> gracefulRestart(body);
          case FOUR_OCTET_AS -> fourOctetAs(body);
          default -> Optional.empty();
        };
    return known.orElse(new Unknown(code, value));
  }

  /** {@code 2 AFI | 1 reserved | 1 SAFI} (RFC 4760 §8). */
  private static Optional<Capability> multiprotocol(OctetReader in) throws MalformedInput {
    if (in.remaining() != 4) {
      return Optional.empty();
    }
    int afi = in.u16("afi");
    in.skip("reserved", 1);
    return Optional.of(new Multiprotocol(new Family(afi, in.u8("safi"))));
  }

  /** {@code 4 AS} (RFC 6793 §3); AS 0 is refused here, a record cannot hold it (RFC 7607 §2). */
  private static Optional<Capability> fourOctetAs(OctetReader in)
      throws MalformedInput, SessionReset {
    if (in.remaining() != 4) {
      return Optional.empty();
    }
    long as = in.u32("as");
    if (as == 0) {
      throw new SessionReset(2, 2, "OPEN: AS 0 in the 4-octet AS capability (RFC 7607 §2)");
    }
    return Optional.of(new FourOctetAs(new AutonomousSystem(as)));
  }

  /** {@code 4 bits R N - - | 12 bits seconds | { 2 AFI | 1 SAFI | 1 F }*} (RFC 4724 §3). */
  private static Optional<Capability> gracefulRestart(OctetReader in) throws MalformedInput {
    if (in.remaining() % 4 != 2) {
      return Optional.empty();
    }
    int head = in.u16("restart flags and time");
    var families = new ArrayList<GracefulFamily>();
    while (!in.isEmpty()) {
      var family = new Family(in.u16("afi"), in.u8("safi"));
      families.add(new GracefulFamily(family, (in.u8("flags") & FORWARDING) != 0));
    }
    return Optional.of(
        new GracefulRestart(
            (head & RESTARTING) != 0, (head & NOTIFICATION) != 0, head & 0xfff, families));
  }

  /** {@code { 2 AFI | 2 SAFI | 2 next hop AFI }*} (RFC 8950 §4). */
  private static Optional<Capability> extendedNextHop(OctetReader in) throws MalformedInput {
    if (in.remaining() % 6 != 0) {
      return Optional.empty();
    }
    var families = new ArrayList<NextHopFamily>();
    while (!in.isEmpty()) {
      var family = new Family(in.u16("afi"), in.u16("safi"));
      families.add(new NextHopFamily(family, in.u16("next hop afi")));
    }
    return Optional.of(new ExtendedNextHop(families));
  }

  /**
   * {@code { 2 AFI | 1 SAFI | 1 receive = 1, send = 2, both = 3 }*}; other values are ignored (RFC
   * 7911 §4).
   */
  private static Optional<Capability> addPath(OctetReader in) throws MalformedInput {
    if (in.remaining() % 4 != 0) {
      return Optional.empty();
    }
    var families = new ArrayList<AddPathFamily>();
    while (!in.isEmpty()) {
      var family = new Family(in.u16("afi"), in.u8("safi"));
      int mode = in.u8("send/receive");
      if (mode >= 1 && mode <= 3) {
        families.add(new AddPathFamily(family, (mode & 1) != 0, (mode & 2) != 0));
      }
    }
    return Optional.of(new AddPath(families));
  }

  /** {@code { 2 AFI | 1 SAFI | 1 F | 3 seconds }*} (RFC 9494 §3.1). */
  private static Optional<Capability> longLived(OctetReader in) throws MalformedInput {
    if (in.remaining() % 7 != 0) {
      return Optional.empty();
    }
    var families = new ArrayList<LongLivedFamily>();
    while (!in.isEmpty()) {
      var family = new Family(in.u16("afi"), in.u8("safi"));
      boolean preserved = (in.u8("flags") & FORWARDING) != 0;
      families.add(new LongLivedFamily(family, preserved, in.u24("long-lived stale time")));
    }
    return Optional.of(new LongLivedGracefulRestart(families));
  }

  /** {@code 1 length | host | 1 length | domain}; what is not printable is kept as octets. */
  private static Optional<Capability> hostName(OctetReader in) {
    try {
      var host = in.bytes("host name", in.u8("host name length"));
      var domain = in.bytes("domain name", in.u8("domain name length"));
      in.expectEmpty("host and domain name");
      return printable(host) && printable(domain)
          ? Optional.of(new HostName(new String(host, US_ASCII), new String(domain, US_ASCII)))
          : Optional.empty();
    } catch (MalformedInput e) {
      return Optional.empty(); // as with any other capability of an odd length
    }
  }

  private static boolean printable(byte[] text) {
    for (byte octet : text) {
      if (octet < ' ' || octet > '~') {
        return false;
      }
    }
    return true;
  }

  static void encode(Capability capability, OctetWriter out) {
    var value = new OctetWriter();
    int code =
        switch (capability) {
          case Multiprotocol(Family family) -> {
            value.u16(family.afi()).u8(0).u8(family.safi());
            yield MULTIPROTOCOL;
          }
          case RouteRefresh() -> ROUTE_REFRESH;
          case FourOctetAs(AutonomousSystem as) -> {
            value.u32(as.value());
            yield FOUR_OCTET_AS;
          }
          case ExtendedNextHop(var families) -> {
            for (var entry : families) {
              value.u16(entry.family().afi()).u16(entry.family().safi()).u16(entry.nextHopAfi());
            }
            yield EXTENDED_NEXT_HOP;
          }
          case ExtendedMessage() -> EXTENDED_MESSAGE;
          case AddPath(var families) -> {
            for (var entry : families) {
              value.u16(entry.family().afi()).u8(entry.family().safi());
              value.u8((entry.receives() ? 1 : 0) | (entry.sends() ? 2 : 0));
            }
            yield ADD_PATH;
          }
          case EnhancedRouteRefresh() -> ENHANCED_ROUTE_REFRESH;
          case LongLivedGracefulRestart(var families) -> {
            for (var entry : families) {
              value.u16(entry.family().afi()).u8(entry.family().safi());
              value.u8(entry.forwardingPreserved() ? FORWARDING : 0).u24(entry.staleSeconds());
            }
            yield LONG_LIVED;
          }
          case HostName(String host, String domain) -> {
            value.u8(host.length()).bytes(host.getBytes(US_ASCII));
            value.u8(domain.length()).bytes(domain.getBytes(US_ASCII));
            yield HOST_NAME;
          }
          case GracefulRestart restart -> {
            encode(restart, value);
            yield GRACEFUL_RESTART;
          }
          case Unknown(int number, Octets octets) -> {
            value.octets(octets);
            yield number;
          }
        };
    if (value.size() > MAX_VALUE) {
      throw new IllegalArgumentException("capability " + code + " is longer than 255 octets");
    }
    out.u8(code).u8(value.size()).bytes(value.toArray());
  }

  private static void encode(GracefulRestart restart, OctetWriter out) {
    out.u16(
        (restart.restarting() ? RESTARTING : 0)
            | (restart.notification() ? NOTIFICATION : 0)
            | (restart.seconds() & 0xfff));
    for (var entry : restart.families()) {
      out.u16(entry.family().afi()).u8(entry.family().safi());
      out.u8(entry.forwardingPreserved() ? FORWARDING : 0);
    }
  }
}
