package io.weft.bgp.wire;

import io.weft.bgp.wire.Capability.FourOctetAs;
import io.weft.bgp.wire.Capability.GracefulFamily;
import io.weft.bgp.wire.Capability.GracefulRestart;
import io.weft.bgp.wire.Capability.Multiprotocol;
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
  private static final int GRACEFUL_RESTART = 64;
  private static final int FOUR_OCTET_AS = 65;

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
