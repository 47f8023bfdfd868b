package io.weft.linux.netlink;

import static io.weft.linux.ffi.LinuxConstants.AF_BRIDGE;

import io.weft.net.IpAddress;
import io.weft.net.MalformedInput;
import io.weft.net.Vni;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Multicast databases (linux/if_bridge.h): struct br_port_msg = 1 family | 3 pad | 4 index, then
 * MDBA_*. A row is a struct br_mdb_entry = 4 port | 1 state | 1 flags | 2 VLAN | 16 group, from its
 * first octet | 2 protocol, in network order | 2 pad, and what is said of it, MDBA_MDB_EATTR_*.
 */
final class MdbCodec {
  private static final int BR_PORT_MSG = 8;
  private static final int BR_MDB_ENTRY = 28;

  /** RTPROT_BGP (linux/rtnetlink.h): who wrote the row. */
  private static final int PROTOCOL = 186;

  private MdbCodec() {}

  static void writeDump(MessageWriter out) {
    writeHeader(out, 0);
  }

  private static void writeHeader(MessageWriter out, int device) {
    out.u8(AF_BRIDGE).u8(0).u16(0).u32(device);
  }

  /** Rows of VXLAN devices: those of bridges are what hosts say. */
  static void write(MessageWriter out, MdbEntry entry) {
    writeHeader(out, entry.device());
    int row = out.beginAttribute(Uapi.MDBA_SET_ENTRY);
    out.u32(entry.port()).u8(Uapi.MDB_PERMANENT).u8(0).u16(0);
    var group = entry.group().octets();
    out.bytes(group).bytes(new byte[16 - group.length]);
    int protocol = group.length == 4 ? Uapi.ETH_P_IP : Uapi.ETH_P_IPV6;
    out.u8(protocol >> 8).u8(protocol).u16(0);
    out.endNest(row);
    int attributes = out.beginNest(Uapi.MDBA_SET_ENTRY_ATTRS);
    entry.source().ifPresent(from -> out.attribute(Uapi.MDBE_ATTR_SOURCE, from.octets()));
    entry.destination().ifPresent(vtep -> out.attribute(Uapi.MDBE_ATTR_DST, vtep.octets()));
    entry.destinationVni().ifPresent(vni -> out.attributeU32(Uapi.MDBE_ATTR_VNI, vni.value()));
    entry.destinationPort().ifPresent(port -> out.attributeU16Big(Uapi.MDBE_ATTR_DST_PORT, port));
    out.attributeU8(Uapi.MDBE_ATTR_RTPROT, PROTOCOL);
    out.endNest(attributes);
  }

  /** The rows of a message: those of one device in a dump, one in a notice. */
  static List<MdbEntry> read(Message message) throws MalformedInput {
    int device = message.fixed("struct br_port_msg", BR_PORT_MSG).getInt(4);
    var rows = new ArrayList<MdbEntry>();
    var database = message.attributes(BR_PORT_MSG).raw(Uapi.MDBA_MDB);
    if (database.isEmpty()) {
      return rows; // ports of routers only
    }
    for (var group : Attributes.elements(database.get())) {
      for (var row : Attributes.elements(group)) {
        entry(device, row).ifPresent(rows::add);
      }
    }
    return rows;
  }

  /** Empty for a group that is none of IP. */
  private static Optional<MdbEntry> entry(int device, ByteBuffer row) throws MalformedInput {
    if (row.limit() < BR_MDB_ENTRY) {
      throw new MalformedInput("struct br_mdb_entry needs 28 octets, has " + row.limit());
    }
    int protocol = (row.get(24) & 0xff) << 8 | (row.get(25) & 0xff);
    if (protocol != Uapi.ETH_P_IP && protocol != Uapi.ETH_P_IPV6) {
      return Optional.empty();
    }
    var group = new byte[protocol == Uapi.ETH_P_IP ? 4 : 16];
    row.get(8, group);
    var details = Attributes.of(Message.slice(row, BR_MDB_ENTRY, row.limit() - BR_MDB_ENTRY));
    int vni = details.u32(Uapi.MDBA_MDB_EATTR_VNI).orElse(0);
    return Optional.of(
        new MdbEntry(
            device,
            row.getInt(0),
            IpAddress.of(group),
            details.ip(Uapi.MDBA_MDB_EATTR_SOURCE),
            details.ip(Uapi.MDBA_MDB_EATTR_DST),
            vni <= 0 || vni > Vni.MAX ? Optional.empty() : Optional.of(new Vni(vni)),
            details.u16Big(Uapi.MDBA_MDB_EATTR_DST_PORT),
            isAsked(row.get(5), details)));
  }

  private static boolean isAsked(int flags, Attributes details) throws MalformedInput {
    boolean ofSource = details.ip(Uapi.MDBA_MDB_EATTR_SOURCE).isPresent();
    boolean including = details.u8(Uapi.MDBA_MDB_EATTR_GROUP_MODE).orElse(0) == Uapi.MCAST_INCLUDE;
    return ofSource
        ? (flags & (Uapi.MDB_FLAGS_STAR_EXCL | Uapi.MDB_FLAGS_BLOCKED)) == 0
        : !including;
  }
}
