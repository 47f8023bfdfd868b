package io.weft.agent.advertise;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.node.AdvertisedNetwork;
import java.util.Collection;
import java.util.List;

/**
 * A router advertisement (RFC 4861 §4.2) of an anycast gateway to all nodes, as a whole frame:
 * {@code 14 Ethernet | 40 IPv6 | 1 type 134 | 1 code | 2 checksum | 1 hop limit | 1 flags | 2
 * router lifetime | 4 reachable time | 4 retransmission time}, then options. Managed configuration
 * (M, O) is never promised: nobody answers DHCPv6 here. Pure.
 */
final class RouterFrame {
  /**
   * Seconds; the most that RFC 4861 §6.2.1 allows: so long hosts keep the route while the agent is
   * away and the kernel forwards on.
   */
  static final int ROUTER_LIFETIME = 9000;

  /** Seconds: RFC 4861 §6.2.1, AdvValidLifetime and AdvPreferredLifetime. */
  static final long VALID_LIFETIME = 2_592_000;

  static final long PREFERRED_LIFETIME = 604_800;

  private static final IpAddress ALL_NODES = IpAddress.parse("ff02::1");
  private static final MacAddress ALL_NODES_MAC = MacAddress.parse("33:33:00:00:00:01");
  private static final int ICMPV6 = 58;
  private static final int CHECKSUM = 14 + 40 + 2;

  /** RFC 8200 §5: a smaller one is refused by hosts. */
  private static final int LEAST_MTU = 1280;

  private RouterFrame() {}

  /**
   * That the gateway is there.
   *
   * @param withdrawn prefixes that were announced before and are no more
   */
  static Octets of(AdvertisedNetwork network, Collection<IpPrefix> withdrawn) {
    return frame(network, ROUTER_LIFETIME, network.prefixes(), withdrawn);
  }

  /** That it is a router no longer: hosts leave its route at once, and keep their addresses. */
  static Octets last(AdvertisedNetwork network) {
    return frame(network, 0, List.of(), List.of());
  }

  private static Octets frame(
      AdvertisedNetwork network,
      int lifetime,
      Collection<IpPrefix> prefixes,
      Collection<IpPrefix> withdrawn) {
    var message = new OctetWriter();
    message.u8(134).u8(0).u16(0).u8(64).u8(0).u16(lifetime).u32(0).u32(0);
    message.u8(1).u8(1).bytes(AddressPlan.GATEWAY_MAC.octets()); // source link-layer address
    if (network.mtu() >= LEAST_MTU) {
      message.u8(5).u8(1).u16(0).u32(network.mtu());
    }
    prefixes.forEach(
        prefix -> prefix(message, network, prefix, VALID_LIFETIME, PREFERRED_LIFETIME));
    withdrawn.forEach(prefix -> prefix(message, network, prefix, 0, 0));
    var out = new OctetWriter();
    out.bytes(ALL_NODES_MAC.octets()).bytes(AddressPlan.GATEWAY_MAC.octets()).u16(0x86dd);
    out.u32(0x6000_0000L).u16(message.size()).u8(ICMPV6).u8(255);
    out.bytes(AddressPlan.GATEWAY_LINK_LOCAL.octets()).bytes(ALL_NODES.octets());
    out.append(message);
    out.patchU16(CHECKSUM, checksum(message));
    return Octets.of(out.toArray());
  }

  /** On-link (L) always; autonomous (A) where hosts shall form addresses: of 64 bits only. */
  private static void prefix(
      OctetWriter out, AdvertisedNetwork network, IpPrefix prefix, long valid, long preferred) {
    boolean autonomous = network.autonomous() && prefix.length() == 64;
    out.u8(3).u8(4).u8(prefix.length()).u8(autonomous ? 0xc0 : 0x80);
    out.u32(valid).u32(preferred).u32(0).bytes(prefix.address().octets());
  }

  /** Over the pseudo-header (RFC 8200 §8.1) and the message, whose own checksum is 0 yet. */
  private static int checksum(OctetWriter message) {
    var all = new OctetWriter();
    all.bytes(AddressPlan.GATEWAY_LINK_LOCAL.octets()).bytes(ALL_NODES.octets());
    all.u32(message.size()).u32(ICMPV6).append(message);
    var octets = all.toArray();
    int sum = 0;
    for (int i = 0; i < octets.length; i += 2) { // a message is a multiple of 8 octets long
      sum += (octets[i] & 0xff) << 8 | octets[i + 1] & 0xff;
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    sum = (sum & 0xffff) + (sum >>> 16);
    return ~sum & 0xffff;
  }
}
