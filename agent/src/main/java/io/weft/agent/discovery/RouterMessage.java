package io.weft.agent.discovery;

import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;

/** What routers and those who look for them say (RFC 4861 §4.1, §4.2). Pure. */
sealed interface RouterMessage {
  int SOLICITATION = 133;
  int ADVERTISEMENT = 134;

  /** Who is a router here? */
  record Solicitation() implements RouterMessage {}

  /**
   * Here is one.
   *
   * @param lifetimeSeconds how long it counts as one, 0..65535; 0: no longer
   */
  record Advertisement(int lifetimeSeconds) implements RouterMessage {}

  /**
   * Reads an ICMPv6 message whose checksum was found right. What options say is of no concern, but
   * they must be whole (RFC 4861 §6.1.1, §6.1.2).
   */
  static RouterMessage decode(Octets octets) throws MalformedInput {
    var in = new OctetReader(octets.toArray());
    int type = in.u8("type");
    in.expectU8("code", 0);
    in.skip("checksum", 2);
    var message =
        switch (type) {
          case SOLICITATION -> {
            in.skip("reserved", 4);
            yield new Solicitation();
          }
          case ADVERTISEMENT -> {
            in.skip("hop limit and flags", 2);
            int lifetime = in.u16("router lifetime");
            in.skip("reachable and retransmission time", 8);
            yield new Advertisement(lifetime);
          }
          default -> throw new MalformedInput("ICMPv6 type " + type);
        };
    while (!in.isEmpty()) {
      int option = in.u8("option type");
      int units = in.u8("option length");
      if (units == 0) {
        throw new MalformedInput("option " + option + " of length 0");
      }
      in.skip("option " + option, units * 8 - 2);
    }
    return message;
  }

  /**
   * Writes a message; the kernel fills in the checksum. An advertisement gives hosts nothing to
   * configure: no hop limit, no timers, no prefix.
   */
  static Octets encode(RouterMessage message) {
    var out = new OctetWriter();
    switch (message) {
      case Solicitation() -> out.u8(SOLICITATION).u8(0).u16(0).u32(0);
      case Advertisement(int lifetime) ->
          out.u8(ADVERTISEMENT).u8(0).u16(0).u8(0).u8(0).u16(lifetime).u32(0).u32(0);
    }
    return Octets.of(out.toArray());
  }
}
