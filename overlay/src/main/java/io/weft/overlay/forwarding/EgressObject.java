package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.Comparator;
import java.util.List;

/** What a tenant's way out through this node consists of (docs/egress.md). */
public sealed interface EgressObject extends ForwardingObject {
  /**
   * The packet filter and the address translation of a way out: a table of nftables, in a tenant's
   * namespace or in that of the underlay. Its rules follow from what is said here.
   *
   * @param whole the rules are all there and nothing else is
   * @param node in a tenant's namespace: the node may begin connections too, and they have these
   *     sources, one of a family at most; none: nobody outside begins. In that of the underlay: its
   *     addresses among nodes, where it reaches any tenant so
   * @param shared in that of the underlay: what tenants reach of each other by services; sorted
   */
  record EgressFilter(String namespace, boolean whole, List<IpAddress> node, List<Shared> shared)
      implements EgressObject {
    public EgressFilter {
      node = List.copyOf(node);
      shared = shared.stream().distinct().sorted(Shared.ORDER).toList();
    }

    /**
     * A port of the pods of one tenant.
     *
     * @param port the {@link EgressPort} of the tenant
     * @param udp else TCP
     */
    public record Shared(String port, boolean udp, int number) {
      private static final Comparator<Shared> ORDER =
          Comparator.comparing(Shared::port)
              .thenComparing(Shared::udp)
              .thenComparingInt(Shared::number);
    }

    /** That of a tenant's namespace. */
    public EgressFilter(String namespace, boolean whole, List<IpAddress> node) {
      this(namespace, whole, node, List.of());
    }

    /** One by which nobody outside begins. */
    public EgressFilter(String namespace, boolean whole) {
      this(namespace, whole, List.of());
    }

    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.EGRESS_FILTER, namespace, 0, "");
    }
  }

  /**
   * The tenant's end of its way out: a veth by the name of {@link #NAME}, which routes, whose other
   * end is an {@link EgressPort}. It needs the filters of both ends.
   *
   * @param port name of the other end
   */
  record EgressLink(String namespace, int mtu, String port) implements EgressObject {
    /** Its name in each tenant's namespace. */
    public static final String NAME = "egress";

    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.EGRESS_LINK, namespace, 0, "");
    }
  }

  /**
   * The end of a tenant's way out in the namespace of the underlay, which routes.
   *
   * @param port interface name, at most 15 characters
   * @param tenant the tenant's namespace
   */
  record EgressPort(String port, String tenant, int mtu) implements EgressObject {
    @Override
    public String namespace() {
      return "";
    }

    @Override
    public ForwardingKey key() {
      return new ForwardingKey(Kind.EGRESS_PORT, "", 0, port);
    }
  }

  /** An address of one end of a way out; the connected route comes with it. */
  record EgressAddress(String namespace, String device, IpAddress address, int prefixLength)
      implements EgressObject {
    @Override
    public ForwardingKey key() {
      return new ForwardingKey(
          Kind.EGRESS_ADDRESS, namespace, 0, device + " " + address + "/" + prefixLength);
    }
  }

  /**
   * A route over a way out: of the tenant's table, where a {@link TenantRoute} comes before it, or
   * of the underlay's main table into the tenant.
   *
   * @param via the address of the other end
   */
  record EgressRoute(String namespace, IpPrefix prefix, IpAddress via) implements EgressObject {
    @Override
    public ForwardingKey key() {
      return key(namespace, prefix);
    }

    /** The key of the route to a prefix. */
    public static ForwardingKey key(String namespace, IpPrefix prefix) {
      return ForwardingKey.of(Kind.EGRESS_ROUTE, namespace, prefix);
    }
  }

  /** A prefix that is unreachable for the tenant unless another route to it, or in it, stands. */
  record DeadEnd(String namespace, IpPrefix prefix) implements EgressObject {
    @Override
    public ForwardingKey key() {
      return ForwardingKey.of(Kind.DEAD_END, namespace, prefix);
    }
  }
}
