package io.weft.lab.check;

import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import java.util.Collection;
import java.util.Map;
import java.util.NavigableSet;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;
import java.util.stream.Collectors;

/**
 * The forwarding tables of a namespace as lines of text, read from the kernel and not asked of the
 * agent that wrote them.
 */
final class TenantTables {
  private final Map<Integer, Link> links = new TreeMap<>();
  private final NavigableSet<String> lines = new TreeSet<>();

  private TenantTables() {}

  /**
   * What forwards: rows of VXLAN devices, of bridges, neighbours of bridges, and routes. Not what
   * the kernel has of itself: the devices' own addresses and multicast groups.
   */
  static NavigableSet<String> forwarding(String namespace) {
    return forwarding(namespace, _ -> true);
  }

  private static NavigableSet<String> forwarding(String namespace, Predicate<Neighbour> shown) {
    var tables = new TenantTables();
    try (var netlink = Rtnetlink.openIn(namespace)) {
      netlink.links().forEach(link -> tables.links.put(link.index(), link));
      netlink.fdb().forEach(row -> tables.row(row).ifPresent(tables.lines::add));
      netlink.neighbours().stream()
          .filter(shown)
          .forEach(row -> tables.neighbour(row).ifPresent(tables.lines::add));
      netlink.routes().forEach(row -> tables.route(row).ifPresent(tables.lines::add));
    }
    return tables.lines;
  }

  /**
   * {@link #forwarding}, and every link with all that it has; without neighbours that the kernel
   * has asked for: it forgets them by itself.
   */
  static NavigableSet<String> everything(String namespace) {
    var lines = forwarding(namespace, Neighbour::externLearned);
    try (var netlink = Rtnetlink.openIn(namespace)) {
      netlink.links().forEach(link -> lines.add("link " + link));
      netlink.addresses().forEach(address -> lines.add("address " + address));
    }
    return lines;
  }

  static String remote(String port, Object mac, Object vtep) {
    return port + " " + mac + " dst " + vtep + " extern_learned";
  }

  static String flood(String port, Object vtep) {
    return port + " flood dst " + vtep;
  }

  static String tunnelled(int vni, String port, Object mac) {
    return "br" + vni + " " + mac + " at " + port + " extern_learned";
  }

  static String local(int vni, Object mac) {
    return "br" + vni + " " + mac + " at a port static";
  }

  static String neighbour(int vni, Object address, Object mac) {
    return "br" + vni + " neighbour " + address + " " + mac + " noarp";
  }

  /** Equal ways in the order of their VTEPs; IPv6 leads to the mapped addresses of IPv4 VTEPs. */
  static String route(int vni, Object prefix, Collection<?> vteps) {
    boolean ipv6 = prefix.toString().contains(":");
    return "route "
        + prefix
        + vteps.stream()
            .map(vtep -> ipv6 && vtep instanceof Ipv4Address v4 ? Ipv6Address.mapped(v4) : vtep)
            .map(via -> " via " + via + " on br" + vni)
            .sorted()
            .collect(Collectors.joining());
  }

  /** What came by BGP; the connected and local ones are the kernel's own. */
  private Optional<String> route(Route row) {
    if (row.protocol() != Route.BGP) {
      return Optional.empty();
    }
    return Optional.of(
        "route "
            + row.prefix()
            + row.nextHops().stream().map(this::hop).sorted().collect(Collectors.joining()));
  }

  private String hop(NextHop hop) {
    var link = links.get(hop.link().orElse(0));
    return " via "
        + hop.via().map(Object::toString).orElse("nothing")
        + " on "
        + (link == null ? "no link" : link.name());
  }

  private Optional<String> row(FdbEntry row) {
    var link = links.get(row.link());
    if (link == null) {
      return Optional.empty();
    }
    boolean vxlan = link.kind().equals("vxlan");
    if (row.table() == FdbTable.SELF) {
      return vxlan ? row.destination().map(vtep -> deviceRow(link, row, vtep)) : Optional.empty();
    }
    // Permanent in a bridge: the address of a port.
    return row.kind() == FdbKind.PERMANENT || row.mac().isMulticast()
        ? Optional.empty()
        : Optional.of(
            master(link)
                + " "
                + row.mac()
                + " at "
                + (vxlan ? link.name() : "a port")
                + " "
                + word(row.kind()));
  }

  private static String deviceRow(Link link, FdbEntry row, Object vtep) {
    return row.mac().isZero()
        ? link.name() + " flood dst " + vtep
        : link.name() + " " + row.mac() + " dst " + vtep + " " + word(row.kind());
  }

  private Optional<String> neighbour(Neighbour row) {
    var link = links.get(row.link());
    // What a gateway asks for in vain the kernel remembers without a MAC, for a while.
    boolean vain = row.mac().isEmpty();
    // Those whom its own link-local address has spoken with it learns by itself.
    boolean learned = row.address().isLinkLocal();
    return link == null
            || vain
            || learned
            || !link.kind().equals("bridge")
            || row.address().isMulticast()
        ? Optional.empty()
        : Optional.of(
            link.name()
                + " neighbour "
                + row.address()
                + " "
                + row.mac().map(Object::toString).orElse("?")
                + " "
                + word(row.state()));
  }

  private String master(Link link) {
    var bridge = link.master().isPresent() ? links.get(link.master().getAsInt()) : null;
    return bridge == null ? "no bridge" : bridge.name();
  }

  private static String word(Enum<?> constant) {
    return constant.name().toLowerCase(java.util.Locale.ROOT);
  }
}
