package io.weft.bgp.wire;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import java.util.Arrays;

/**
 * Prefixes on the wire: {@code 1 length in bits | as many octets as hold them} (RFC 4271 §4.3).
 * Bits behind the length have no meaning and are cleared.
 */
final class UnicastRouteCodec {
  private UnicastRouteCodec() {}

  /** Reads one prefix; one that is too long leaves nothing to find the next by (RFC 7606 §5.3). */
  static UnicastRoute decode(OctetReader in, int addressBits) throws MalformedInput {
    int length = in.u8("prefix length");
    if (length > addressBits) {
      throw new MalformedInput("prefix length: " + length + " is more than " + addressBits);
    }
    var octets = Arrays.copyOf(in.bytes("prefix", (length + 7) / 8), addressBits / 8);
    return new UnicastRoute(new IpPrefix(IpAddress.of(octets).masked(length), length));
  }

  static int encodedLength(UnicastRoute route) {
    return 1 + (route.prefix().length() + 7) / 8;
  }

  static void encode(UnicastRoute route, OctetWriter out) {
    int length = route.prefix().length();
    out.u8(length).bytes(Arrays.copyOf(route.prefix().address().octets(), (length + 7) / 8));
  }
}
