package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv6Address;
import io.weft.net.KeyTable;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/**
 * Identity of a {@link ForwardingObject}. Sorted so that what others stand on comes first: creation
 * goes up the order, removal down. Tables of a hundred thousand rows are keyed by it, so it has its
 * hash with it, and the MAC, address or prefix of a row as it is, not as text.
 */
public final class ForwardingKey implements Comparable<ForwardingKey> {

  private static final String IPV6 = "ipv6";

  private final Kind kind;
  private final String namespace;
  private final int vni;

  /** A {@link MacAddress}, {@link IpAddress} or {@link IpPrefix}, as the kind has it; else text. */
  private final Object subject;

  /** The row or device is of the IPv6 VTEP. */
  private final boolean ipv6;

  private final int hash;

  /** Kinds in the order of their dependencies. */
  public enum Kind {
    UNDERLAY_ROUTE,
    NAMESPACE,
    EGRESS_FILTER,
    EGRESS_LINK,
    EGRESS_PORT,
    EGRESS_ADDRESS,
    EGRESS_ROUTE,
    DEAD_END,
    BRIDGE,
    IPV6_ROUTING,
    GATEWAY,
    VXLAN,
    PORT,
    LOCAL_FDB,
    TAP,
    ENDPOINT_ROUTE,
    SENDING_PORT,
    VXLAN_FDB,
    BRIDGE_FDB,
    FLOOD,
    UNKNOWN_UNICAST,
    MULTICAST,
    MOVED_MAC,
    NEIGHBOUR,
    SENDING_FDB,
    SENDING_NEIGHBOUR,
    TRANSIT_GUARD,
    TENANT_ROUTE;

    /** True for what comes from other nodes' routes, and counts while their sessions are cut. */
    public boolean isRemote() {
      return this == UNDERLAY_ROUTE || compareTo(SENDING_PORT) >= 0 && this != MOVED_MAC;
    }

    /** True for what belongs to a tenant's routing as a whole, not to one VNI of this node. */
    boolean isOfTenant() {
      return switch (this) {
        case SENDING_PORT, SENDING_FDB, SENDING_NEIGHBOUR, TRANSIT_GUARD, TENANT_ROUTE -> true;
        default -> false;
      };
    }
  }

  /**
   * As people write it.
   *
   * @param namespace empty: that of the underlay
   * @param vni 0 where the kind has none in its identity
   * @param discriminator port name, MAC or address; empty where there is none
   * @throws IllegalArgumentException when the kind wants a MAC, address or prefix, and it is none
   */
  public ForwardingKey(Kind kind, String namespace, int vni, String discriminator) {
    this(kind, namespace, vni, subject(kind, discriminator), isOfIpv6(kind, discriminator));
  }

  private ForwardingKey(Kind kind, String namespace, int vni, Object subject, boolean ipv6) {
    this.kind = kind;
    this.namespace = namespace;
    this.vni = vni;
    this.subject = subject;
    this.ipv6 = ipv6;
    int mixed = 31 * (31 * (31 * kind.name().hashCode() + namespace.hashCode()) + vni);
    this.hash = 31 * (mixed + subject.hashCode()) + (ipv6 ? 1 : 0);
  }

  private static boolean isOfIpv6(Kind kind, String discriminator) {
    return switch (kind) {
      case VXLAN, SENDING_PORT, UNKNOWN_UNICAST -> discriminator.equals(IPV6);
      case VXLAN_FDB -> discriminator.endsWith(" " + IPV6);
      default -> false;
    };
  }

  private static Object subject(Kind kind, String text) {
    if (text.isEmpty()) {
      return text;
    }
    return switch (kind) {
      case VXLAN, SENDING_PORT, UNKNOWN_UNICAST -> text.equals(IPV6) ? "" : text;
      case VXLAN_FDB -> MacAddress.parse(text.split(" ", 2)[0]);
      case LOCAL_FDB, BRIDGE_FDB, SENDING_FDB, MOVED_MAC -> MacAddress.parse(text);
      case FLOOD, NEIGHBOUR, SENDING_NEIGHBOUR -> IpAddress.parse(text);
      case UNDERLAY_ROUTE, EGRESS_ROUTE, DEAD_END, ENDPOINT_ROUTE, TENANT_ROUTE ->
          IpPrefix.parse(text);
      case NAMESPACE,
          EGRESS_FILTER,
          EGRESS_LINK,
          EGRESS_PORT,
          EGRESS_ADDRESS,
          BRIDGE,
          IPV6_ROUTING,
          GATEWAY,
          PORT,
          TAP,
          MULTICAST,
          TRANSIT_GUARD ->
          text;
    };
  }

  /**
   * Of a row of a MAC: {@link Kind#LOCAL_FDB}, {@link Kind#BRIDGE_FDB}, {@link Kind#MOVED_MAC},
   * {@link Kind#SENDING_FDB}.
   */
  public static ForwardingKey of(Kind kind, String namespace, Vni vni, MacAddress mac) {
    return new ForwardingKey(kind, namespace, vni.value(), mac, false);
  }

  /** Of a row of an address: {@link Kind#FLOOD} and the neighbours. */
  public static ForwardingKey of(Kind kind, String namespace, Vni vni, IpAddress address) {
    return new ForwardingKey(kind, namespace, vni.value(), address, false);
  }

  /** One that comes before all of its kind. */
  static ForwardingKey first(Kind kind) {
    return new ForwardingKey(kind, "", 0, "", false);
  }

  /** Of a route. */
  public static ForwardingKey of(Kind kind, String namespace, IpPrefix prefix) {
    return new ForwardingKey(kind, namespace, 0, prefix, false);
  }

  /** The {@link ForwardingObject.VxlanPort} whose packets go to VTEPs of this one's family. */
  public static ForwardingKey vxlanPort(String namespace, Vni vni, IpAddress vtep) {
    return vxlanPort(namespace, vni, !isIpv4(vtep));
  }

  /** As {@link #vxlanPort(String, Vni, IpAddress)}, by family. */
  public static ForwardingKey vxlanPort(String namespace, Vni vni, boolean ipv6) {
    return new ForwardingKey(Kind.VXLAN, namespace, vni.value(), "", ipv6);
  }

  /**
   * The {@link ForwardingObject.SendingPort} whose packets go to VTEPs of this one's family; one
   * that is mapped into IPv6, as routes of IPv6 name it, is of IPv4.
   */
  public static ForwardingKey sendingPort(String namespace, Vni vni, IpAddress vtep) {
    return new ForwardingKey(Kind.SENDING_PORT, namespace, vni.value(), "", !isIpv4(vtep));
  }

  /** The row of a MAC in the vxlan device whose packets go to VTEPs of this one's family. */
  public static ForwardingKey vxlanRow(String namespace, Vni vni, MacAddress mac, IpAddress vtep) {
    return vxlanRow(namespace, vni, mac, !isIpv4(vtep));
  }

  /** As {@link #vxlanRow(String, Vni, MacAddress, IpAddress)}, by family. */
  public static ForwardingKey vxlanRow(String namespace, Vni vni, MacAddress mac, boolean ipv6) {
    return new ForwardingKey(Kind.VXLAN_FDB, namespace, vni.value(), mac, ipv6);
  }

  static boolean isIpv4(IpAddress vtep) {
    return vtep.isIpv4() || vtep instanceof Ipv6Address v6 && v6.isMapped();
  }

  /** A set of keys. */
  public static KeyTable<ForwardingKey, ForwardingKey> set() {
    return new KeyTable<>(key -> key);
  }

  public Kind kind() {
    return kind;
  }

  /**
   * True for what no tenant has to itself: the routes between nodes, and the filter in the
   * namespace of the underlay.
   */
  public boolean isOfAllTenants() {
    return kind == Kind.UNDERLAY_ROUTE || kind == Kind.EGRESS_FILTER && namespace.isEmpty();
  }

  /** Empty: that of the underlay. */
  public String namespace() {
    return namespace;
  }

  /** 0 where the kind has none in its identity. */
  public int vni() {
    return vni;
  }

  /** Port name, MAC or address, as text; empty where there is none. */
  public String discriminator() {
    var text = subject.toString();
    return !ipv6 ? text : text.isEmpty() ? IPV6 : text + " " + IPV6;
  }

  /** By hand, because tables are sorted by it: a chain of comparators costs more. */
  @Override
  @SuppressWarnings("ReferenceEquality") // a shortcut only: mostly it is the same object
  public int compareTo(ForwardingKey other) {
    int order = kind.compareTo(other.kind);
    if (order == 0 && namespace != other.namespace) {
      order = namespace.compareTo(other.namespace);
    }
    if (order == 0) {
      order = Integer.compare(vni, other.vni);
    }
    if (order == 0) {
      order = compare(subject, other.subject);
    }
    return order == 0 ? Boolean.compare(ipv6, other.ipv6) : order;
  }

  /** Two of one kind; the empty text, with which a kind begins, comes before what it has. */
  private static int compare(Object one, Object other) {
    return switch (one) {
      case MacAddress mac when other instanceof MacAddress theirs -> mac.compareTo(theirs);
      case IpAddress ip when other instanceof IpAddress theirs -> ip.compareTo(theirs);
      case IpPrefix prefix when other instanceof IpPrefix theirs -> prefix.compareTo(theirs);
      case String text when other instanceof String theirs -> text.compareTo(theirs);
      default -> one instanceof String ? -1 : 1;
    };
  }

  @Override
  @SuppressWarnings("ReferenceEquality") // a shortcut only
  public boolean equals(@Nullable Object other) {
    return this == other
        || other instanceof ForwardingKey key
            && hash == key.hash
            && kind == key.kind
            && vni == key.vni
            && ipv6 == key.ipv6
            && (subject == key.subject || subject.equals(key.subject))
            && namespace.equals(key.namespace);
  }

  @Override
  public int hashCode() {
    return hash;
  }

  @Override
  public String toString() {
    var discriminator = discriminator();
    return kind.name().toLowerCase(Locale.ROOT)
        + (namespace.isEmpty() ? "" : " " + namespace)
        + (vni == 0 ? "" : " vni " + vni)
        + (discriminator.isEmpty() ? "" : " " + discriminator);
  }
}
