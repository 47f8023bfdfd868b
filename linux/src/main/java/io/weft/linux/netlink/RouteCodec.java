package io.weft.linux.netlink;

import static io.weft.linux.ffi.LinuxConstants.AF_INET;
import static io.weft.linux.ffi.LinuxConstants.AF_INET6;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MalformedInput;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Routes (linux/rtnetlink.h): struct rtmsg = 1 family | 1 destination length | 1 source length | 1
 * TOS | 1 table | 1 protocol | 1 scope | 1 type | 4 flags, then RTA_* attributes.
 */
final class RouteCodec {
  private static final int RTMSG = 12;
  private static final int RTNEXTHOP = 8;

  private RouteCodec() {}

  /**
   * @param deleting any scope and protocol match
   */
  static void write(MessageWriter out, Route route, boolean deleting) {
    var prefix = route.prefix();
    int scope = deleting ? Uapi.RT_SCOPE_NOWHERE : scope(route);
    boolean single = route.nextHops().size() == 1;
    out.u8(family(prefix.address())).u8(prefix.length()).u8(0).u8(0);
    out.u8(route.table() < 256 ? route.table() : 0).u8(deleting ? 0 : route.protocol()).u8(scope);
    out.u8(route.type().number());
    out.u32(single && route.nextHops().getFirst().onlink() ? Uapi.RTNH_F_ONLINK : 0);
    if (prefix.length() > 0) {
      out.attribute(Uapi.RTA_DST, prefix.address().octets());
    }
    if (single) {
      var hop = route.nextHops().getFirst();
      writeGateway(out, prefix.address(), hop);
      hop.link().ifPresent(link -> out.attributeU32(Uapi.RTA_OIF, link));
    } else if (!route.nextHops().isEmpty()) {
      writeMultipath(out, route);
    }
    if (route.table() > 255) {
      out.attributeU32(Uapi.RTA_TABLE, route.table());
    }
    route.metric().ifPresent(metric -> out.attributeU32(Uapi.RTA_PRIORITY, metric));
    route.source().ifPresent(source -> out.attribute(Uapi.RTA_PREFSRC, source.octets()));
    if (route.mtu().isPresent()) {
      int metrics = out.beginNest(Uapi.RTA_METRICS);
      out.attributeU32(Uapi.RTAX_MTU, route.mtu().getAsInt());
      out.endNest(metrics);
    }
  }

  private static int scope(Route route) {
    boolean direct =
        route.type() == RouteType.UNICAST
            && route.prefix().address().isIpv4()
            && route.nextHops().stream().allMatch(hop -> hop.via().isEmpty());
    return direct ? Uapi.RT_SCOPE_LINK : Uapi.RT_SCOPE_UNIVERSE;
  }

  /** 2 length | 1 flags | 1 weight - 1 | 4 index, then attributes; for each next hop. */
  private static void writeMultipath(MessageWriter out, Route route) {
    int all = out.beginAttribute(Uapi.RTA_MULTIPATH);
    for (var hop : route.nextHops()) {
      int at = out.size();
      out.u16(0).u8(hop.onlink() ? Uapi.RTNH_F_ONLINK : 0).u8(0).u32(hop.link().orElse(0));
      writeGateway(out, route.prefix().address(), hop);
      out.endNest(at); // its length stands where an attribute's does
    }
    out.endNest(all);
  }

  private static void writeGateway(MessageWriter out, IpAddress destination, NextHop hop) {
    if (hop.via().isEmpty()) {
      return;
    }
    var gateway = hop.via().get();
    if (gateway.isIpv4() == destination.isIpv4()) {
      out.attribute(Uapi.RTA_GATEWAY, gateway.octets());
    } else {
      // struct rtvia: 2 family | address (RFC 8950: an IPv4 route by an IPv6 neighbour)
      out.attribute(
          Uapi.RTA_VIA,
          ByteBuffer.allocate(2 + gateway.bits() / 8)
              .order(ByteOrder.nativeOrder())
              .putShort((short) family(gateway))
              .put(gateway.octets())
              .array());
    }
  }

  private static int family(IpAddress address) {
    return address.isIpv4() ? AF_INET : AF_INET6;
  }

  /** Empty for routes that Weft does not speak of: other families and types, cached ones. */
  static Optional<Route> read(Message message) throws MalformedInput {
    var fixed = message.fixed("struct rtmsg", RTMSG);
    int family = fixed.get(0);
    var type = RouteType.of(fixed.get(7));
    if (type.isEmpty() || (family != AF_INET && family != AF_INET6)) {
      return Optional.empty();
    }
    var attributes = message.attributes(RTMSG);
    int length = fixed.get(1) & 0xff;
    int flags = fixed.getInt(8);
    var any = IpAddress.of(new byte[family == AF_INET ? 4 : 16]);
    var address = attributes.ip(Uapi.RTA_DST).orElse(any);
    if (length > address.bits()) {
      throw new MalformedInput("route to " + address + " with prefix length " + length);
    }
    var metrics = attributes.nest(Uapi.RTA_METRICS);
    return Optional.of(
        new Route(
            new IpPrefix(address.masked(length), length),
            type.get(),
            nextHops(attributes, flags),
            attributes.ip(Uapi.RTA_PREFSRC),
            attributes.u32(Uapi.RTA_PRIORITY),
            metrics.isEmpty() ? OptionalInt.empty() : metrics.get().u32(Uapi.RTAX_MTU),
            fixed.get(5) & 0xff,
            attributes.u32(Uapi.RTA_TABLE).orElse(fixed.get(4) & 0xff)));
  }

  private static List<NextHop> nextHops(Attributes attributes, int flags) throws MalformedInput {
    var multipath = attributes.raw(Uapi.RTA_MULTIPATH);
    if (multipath.isPresent()) {
      return readMultipath(multipath.get());
    }
    var link = attributes.u32(Uapi.RTA_OIF);
    var gateway = gateway(attributes);
    return link.isEmpty() && gateway.isEmpty()
        ? List.of()
        : List.of(new NextHop(gateway, link, (flags & Uapi.RTNH_F_ONLINK) != 0));
  }

  private static List<NextHop> readMultipath(ByteBuffer in) throws MalformedInput {
    var hops = new ArrayList<NextHop>();
    int at = 0;
    while (in.limit() - at >= RTNEXTHOP) {
      int length = in.getShort(at) & 0xffff;
      if (length < RTNEXTHOP || length > in.limit() - at) {
        throw new MalformedInput("next hop at " + at + ": length " + length);
      }
      var attributes = Attributes.of(Message.slice(in, at + RTNEXTHOP, length - RTNEXTHOP));
      boolean onlink = (in.get(at + 2) & Uapi.RTNH_F_ONLINK) != 0;
      hops.add(new NextHop(gateway(attributes), OptionalInt.of(in.getInt(at + 4)), onlink));
      at += Message.align(length);
    }
    return hops;
  }

  private static Optional<IpAddress> gateway(Attributes attributes) {
    return attributes
        .ip(Uapi.RTA_GATEWAY)
        .or(
            () ->
                attributes
                    .octets(Uapi.RTA_VIA)
                    .filter(via -> via.length == 6 || via.length == 18)
                    .map(via -> IpAddress.of(java.util.Arrays.copyOfRange(via, 2, via.length))));
  }

  /**
   * What asks where packets to one address go.
   *
   * @param flags RTM_F_FIB_MATCH: the route that leads there, as it stands in the table
   */
  static void writeLookup(MessageWriter out, IpAddress destination, int flags) {
    out.u8(family(destination)).u8(destination.bits()).u8(0).u8(0).u32(0).u32(flags);
    out.attribute(Uapi.RTA_DST, destination.octets());
  }

  static void writeDump(MessageWriter out, int family) {
    out.u8(family).u8(0).u8(0).u8(0).u32(0).u32(0);
  }
}
