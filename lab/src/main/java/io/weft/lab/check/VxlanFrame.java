package io.weft.lab.check;

import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import java.util.Optional;

/**
 * An Ethernet frame in VXLAN over UDP over IPv4 over Ethernet (RFC 7348 §5), as captured.
 *
 * @param innerOffset octets in front of the inner frame
 * @param udpPort destination port
 * @param innerType EtherType of the inner frame
 * @param innerLength octets of the inner frame
 */
record VxlanFrame(
    int innerOffset,
    Ipv4Address source,
    Ipv4Address destination,
    int udpPort,
    int vni,
    MacAddress innerDestination,
    MacAddress innerSource,
    int innerType,
    int innerLength) {
  static final int PORT = 4789;
  static final int ARP = 0x0806;
  static final int IPV4 = 0x0800;
  private static final int UDP = 17;
  private static final int ETHERNET = 14;
  private static final int IP = 20;

  /**
   * Decodes a frame.
   *
   * <pre>
   * 6 destination | 6 source | 2 type
   * 1 version, header length | 1 | 2 length | 5 | 1 protocol | 2 | 4 source | 4 destination
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
      if (in.u16("type") != IPV4 || in.u8("version, header length") != 0x45) {
        return Optional.empty();
      }
      in.skip("type of service", 1);
      int ipLength = in.u16("length");
      in.skip("identification, fragment, time to live", 5);
      if (in.u8("protocol") != UDP) {
        return Optional.empty();
      }
      in.skip("checksum", 2);
      var source = new Ipv4Address(in.s32("source"));
      var destination = new Ipv4Address(in.s32("destination"));
      in.skip("source port", 2);
      int port = in.u16("destination port");
      int udpLength = in.u16("udp length");
      in.skip("checksum", 2);
      boolean whole = ipLength == octets.length - ETHERNET && udpLength == ipLength - IP;
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
              inner, source, destination, port, vni, to, from, type, octets.length - inner));
    } catch (MalformedInput _) {
      return Optional.empty();
    }
  }
}
