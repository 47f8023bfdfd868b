package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Open;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import java.util.ArrayList;
import java.util.List;

/**
 * OPEN on the wire (RFC 4271 §4.2, RFC 5492 §4, RFC 9072 §2).
 *
 * <pre>{@code
 * 1 version = 4 | 2 AS or AS_TRANS | 2 hold time | 4 identifier | 1 length | optional parameters
 *   parameter: 1 type = 2 | 1 length | capabilities
 *   extended:  1 = 255 | 1 = 255 | 2 length | parameters: 1 type = 2 | 2 length | capabilities
 * }</pre>
 */
final class OpenCodec {
  private static final int VERSION = 4;
  private static final int CAPABILITIES = 2;
  private static final int EXTENDED = 255;

  private OpenCodec() {}

  static Open decode(OctetReader in) throws SessionReset {
    try {
      return decodeFields(in);
    } catch (MalformedInput e) {
      throw new SessionReset(2, 0, "OPEN: " + e.getMessage()); // RFC 4271 §6.2, last paragraph
    }
  }

  private static Open decodeFields(OctetReader in) throws MalformedInput, SessionReset {
    int version = in.u8("version");
    if (version != VERSION) {
      throw new SessionReset(2, 1, Octets.parse("0004"), "OPEN: version " + version + ", not 4");
    }
    long as = in.u16("my autonomous system");
    int holdSeconds = in.u16("hold time");
    var routerId = new Ipv4Address(in.s32("bgp identifier"));
    var capabilities = decodeParameters(in);
    for (var capability : capabilities) {
      if (capability instanceof Capability.FourOctetAs(AutonomousSystem fourOctets)) {
        as = fourOctets.value(); // RFC 6793 §4.1: it is the number; the field is a stand-in
      }
    }
    if (as == 0) {
      throw new SessionReset(2, 2, "OPEN: AS 0 is reserved (RFC 7607 §2)");
    }
    if (holdSeconds == 1 || holdSeconds == 2) {
      throw new SessionReset(2, 6, "OPEN: hold time " + holdSeconds + " s, neither 0 nor >= 3");
    }
    if (routerId.isUnspecified()) {
      throw new SessionReset(2, 3, "OPEN: BGP identifier 0.0.0.0 (RFC 6286 §2.2)");
    }
    return new Open(new AutonomousSystem(as), holdSeconds, routerId, capabilities);
  }

  private static List<Capability> decodeParameters(OctetReader in)
      throws MalformedInput, SessionReset {
    int length = in.u8("optional parameters length");
    var octets = in.octets("optional parameters", in.remaining());
    var all = new OctetReader(octets.toArray());
    boolean extended = length != 0 && octets.length() != 0 && octets.at(0) == EXTENDED;
    if (extended) { // RFC 9072 §2: the one-octet length before it is void
      all.skip("extended marker", 1);
      length = all.u16("extended optional parameters length");
    }
    var parameters = all.sub("optional parameters", length);
    all.expectEmpty("octets behind the optional parameters");
    var capabilities = new ArrayList<Capability>();
    while (!parameters.isEmpty()) {
      int type = parameters.u8("parameter type");
      int size = extended ? parameters.u16("parameter length") : parameters.u8("parameter length");
      var body = parameters.sub("optional parameter", size);
      if (type != CAPABILITIES) {
        throw new SessionReset(2, 4, "OPEN: optional parameter " + type + " is unknown");
      }
      while (!body.isEmpty()) {
        capabilities.add(CapabilityCodec.decode(body));
      }
    }
    return capabilities;
  }

  /** All capabilities in one parameter (RFC 5492 §4); the extended form only when they must. */
  static void encode(Open open, OctetWriter out) {
    out.u8(VERSION).u16(open.as().twoOctets()).u16(open.holdSeconds());
    out.u32(open.routerId().value());
    var capabilities = new OctetWriter();
    open.capabilities().forEach(capability -> CapabilityCodec.encode(capability, capabilities));
    int size = capabilities.size();
    if (size == 0) {
      out.u8(0);
    } else if (size + 2 < EXTENDED) {
      out.u8(size + 2).u8(CAPABILITIES).u8(size).bytes(capabilities.toArray());
    } else {
      out.u8(EXTENDED).u8(EXTENDED).u16(size + 3);
      out.u8(CAPABILITIES).u16(size).bytes(capabilities.toArray());
    }
  }
}
