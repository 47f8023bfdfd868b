package io.weft.lab.check;

import io.weft.net.IpAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import java.util.Optional;

/**
 * An endpoint's question for the owner of an address, in a tunnel: an ARP request (RFC 826) or a
 * neighbour solicitation (RFC 4861 §4.3) in VXLAN.
 *
 * @param from the VTEP that sent it
 * @param to the VTEP that it goes to
 * @param target the address that is asked for
 */
record NeighbourQuestion(IpAddress from, IpAddress to, int vni, IpAddress target) {
  private static final int ICMPV6 = 58;
  private static final int NEIGHBOUR_SOLICITATION = 135;
  private static final int ARP_REQUEST = 1;

  /**
   * Decodes a frame; the inner one is
   *
   * <pre>
   * 12 MACs | 2 type = ARP | 2 hardware | 2 protocol | 2 lengths | 2 operation | 6 + 4 sender | 6 | 4 target
   * 12 MACs | 2 type = IPv6 | 6 | 1 next header | 1 | 32 addresses | 1 type | 1 code | 2 | 4 | 16 target
   * </pre>
   *
   * @return empty when it is something else
   */
  static Optional<NeighbourQuestion> decode(byte[] octets) {
    var vxlan = VxlanFrame.decode(octets);
    if (vxlan.isEmpty()) {
      return Optional.empty();
    }
    try {
      var in = new OctetReader(octets);
      in.skip("outer headers and inner MACs", vxlan.get().innerOffset() + 12);
      int type = in.u16("type");
      if (type == VxlanFrame.ARP) {
        in.skip("hardware, protocol, lengths", 6);
        boolean request = in.u16("operation") == ARP_REQUEST;
        in.skip("sender, target MAC", 16);
        return request ? question(vxlan.get(), in, 4) : Optional.empty();
      }
      if (type != VxlanFrame.IPV6) {
        return Optional.empty();
      }
      in.skip("version to payload length", 6);
      boolean icmp = in.u8("next header") == ICMPV6;
      in.skip("hop limit, addresses", 33);
      boolean solicitation = in.u8("type") == NEIGHBOUR_SOLICITATION;
      in.skip("code, checksum, reserved", 7);
      return icmp && solicitation ? question(vxlan.get(), in, 16) : Optional.empty();
    } catch (MalformedInput _) {
      return Optional.empty();
    }
  }

  private static Optional<NeighbourQuestion> question(VxlanFrame vxlan, OctetReader in, int length)
      throws MalformedInput {
    var target = IpAddress.of(in.octets("target", length).toArray());
    return Optional.of(
        new NeighbourQuestion(vxlan.source(), vxlan.destination(), vxlan.vni(), target));
  }
}
