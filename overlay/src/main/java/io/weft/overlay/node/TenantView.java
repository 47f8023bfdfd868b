package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * An immutable picture of a tenant on one node.
 *
 * @param namespace of the tenant on this node
 * @param routing what its networks route by; empty: all of them are pure Layer 2
 * @param here what is of it on this node; empty while no routed network has an endpoint here
 * @param networks of the intent and of this node, sorted by name
 */
public record TenantView(
    String name,
    String namespace,
    Optional<TenantIntent> routing,
    Optional<Here> here,
    List<Member> networks) {
  public TenantView {
    networks = List.copyOf(networks);
  }

  /**
   * Its IP-VRF on this node.
   *
   * @param remotePrefixes distinct prefixes and hosts that other nodes say
   * @param ofOthers ways that connections let in, used or not, by the tenant whose they are
   */
  public record Here(
      RouteDistinguisher rd,
      MacAddress routerMac,
      int remotePrefixes,
      SortedMap<String, Integer> ofOthers) {
    public Here {
      ofOthers = Collections.unmodifiableSortedMap(new TreeMap<>(ofOthers));
    }
  }

  /**
   * One of its networks.
   *
   * @param routed it has a gateway
   * @param realised it has endpoints on this node
   */
  public record Member(String name, boolean routed, boolean realised) {}

  /** Where a prefix comes from. */
  public enum Source {
    /** A network with a gateway is on this node. */
    CONNECTED,
    /** Behind an endpoint of this node that is a router. */
    ENDPOINT,
    /** The tenant's way out through this node. */
    NODE,
    /** A host on another node (a route of Type 2 with two labels). */
    HOST,
    /** A prefix that another node says (Type 5). */
    PREFIX
  }

  /**
   * Where packets for a prefix may go.
   *
   * @param via a VTEP, or a gateway within a network of the tenant
   * @param vni of the tenant, of another tenant there, or of that network
   */
  public record Way(IpAddress via, Vni vni) {}

  /**
   * A prefix of a tenant's table.
   *
   * @param ways the best ones, all equally good; none: it is connected, or nothing usable is known
   * @param used the kernel is to have it so
   * @param owner the tenant whose it is by a connection; empty: this one
   */
  public record Prefix(IpPrefix prefix, Source source, List<Way> ways, boolean used, String owner) {
    public Prefix {
      ways = List.copyOf(ways);
    }

    /** One of the tenant's own. */
    public Prefix(IpPrefix prefix, Source source, List<Way> ways, boolean used) {
      this(prefix, source, ways, used, "");
    }
  }

  /**
   * A part of a tenant's table, in the order of prefixes.
   *
   * @param next where the next part begins; empty: this was the last
   */
  public record PrefixPage(List<Prefix> prefixes, Optional<IpPrefix> next) {
    public PrefixPage {
      prefixes = List.copyOf(prefixes);
    }
  }

  /**
   * What a tenant does with a route that it has taken in.
   *
   * @param used packets go by it
   */
  public record Use(String tenant, boolean used, String reason) {}
}
