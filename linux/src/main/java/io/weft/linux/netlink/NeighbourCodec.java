package io.weft.linux.netlink;

import static io.weft.linux.ffi.LinuxConstants.AF_BRIDGE;
import static io.weft.linux.ffi.LinuxConstants.AF_INET;
import static io.weft.linux.ffi.LinuxConstants.AF_INET6;

import io.weft.net.MalformedInput;
import io.weft.net.Vni;
import java.time.Duration;
import java.util.Optional;

/**
 * Forwarding databases and neighbours (linux/neighbour.h): struct ndmsg = 1 family | 3 pad | 4
 * index | 2 state | 1 flags | 1 type, then NDA_* attributes.
 */
final class NeighbourCodec {
  private static final int NDMSG = 12;

  private NeighbourCodec() {}

  private static void writeHeader(MessageWriter out, int family, int link, int state, int flags) {
    out.u8(family).u8(0).u16(0).u32(link).u16(state).u8(flags).u8(0);
  }

  static void writeFdb(MessageWriter out, FdbEntry entry) {
    writeHeader(out, AF_BRIDGE, entry.link(), state(entry.kind()), flags(entry));
    out.attribute(Uapi.NDA_LLADDR, entry.mac().octets());
    entry.destination().ifPresent(vtep -> out.attribute(Uapi.NDA_DST, vtep.octets()));
    entry.destinationVni().ifPresent(vni -> out.attributeU32(Uapi.NDA_VNI, vni.value()));
    entry.destinationPort().ifPresent(port -> out.attributeU16Big(Uapi.NDA_PORT, port));
  }

  private static int state(FdbKind kind) {
    return switch (kind) {
      case PERMANENT -> NeighbourState.PERMANENT.bits();
      // With NUD_NOARP alone the vxlan driver refuses, with NUD_REACHABLE alone it ages the entry.
      case STATIC, EXTERN_LEARNED -> NeighbourState.NOARP.bits() | NeighbourState.REACHABLE.bits();
      case DYNAMIC -> NeighbourState.REACHABLE.bits();
    };
  }

  private static int flags(FdbEntry entry) {
    int table =
        switch (entry.table()) {
          case SELF -> Uapi.NTF_SELF;
          case MASTER -> Uapi.NTF_MASTER;
          case SELF_AND_MASTER -> Uapi.NTF_SELF | Uapi.NTF_MASTER;
        };
    return table
        | (entry.kind() == FdbKind.EXTERN_LEARNED ? Uapi.NTF_EXT_LEARNED : 0)
        | (entry.sticky() ? Uapi.NTF_STICKY : 0);
  }

  /** True for a row of a forwarding database, false for a neighbour. */
  static boolean isFdb(Message message) throws MalformedInput {
    return message.fixed("struct ndmsg", NDMSG).get(0) == AF_BRIDGE;
  }

  /** Empty for a row without a MAC. */
  static Optional<FdbEntry> readFdb(Message message) throws MalformedInput {
    var fixed = message.fixed("struct ndmsg", NDMSG);
    int state = fixed.getShort(8);
    int flags = fixed.get(10);
    var attributes = message.attributes(NDMSG);
    var destinationVni = destinationVni(attributes);
    var destinationPort = attributes.u16Big(Uapi.NDA_PORT);
    // Only the bridge names itself in NDA_MASTER; a device's flags are what the writer gave it.
    var table = attributes.has(Uapi.NDA_MASTER) ? FdbTable.MASTER : FdbTable.SELF;
    return attributes
        .mac(Uapi.NDA_LLADDR)
        .map(
            mac ->
                new FdbEntry(
                    fixed.getInt(4),
                    mac,
                    table,
                    attributes.ip(Uapi.NDA_DST),
                    kind(state, flags),
                    (flags & Uapi.NTF_STICKY) != 0,
                    destinationVni,
                    destinationPort));
  }

  /**
   * Empty for a row of a device. Struct nda_cacheinfo = 4 confirmed | 4 used | 4 updated | 4
   * references, times in hundredths of a second.
   */
  static Optional<FdbAge> readFdbAge(Message message) throws MalformedInput {
    var row = readFdb(message).filter(entry -> entry.table() == FdbTable.MASTER);
    var times = message.attributes(NDMSG).raw(Uapi.NDA_CACHEINFO).filter(t -> t.limit() >= 12);
    return row.isEmpty() || times.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new FdbAge(
                row.get(), Duration.ofMillis(Integer.toUnsignedLong(times.get().getInt(8)) * 10)));
  }

  private static Optional<Vni> destinationVni(Attributes attributes) throws MalformedInput {
    int vni = attributes.u32(Uapi.NDA_VNI).orElse(0);
    return vni <= 0 || vni > Vni.MAX ? Optional.empty() : Optional.of(new Vni(vni));
  }

  private static FdbKind kind(int state, int flags) {
    if ((flags & Uapi.NTF_EXT_LEARNED) != 0) {
      return FdbKind.EXTERN_LEARNED;
    }
    if ((state & NeighbourState.PERMANENT.bits()) != 0) {
      return FdbKind.PERMANENT;
    }
    return (state & NeighbourState.NOARP.bits()) != 0 ? FdbKind.STATIC : FdbKind.DYNAMIC;
  }

  static void writeNeighbour(MessageWriter out, Neighbour neighbour) {
    int flags =
        (neighbour.externLearned() ? Uapi.NTF_EXT_LEARNED : 0)
            | (neighbour.router() ? Uapi.NTF_ROUTER : 0);
    int family = neighbour.address().isIpv4() ? AF_INET : AF_INET6;
    writeHeader(out, family, neighbour.link(), neighbour.state().bits(), flags);
    if (neighbour.protocol() != 0) {
      out.attributeU8(Uapi.NDA_PROTOCOL, neighbour.protocol());
    }
    out.attribute(Uapi.NDA_DST, neighbour.address().octets());
    neighbour.mac().ifPresent(mac -> out.attribute(Uapi.NDA_LLADDR, mac.octets()));
  }

  /** Empty for a family other than IPv4 and IPv6. */
  static Optional<Neighbour> readNeighbour(Message message) throws MalformedInput {
    var fixed = message.fixed("struct ndmsg", NDMSG);
    int flags = fixed.get(10);
    var attributes = message.attributes(NDMSG);
    int protocol = attributes.u8(Uapi.NDA_PROTOCOL).orElse(0);
    return attributes
        .ip(Uapi.NDA_DST)
        .map(
            address ->
                new Neighbour(
                    fixed.getInt(4),
                    address,
                    attributes.mac(Uapi.NDA_LLADDR),
                    NeighbourState.of(fixed.getShort(8)),
                    (flags & Uapi.NTF_EXT_LEARNED) != 0,
                    (flags & Uapi.NTF_ROUTER) != 0,
                    protocol));
  }

  /** The filter of a dump; link 0: all. */
  static void writeDump(MessageWriter out, int family, int link) {
    writeHeader(out, family, family == AF_BRIDGE ? link : 0, 0, 0);
  }
}
