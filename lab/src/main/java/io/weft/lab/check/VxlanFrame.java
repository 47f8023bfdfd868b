package io.weft.lab.check;

import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import java.util.Optional;

/**
 * An Ethernet frame in VXLAN over UDP over IPv4 or IPv6 over Ethernet (RFC 7348 §5), as captured.
 *
 * @param innerOffset octets in front of the inner frame
 * @param udpPort destination port
 * @param innerType EtherType of the inner frame
 * @param innerLength octets of the inner frame
 */
record VxlanFrame(
    int innerOffset,
    IpAddress source,
    IpAddress destination,
    int udpPort,
    int vni,
    MacAddress innerDestination,
    MacAddress innerSource,
    int innerType,
    int innerLength) {
  static final int PORT = 4789;
  static final int ARP = 0x0806;
  static final int IPV4 = 0x0800;
  static final int IPV6 = 0x86dd;
  private static final int ETHERNET = 14;
  private static final int UDP = 17;
  private static final int UDP_HEADER = 8;

  /** EtherType of packets between addresses of this family. */
  static int typeOf(IpAddress address) {
    return address.isIpv4() ? IPV4 : IPV6;
  }

  /** Octets of an Ethernet frame with an ICMP echo. */
  static int pingLength(IpAddress address, int payload) {
    int headers = address.isIpv4() ? IcmpEcho.IPV4_OVERHEAD : IcmpEcho.IPV6_OVERHEAD;
    return ETHERNET + headers + payload;
  }

  /** True when the inner frame may be a ping, or its answer, of this size and family. */
  boolean isPing(IpAddress address, int payload) {
    return innerType == typeOf(address) && innerLength == pingLength(address, payload);
  }

  /**
   * Decodes a frame.
   *
   * <pre>
   * 6 destination | 6 source | 2 type
   *   IPv4: 1 = 45 | 1 | 2 length | 5 | 1 protocol | 2 | 4 source | 4 destination
   *   IPv6: 1 = 6x | 3 | 2 length | 1 next header | 1 | 16 source | 16 destination
   * 2 source port | 2 destination port | 2 length | 2 checksum
   * 1 flags = 08 | 3 reserved | 3 VNI | 1 reserved
   * </pre>
   *
   * @return empty when it is something else
   */
  static Optional<VxlanFrame> decode(byte[] octets) {
    try {
      var in = new OctetReader(octets);
      in.skip("macs", 12);
      var outer = outer(in);
      if (outer.isEmpty()) {
        return Optional.empty();
      }
      in.skip("source port", 2);
      int port = in.u16("destination port");
      int udpLength = in.u16("udp length");
      in.skip("checksum", 2);
      boolean whole =
          udpLength == outer.get().payload() && udpLength == in.remaining() + UDP_HEADER;
      if (port != PORT || !whole || in.u8("flags") != 0x08) {
        return Optional.empty();
      }
      in.skip("reserved", 3);
      int vni = in.u24("vni");
      in.skip("reserved", 1);
      int inner = in.position();
      var to = new MacAddress(in.u48("inner destination"));
      var from = new MacAddress(in.u48("inner source"));
      int type = in.u16("inner type");
      return Optional.of(
          new VxlanFrame(
              inner,
              outer.get().source(),
              outer.get().destination(),
              port,
              vni,
              to,
              from,
              type,
              octets.length - inner));
    } catch (MalformedInput _) {
      return Optional.empty();
    }
  }

  /** The outer IP header; {@code payload}: octets behind it. */
  private record Outer(IpAddress source, IpAddress destination, int payload) {}

  /** Empty when it is not followed by UDP. */
  private static Optional<Outer> outer(OctetReader in) throws MalformedInput {
    int type = in.u16("type");
    int first = in.u8("version");
    if (type == IPV4 && first == 0x45) {
      in.skip("type of service", 1);
      int payload = in.u16("length") - 20;
      in.skip("identification, fragment, time to live", 5);
      boolean udp = in.u8("protocol") == UDP;
      in.skip("checksum", 2);
      return addresses(in, 4, payload).filter(_ -> udp);
    }
    if (type == IPV6 && first >>> 4 == 6) {
      in.skip("traffic class, flow label", 3);
      int payload = in.u16("length");
      boolean udp = in.u8("next header") == UDP;
      in.skip("hop limit", 1);
      return addresses(in, 16, payload).filter(_ -> udp);
    }
    return Optional.empty();
  }

  private static Optional<Outer> addresses(OctetReader in, int octets, int payload)
      throws MalformedInput {
    var source = IpAddress.of(in.octets("source", octets).toArray());
    var destination = IpAddress.of(in.octets("destination", octets).toArray());
    return Optional.of(new Outer(source, destination, payload));
  }
}
