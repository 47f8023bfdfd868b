package io.weft.linux.netlink;

import static io.weft.linux.ffi.LinuxConstants.AF_BRIDGE;
import static io.weft.linux.ffi.LinuxConstants.AF_INET;
import static io.weft.linux.ffi.LinuxConstants.AF_INET6;
import static io.weft.linux.ffi.LinuxConstants.AF_UNSPEC;

import io.weft.net.MalformedInput;
import io.weft.net.Vni;
import java.nio.ByteBuffer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.zip.CRC32;

/**
 * Links (linux/if_link.h): struct ifinfomsg = 1 family | 1 pad | 2 hardware type | 4 index | 4
 * flags | 4 changed flags, then IFLA_* attributes.
 */
final class LinkCodec {
  private static final int IFINFOMSG = 16;

  private LinkCodec() {}

  static void writeHeader(MessageWriter out, int index, Optional<Boolean> up) {
    out.u8(AF_UNSPEC).u8(0).u16(0).u32(index);
    out.u32(up.orElse(false) ? Uapi.IFF_UP : 0).u32(up.isPresent() ? Uapi.IFF_UP : 0);
  }

  static void writeSettings(MessageWriter out, LinkSettings settings) {
    settings.mac().ifPresent(mac -> out.attribute(Uapi.IFLA_ADDRESS, mac.octets()));
    settings.mtu().ifPresent(mtu -> out.attributeU32(Uapi.IFLA_MTU, mtu));
    settings.alias().ifPresent(alias -> out.attribute(Uapi.IFLA_IFALIAS, alias));
    settings.master().ifPresent(master -> out.attributeU32(Uapi.IFLA_MASTER, master));
    settings
        .namespace()
        .ifPresent(namespace -> out.attributeU32(Uapi.IFLA_NET_NS_FD, namespace.number()));
    if (settings.linkLocal().isPresent() || settings.forwarding().isPresent()) {
      int families = out.beginNest(Uapi.IFLA_AF_SPEC);
      settings
          .forwarding()
          .ifPresent(forwarding -> writeForwarding(out, forwarding, settings.ownSources()));
      settings.linkLocal().ifPresent(linkLocal -> writeLinkLocal(out, linkLocal));
      out.endNest(families);
    }
  }

  /** IFLA_INET_CONF holds one attribute for each IPV4_DEVCONF_* that is to change. */
  private static void writeForwarding(
      MessageWriter out, boolean forwarding, Optional<Boolean> ownSources) {
    int family = out.beginNest(AF_INET);
    int configuration = out.beginNest(Uapi.IFLA_INET_CONF);
    out.attributeU32(Uapi.IPV4_DEVCONF_FORWARDING, forwarding ? 1 : 0);
    if (forwarding) {
      out.attributeU32(Uapi.IPV4_DEVCONF_RP_FILTER, 2);
    }
    out.attributeU32(Uapi.IPV4_DEVCONF_ARP_IGNORE, 1);
    ownSources.ifPresent(own -> out.attributeU32(Uapi.IPV4_DEVCONF_ACCEPT_LOCAL, own ? 1 : 0));
    out.endNest(configuration);
    out.endNest(family);
  }

  private static void writeLinkLocal(MessageWriter out, boolean linkLocal) {
    int family = out.beginNest(AF_INET6);
    out.attributeU8(
        Uapi.IFLA_INET6_ADDR_GEN_MODE,
        linkLocal ? Uapi.IN6_ADDR_GEN_MODE_EUI64 : Uapi.IN6_ADDR_GEN_MODE_NONE);
    out.endNest(family);
  }

  static void writeCreation(MessageWriter out, String name, LinkSettings settings) {
    writeHeader(out, 0, settings.up());
    out.attribute(Uapi.IFLA_IFNAME, name);
    writeSettings(out, settings);
  }

  static void writeBridge(MessageWriter out, Request.CreateBridge request) {
    writeCreation(out, request.name(), request.settings());
    int kind = beginKind(out, "bridge");
    int details = out.beginNest(Uapi.IFLA_INFO_DATA);
    out.attributeU32(Uapi.IFLA_BR_STP_STATE, 0);
    // VLAN filtering is off in a new bridge; kernels without it refuse to hear of it.
    out.attributeU8(Uapi.IFLA_BR_MCAST_SNOOPING, 0);
    out.endNest(details);
    out.endNest(kind);
  }

  static void writeBridgeMulticast(MessageWriter out, Request.SetBridgeMulticast request) {
    writeHeader(out, request.link(), Optional.empty());
    int kind = beginKind(out, "bridge");
    int details = out.beginNest(Uapi.IFLA_INFO_DATA);
    var multicast = request.multicast();
    out.attributeU8(Uapi.IFLA_BR_MCAST_IGMP_VERSION, multicast.newest() ? 3 : 2);
    out.attributeU8(Uapi.IFLA_BR_MCAST_MLD_VERSION, multicast.newest() ? 2 : 1);
    out.attributeU64(Uapi.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL, multicast.responseCentiseconds());
    out.attributeU8(Uapi.IFLA_BR_MCAST_QUERIER, multicast.querier() ? 1 : 0);
    out.attributeU32(Uapi.IFLA_BR_MCAST_HASH_MAX, BridgeMulticast.MAX_GROUPS);
    out.attributeU8(Uapi.IFLA_BR_MCAST_SNOOPING, multicast.snooping() ? 1 : 0);
    out.endNest(details);
    out.endNest(kind);
  }

  static void writeBridgeLearned(MessageWriter out, Request.SetBridgeLearned request) {
    writeHeader(out, request.link(), Optional.empty());
    int kind = beginKind(out, "bridge");
    int details = out.beginNest(Uapi.IFLA_INFO_DATA);
    out.attributeU32(Uapi.IFLA_BR_FDB_MAX_LEARNED, request.most());
    out.endNest(details);
    out.endNest(kind);
  }

  private static Optional<BridgeMulticast> multicast(Optional<Attributes> detail)
      throws MalformedInput {
    var details = detail.isEmpty() ? detail : detail.get().nest(Uapi.IFLA_INFO_DATA);
    if (details.isEmpty() || !details.get().has(Uapi.IFLA_BR_MCAST_SNOOPING)) {
      return Optional.empty(); // a kernel without CONFIG_BRIDGE_IGMP_SNOOPING
    }
    var bridge = details.get();
    return Optional.of(
        new BridgeMulticast(
            bridge.flag(Uapi.IFLA_BR_MCAST_SNOOPING),
            bridge.flag(Uapi.IFLA_BR_MCAST_QUERIER),
            bridge.u64(Uapi.IFLA_BR_MCAST_QUERY_RESPONSE_INTVL).orElse(0),
            bridge.u8(Uapi.IFLA_BR_MCAST_IGMP_VERSION).orElse(0) == 3
                && bridge.u8(Uapi.IFLA_BR_MCAST_MLD_VERSION).orElse(0) == 2));
  }

  static void writeVxlan(MessageWriter out, Request.CreateVxlan request) {
    writeCreation(out, request.name(), request.settings());
    int kind = beginKind(out, "vxlan");
    int details = out.beginNest(Uapi.IFLA_INFO_DATA);
    var vxlan = request.vxlan();
    out.attributeU32(Uapi.IFLA_VXLAN_ID, vxlan.vni().value());
    vxlan
        .local()
        .ifPresent(
            local ->
                out.attribute(
                    local.isIpv4() ? Uapi.IFLA_VXLAN_LOCAL : Uapi.IFLA_VXLAN_LOCAL6,
                    local.octets()));
    out.attributeU16Big(Uapi.IFLA_VXLAN_PORT, vxlan.port());
    out.attributeU8(Uapi.IFLA_VXLAN_LEARNING, vxlan.learning() ? 1 : 0);
    out.endNest(details);
    out.endNest(kind);
  }

  static void writeVeth(MessageWriter out, Request.CreateVeth request) {
    writeCreation(out, request.name(), request.settings());
    int kind = beginKind(out, "veth");
    int details = out.beginNest(Uapi.IFLA_INFO_DATA);
    int peer = out.beginNest(Uapi.VETH_INFO_PEER);
    writeCreation(out, request.peerName(), request.peerSettings());
    out.endNest(peer);
    out.endNest(details);
    out.endNest(kind);
  }

  static void writeVlan(MessageWriter out, Request.CreateVlan request) {
    writeCreation(out, request.name(), request.settings());
    out.attributeU32(Uapi.IFLA_LINK, request.parent());
    int kind = beginKind(out, "vlan");
    int details = out.beginNest(Uapi.IFLA_INFO_DATA);
    out.attributeU16(Uapi.IFLA_VLAN_ID, request.id());
    out.endNest(details);
    out.endNest(kind);
  }

  static void writeUnicastFlood(MessageWriter out, Request.SetUnicastFlood request) {
    writeHeader(out, request.link(), Optional.empty());
    int kind = beginPort(out);
    int details = out.beginNest(Uapi.IFLA_INFO_SLAVE_DATA);
    out.attributeU8(Uapi.IFLA_BRPORT_UNICAST_FLOOD, request.on() ? 1 : 0);
    out.endNest(details);
    out.endNest(kind);
  }

  static void writeBridgePort(MessageWriter out, Request.SetBridgePort request) {
    writeHeader(out, request.link(), Optional.empty());
    int kind = beginPort(out);
    int details = out.beginNest(Uapi.IFLA_INFO_SLAVE_DATA);
    var port = request.port();
    out.attributeU8(Uapi.IFLA_BRPORT_LEARNING, port.learning() ? 1 : 0);
    out.attributeU8(Uapi.IFLA_BRPORT_UNICAST_FLOOD, port.unicastFlood() ? 1 : 0);
    out.attributeU8(Uapi.IFLA_BRPORT_NEIGH_SUPPRESS, port.neighSuppress() ? 1 : 0);
    out.attributeU8(Uapi.IFLA_BRPORT_ISOLATED, port.isolated() ? 1 : 0);
    out.attributeU8(Uapi.IFLA_BRPORT_LOCKED, port.locked() ? 1 : 0);
    out.attributeU8(
        Uapi.IFLA_BRPORT_MULTICAST_ROUTER,
        port.multicastRouter() ? Uapi.MDB_RTR_TYPE_PERM : Uapi.MDB_RTR_TYPE_TEMP_QUERY);
    // Kernels before 6.3 pass over it.
    out.attributeU32(Uapi.IFLA_BRPORT_MCAST_MAX_GROUPS, port.maxGroups());
    out.endNest(details);
    out.endNest(kind);
  }

  private static int beginPort(MessageWriter out) {
    int at = out.beginNest(Uapi.IFLA_LINKINFO);
    out.attribute(Uapi.IFLA_INFO_SLAVE_KIND, "bridge");
    return at;
  }

  private static int beginKind(MessageWriter out, String kind) {
    int at = out.beginNest(Uapi.IFLA_LINKINFO);
    out.attribute(Uapi.IFLA_INFO_KIND, kind);
    return at;
  }

  /** True for what the bridge says of its port, which is not the whole link. */
  static boolean isOfBridge(Message message) throws MalformedInput {
    return message.fixed("struct ifinfomsg", IFINFOMSG).get(0) == AF_BRIDGE;
  }

  static Link read(Message message) throws MalformedInput {
    var fixed = message.fixed("struct ifinfomsg", IFINFOMSG);
    int flags = fixed.getInt(8);
    var attributes = message.attributes(IFINFOMSG);
    var detail = attributes.nest(Uapi.IFLA_LINKINFO);
    var kind = detail.flatMap(d -> d.text(Uapi.IFLA_INFO_KIND)).orElse("");
    return new Link(
        fixed.getInt(4),
        name(attributes),
        kind,
        attributes.u32(Uapi.IFLA_MTU).orElse(0),
        attributes.mac(Uapi.IFLA_ADDRESS),
        (flags & Uapi.IFF_UP) != 0,
        (flags & Uapi.IFF_LOWER_UP) != 0,
        attributes.u32(Uapi.IFLA_MASTER),
        attributes.text(Uapi.IFLA_IFALIAS),
        kind.equals("vxlan") ? vxlan(detail) : Optional.empty(),
        slave(detail),
        kind.equals("bridge") ? multicast(detail) : Optional.empty(),
        peer(attributes),
        attributes.u32(Uapi.IFLA_LINK_NETNSID),
        ipv4(attributes),
        ipv6Setting(attributes, Uapi.DEVCONF_FORWARDING),
        ipv6Setting(attributes, Uapi.DEVCONF_FORCE_FORWARDING),
        ipv6Setting(attributes, Uapi.DEVCONF_ACCEPT_RA),
        linkLocal(attributes),
        attributes.u32(Uapi.IFLA_GROUP).orElse(0));
  }

  /**
   * A checksum of what the kernel says of a link, but for what changes by itself: its counters, and
   * what is particular to its kind, where timers run.
   */
  static int checksum(Message message) throws MalformedInput {
    var octets = message.fixed("struct ifinfomsg", IFINFOMSG);
    var checksum = new CRC32();
    int from = 0;
    int at = IFINFOMSG;
    while (octets.limit() - at >= 4) {
      int length = octets.getShort(at) & 0xffff;
      if (length < 4 || length > octets.limit() - at) {
        throw new MalformedInput("a link's attribute of length " + length);
      }
      int end = Math.min(octets.limit(), at + Message.align(length));
      switch (octets.getShort(at + 2) & Uapi.NLA_TYPE_MASK) {
        case Uapi.IFLA_STATS, Uapi.IFLA_STATS64, Uapi.IFLA_LINKINFO -> {
          checksum.update(octets.slice(from, at - from));
          from = end;
        }
        default -> {} // counts, in one run with its neighbours
      }
      at = end;
    }
    checksum.update(octets.slice(from, octets.limit() - from));
    return (int) checksum.getValue();
  }

  /** In answers IFLA_INET_CONF is an array of all IPV4_DEVCONF_*, the first at 0. */
  private static Ipv4Settings ipv4(Attributes attributes) throws MalformedInput {
    var families = attributes.nest(Uapi.IFLA_AF_SPEC);
    var family = families.isEmpty() ? families : families.get().nest(AF_INET);
    var values =
        family.isEmpty() ? Optional.<ByteBuffer>empty() : family.get().raw(Uapi.IFLA_INET_CONF);
    return new Ipv4Settings(
        setting(values, Uapi.IPV4_DEVCONF_FORWARDING - 1) != 0,
        setting(values, Uapi.IPV4_DEVCONF_RP_FILTER - 1),
        setting(values, Uapi.IPV4_DEVCONF_ARP_IGNORE - 1),
        setting(values, Uapi.IPV4_DEVCONF_ACCEPT_LOCAL - 1) != 0);
  }

  private static int setting(Optional<ByteBuffer> values, int number) {
    int at = 4 * number;
    return values.isPresent() && values.get().limit() >= at + 4 ? values.get().getInt(at) : 0;
  }

  private static boolean linkLocal(Attributes attributes) throws MalformedInput {
    var families = attributes.nest(Uapi.IFLA_AF_SPEC);
    var family = families.isEmpty() ? families : families.get().nest(AF_INET6);
    return family.isPresent()
        && family.get().u8(Uapi.IFLA_INET6_ADDR_GEN_MODE).orElse(Uapi.IN6_ADDR_GEN_MODE_NONE)
            != Uapi.IN6_ADDR_GEN_MODE_NONE;
  }

  /** IFLA_INET6_CONF is an array of all DEVCONF_*; an older kernel's is shorter. */
  private static boolean ipv6Setting(Attributes attributes, int setting) throws MalformedInput {
    var families = attributes.nest(Uapi.IFLA_AF_SPEC);
    var family = families.isEmpty() ? families : families.get().nest(AF_INET6);
    if (family.isEmpty()) {
      return false;
    }
    return setting(family.get().raw(Uapi.IFLA_INET6_CONF), setting) != 0;
  }

  static int index(Message message) throws MalformedInput {
    return message.fixed("struct ifinfomsg", IFINFOMSG).getInt(4);
  }

  static String name(Message message) throws MalformedInput {
    return name(message.attributes(IFINFOMSG));
  }

  private static String name(Attributes attributes) {
    return attributes.text(Uapi.IFLA_IFNAME).orElse("");
  }

  private static OptionalInt peer(Attributes attributes) throws MalformedInput {
    var peer = attributes.u32(Uapi.IFLA_LINK);
    return peer.orElse(0) == 0 ? OptionalInt.empty() : peer;
  }

  private static Optional<Vxlan> vxlan(Optional<Attributes> detail) throws MalformedInput {
    if (detail.isEmpty()) {
      return Optional.empty();
    }
    var details = detail.get().nest(Uapi.IFLA_INFO_DATA);
    if (details.isEmpty()) {
      return Optional.empty();
    }
    var vxlan = details.get();
    int vni = vxlan.u32(Uapi.IFLA_VXLAN_ID).orElse(0);
    int port = vxlan.u16Big(Uapi.IFLA_VXLAN_PORT).orElse(0);
    if (vni == 0 || port == 0) {
      return Optional.empty(); // a device in external mode, which carries many
    }
    if (vni < 0 || vni > Vni.MAX) {
      throw new MalformedInput("VXLAN device with VNI " + Integer.toUnsignedString(vni));
    }
    var local = vxlan.ip(Uapi.IFLA_VXLAN_LOCAL).or(() -> vxlan.ip(Uapi.IFLA_VXLAN_LOCAL6));
    return Optional.of(
        new Vxlan(
            new Vni(vni),
            local.filter(address -> !address.isUnspecified()),
            port,
            vxlan.flag(Uapi.IFLA_VXLAN_LEARNING)));
  }

  private static Optional<BridgePort> slave(Optional<Attributes> detail) throws MalformedInput {
    if (detail.isEmpty()
        || !detail.get().text(Uapi.IFLA_INFO_SLAVE_KIND).orElse("").equals("bridge")) {
      return Optional.empty();
    }
    var port = detail.get().nest(Uapi.IFLA_INFO_SLAVE_DATA);
    return port.isEmpty() ? Optional.empty() : Optional.of(bridgePort(port.get()));
  }

  /** The port's flags out of a message of family AF_BRIDGE, if it has them. */
  static Optional<BridgePort> bridgePort(Message message) throws MalformedInput {
    var port = message.attributes(IFINFOMSG).nest(Uapi.IFLA_PROTINFO);
    return port.isEmpty() ? Optional.empty() : Optional.of(bridgePort(port.get()));
  }

  private static BridgePort bridgePort(Attributes port) throws MalformedInput {
    boolean router = port.u8(Uapi.IFLA_BRPORT_MULTICAST_ROUTER).orElse(0) == Uapi.MDB_RTR_TYPE_PERM;
    return new BridgePort(
        port.flag(Uapi.IFLA_BRPORT_LEARNING),
        port.flag(Uapi.IFLA_BRPORT_NEIGH_SUPPRESS),
        port.flag(Uapi.IFLA_BRPORT_LOCKED),
        port.flag(Uapi.IFLA_BRPORT_ISOLATED),
        router,
        port.flag(Uapi.IFLA_BRPORT_UNICAST_FLOOD),
        port.u32(Uapi.IFLA_BRPORT_MCAST_MAX_GROUPS).orElse(BridgePort.maxGroups(router)));
  }
}
