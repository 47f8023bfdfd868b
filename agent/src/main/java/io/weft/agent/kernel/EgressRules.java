package io.weft.agent.kernel;

import static io.weft.agent.kernel.PacketMatch.address;
import static io.weft.agent.kernel.PacketMatch.exactly;
import static io.weft.agent.kernel.PacketMatch.family;
import static io.weft.agent.kernel.PacketMatch.icmpv6;
import static io.weft.agent.kernel.PacketMatch.link;
import static io.weft.agent.kernel.PacketMatch.port;
import static io.weft.agent.kernel.PacketMatch.prefix;
import static io.weft.agent.kernel.PacketMatch.protocol;
import static io.weft.agent.kernel.PacketMatch.state;
import static io.weft.agent.kernel.PacketMatch.status;
import static io.weft.agent.kernel.PacketMatch.to;

import io.weft.linux.netlink.Vxlan;
import io.weft.linux.nftables.Chain;
import io.weft.linux.nftables.Chain.Hook;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Field;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Expression.Base;
import io.weft.linux.nftables.Expression.MetaKey;
import io.weft.linux.nftables.Rule;
import io.weft.linux.nftables.Table;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Octets;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;

/**
 * What may pass a tenant's way out: connections that begin inside, and what answers them. The
 * tenant's namespace gives all of them the link's own address, so that tenants with equal subnets
 * differ outside it; the namespace of the underlay gives them the node's. Rules are the same for
 * every tenant: they know the links by name.
 */
final class EgressRules {
  /**
   * UDP ports that nobody outside a node may send to other nodes with a node's address: VXLAN (ours
   * both, and Linux's own), Geneve, BFD.
   */
  private static final int[] UDP_OF_NODES = {
    Vxlan.PORT, Vxlan.SENDING_PORT, 8472, 6081, 3784, 3785, 4784
  };

  /** A node's own, where kube-proxy may have it routed (net.ipv4.conf.all.route_localnet). */
  private static final IpPrefix LOOPBACK = IpPrefix.parse("127.0.0.0/8");

  private static final int BGP = 179;
  private static final int ICMP = 1;
  private static final int TCP = 6;
  private static final int UDP = 17;
  private static final int ICMPV6 = 58;

  /** Bits of {@code ct state} (linux/netfilter/nf_conntrack_common.h). */
  private static final int INVALID = 1;

  private static final int ESTABLISHED = 2;
  private static final int RELATED = 4;
  private static final int NEW = 8;
  private static final int UNTRACKED = 64;

  /** A bit of {@code ct status}: IPS_DST_NAT (the same header). */
  private static final int DESTINATION_TRANSLATED = 32;

  private static final Expression ACCEPT = new Expression.Verdict(true);
  private static final Expression DROP = new Expression.Verdict(false);

  /**
   * What pods of any tenant begin towards the world, other nodes among it, has one of these as its
   * source port: by that another node tells it from what this one begins itself, whose ports are
   * from 32768 on (net.ipv4.ip_local_port_range). 16384 to 32767, the one range by one mask.
   */
  private static final Octets PORTS_OF_PODS = Octets.parse("4000");

  private static final Octets PORTS_OF_PODS_END = Octets.parse("7fff");
  private static final Octets PORTS_OF_PODS_MASK = Octets.parse("c000");

  /** VTEPs of other nodes: what goes there has this node's as its source. */
  static final ElementSet VTEPS4 =
      new ElementSet("vteps4", List.of(Field.IPV4), ElementSet.Use.MEMBERS, 0);

  static final ElementSet VTEPS6 =
      new ElementSet("vteps6", List.of(Field.IPV6), ElementSet.Use.MEMBERS, 0);

  /** All addresses that other nodes are known by: what comes from there may be of their pods. */
  static final ElementSet NODES4 =
      new ElementSet("nodes4", List.of(Field.IPV4), ElementSet.Use.MEMBERS, 0);

  static final ElementSet NODES6 =
      new ElementSet("nodes6", List.of(Field.IPV6), ElementSet.Use.MEMBERS, 0);

  /** Pods here, as the cluster knows them: what comes to them from outside may keep its source. */
  static final ElementSet PODS4 =
      new ElementSet("pods4", List.of(Field.IPV4), ElementSet.Use.MEMBERS, 0);

  /** From where a tenant, by its link, has another way back: that source is not kept. */
  static final ElementSet INSIDE4 =
      new ElementSet("inside4", List.of(Field.LINK_NAME, Field.IPV4), ElementSet.Use.RANGES, 0);

  /** Octets of a link's name in a key. */
  static final int LINK_NAME = 16;

  private static final Octets NO_NAME = Octets.parse("00");

  /** What of these was stopped, by the link that it was for; of more links nothing is counted. */
  static final ElementSet STOPPED =
      new ElementSet("stopped", List.of(Field.LINK_NAME), ElementSet.Use.COUNTERS, 8192);

  private static final String OF_PODS = "of-pods";

  /** Name of the table in a tenant's namespace. */
  static final String TABLE = "weft";

  private EgressRules() {}

  // ---- in the tenant's namespace ----------------------------------------------------------

  /**
   * The table of a tenant's namespace.
   *
   * @param node the sources that connections from the node get; none: it begins none
   */
  static Table tenant(List<IpAddress> node) {
    var in = link(MetaKey.INPUT_NAME, false, exactly(EgressLink.NAME));
    var out = link(MetaKey.OUTPUT_NAME, false, exactly(EgressLink.NAME));
    var elsewhere =
        link(MetaKey.INPUT_NAME, true, exactly(EgressLink.NAME))
            .then(
                new Expression.RouteName(),
                new Expression.Compare(true, exactly(EgressLink.NAME)),
                new Expression.NoTracking())
            .because("only what leaves by the way out is tracked");
    return new Table(
        TABLE,
        List.of(
            filter("prerouting", Hook.PREROUTING, Chain.BEFORE_TRACKING, List.of(elsewhere)),
            filter("input", Hook.INPUT, Chain.FILTER, input(in)),
            filter(
                "forward",
                Hook.FORWARD,
                Chain.FILTER,
                List.of(
                    toLoopback(out),
                    in.then(state(ESTABLISHED | RELATED)).then(ACCEPT),
                    node.isEmpty()
                        ? in.then(DROP).because("nobody outside begins")
                        : in.then(out).then(DROP).because("is nobody's here"),
                    out.then(state(INVALID | UNTRACKED))
                        .then(DROP)
                        .because("would keep the address that it has inside"))),
            new Chain(
                "postrouting", true, Hook.POSTROUTING, Chain.SOURCE, translation(in, out, node))));
  }

  private static List<Rule> translation(Rule in, Rule out, List<IpAddress> node) {
    var rules = new ArrayList<Rule>();
    rules.add(out.then(new Expression.Masquerade()));
    for (var address : node) {
      var range = address.isIpv4() ? AddressPlan.EGRESS_RANGE : AddressPlan.EGRESS_RANGE_IPV6;
      rules.add(
          in.then(PacketMatch.from(range, false))
              .then(
                  new Expression.Load(Octets.of(address.octets())),
                  new Expression.TranslateSource(address.isIpv4()))
              .because("so that answers come back to this node"));
    }
    return rules;
  }

  /** The sources that connections from the node get by a table of {@link #tenant}. */
  static List<IpAddress> node(Table table) {
    return sources(table, _ -> true);
  }

  /** The node's addresses among nodes by a table of {@link #underlay}. */
  static List<IpAddress> amongNodes(Table table) {
    return sources(
        table,
        rule ->
            rule.stream()
                .anyMatch(
                    step ->
                        step instanceof Expression.Lookup(var set, _)
                            && (set.equals(VTEPS4.name()) || set.equals(VTEPS6.name()))));
  }

  private static List<IpAddress> sources(Table table, Predicate<List<Expression>> which) {
    return table.chains().stream()
        .flatMap(chain -> chain.rules().stream())
        .map(Rule::expressions)
        .filter(which)
        .flatMap(rule -> source(rule).stream())
        .toList();
  }

  /** What somebody else wrote may load anything. */
  private static Optional<IpAddress> source(List<Expression> rule) {
    for (int i = 0; i < rule.size(); i++) {
      if (rule.get(i) instanceof Expression.Load(var octets, int slot)
          && slot == 0
          && rule.getLast() instanceof Expression.TranslateSource(boolean ipv4, _)
          && octets.length() == (ipv4 ? 4 : 16)) {
        return Optional.of(IpAddress.of(octets.toArray()));
      }
    }
    return Optional.empty();
  }

  // ---- in the namespace of the underlay ---------------------------------------------------

  /**
   * The table of the namespace of the underlay.
   *
   * @param sources the addresses that the node's own packets to everywhere have, at most one of
   *     each family; without one they get that of the link that they leave by
   * @param node its addresses among nodes, where it is reached from a tenant, and reaches in
   */
  static Table underlay(String name, List<IpAddress> sources, List<IpAddress> node) {
    var in = link(MetaKey.INPUT_NAME, false, prefix(AddressPlan.EGRESS_PORT));
    var out = link(MetaKey.OUTPUT_NAME, false, prefix(AddressPlan.EGRESS_PORT));
    var translation = new ArrayList<Rule>();
    for (var range : List.of(AddressPlan.EGRESS_RANGE, AddressPlan.EGRESS_RANGE_IPV6)) {
      boolean ipv4 = range.address().isIpv4();
      var outside =
          link(MetaKey.OUTPUT_NAME, true, prefix(AddressPlan.EGRESS_PORT))
              .then(PacketMatch.from(range, false));
      var source = sources.stream().filter(address -> address.isIpv4() == ipv4).findFirst();
      node.stream()
          .filter(address -> address.isIpv4() == ipv4)
          .map(
              address ->
                  translated(outside.then(toVtep(ipv4)), ipv4, Optional.of(address))
                      .because("to other nodes, which know by the port that it is of a pod"))
          .forEach(translation::add);
      translation.add(
          translated(outside, ipv4, source).because("other addresses of nodes among it"));
    }
    translation.add(
        kept().then(ACCEPT).because("from outside: answers come back this way by themselves"));
    translation.add(
        clusterOut()
            .then(new Expression.Masquerade())
            .because("answers come back this way, whatever the tenant has a route to"));
    return new Table(
        Table.Family.INET,
        name,
        List.of(
            filter("input", Hook.INPUT, Chain.FILTER, toNode(in)),
            filter("forward", Hook.FORWARD, Chain.FILTER, forward(in, out)),
            Chain.called(
                OF_PODS,
                List.of(
                    Rule.of(
                        new Expression.Meta(MetaKey.OUTPUT_NAME),
                        new Expression.CountIn(STOPPED.name())),
                    Rule.of(DROP))),
            new Chain("postrouting", true, Hook.POSTROUTING, Chain.SOURCE, translation)),
        List.of(SharedPorts.SET, VTEPS4, VTEPS6, NODES4, NODES6, PODS4, INSIDE4, STOPPED));
  }

  /**
   * Gives the connection a source, with a port that says that it is of a pod.
   *
   * @param source empty: the address of the link that it leaves by
   */
  private static Rule translated(Rule which, boolean ipv4, Optional<IpAddress> source) {
    var rule = which;
    if (source.isPresent()) {
      rule = rule.then(new Expression.Load(Octets.of(source.get().octets())));
    }
    return rule.then(
        new Expression.Load(PORTS_OF_PODS, Expression.FIRST_PORT),
        new Expression.Load(PORTS_OF_PODS_END, Expression.LAST_PORT),
        source.isPresent()
            ? new Expression.TranslateSource(ipv4, true)
            : new Expression.Masquerade(true));
  }

  /**
   * From outside, no node's, to a pod here whose tenant has no other route back. Of IPv4 alone: an
   * end of the link has no link-local address by which it could ask for the other's MAC address
   * when a packet's source is not its own (RFC 4861 §7.2.2).
   */
  private static Rule kept() {
    return clusterOut()
        .then(link(MetaKey.INPUT_NAME, true, NO_NAME))
        .then(link(MetaKey.INPUT_NAME, true, prefix(AddressPlan.EGRESS_PORT)))
        .then(status(DESTINATION_TRANSLATED))
        .then(isIn(true, 16, PODS4))
        .then(
            new Expression.Payload(Base.NETWORK, 12, 4),
            new Expression.Lookup(NODES4.name(), true),
            new Expression.Meta(MetaKey.OUTPUT_NAME),
            new Expression.Payload(Base.NETWORK, 12, 4, LINK_NAME / 4),
            new Expression.Lookup(INSIDE4.name(), true));
  }

  /** To another node, by the address that BGP told of. */
  private static Rule toVtep(boolean ipv4) {
    return isIn(ipv4, ipv4 ? 16 : 24, ipv4 ? VTEPS4 : VTEPS6);
  }

  /** From another node. */
  private static Rule fromNode(boolean ipv4) {
    return isIn(ipv4, ipv4 ? 12 : 8, ipv4 ? NODES4 : NODES6);
  }

  private static Rule isIn(boolean ipv4, int offset, ElementSet set) {
    return family(ipv4)
        .then(
            new Expression.Payload(Base.NETWORK, offset, ipv4 ? 4 : 16),
            new Expression.Lookup(set.name(), false));
  }

  private static List<Rule> forward(Rule in, Rule out) {
    var rules = new ArrayList<Rule>();
    rules.add(toLoopback(in));
    rules.add(clusterIn().then(state(ESTABLISHED | RELATED)).then(ACCEPT));
    rules.add(
        clusterIn()
            .then(clusterOut())
            .then(
                new Expression.RouteBack(),
                new Expression.Compare(false, prefix(AddressPlan.CLUSTER_PORT)))
            .then(ACCEPT)
            .because("a service of the tenant itself"));
    rules.add(clusterOut().then(state(ESTABLISHED | RELATED)).then(ACCEPT));
    rules.add(
        clusterIn()
            .then(status(DESTINATION_TRANSLATED))
            .then(SharedPorts.rule())
            .then(ACCEPT)
            .because("what tenants share"));
    rules.add(in.then(out).then(DROP).because("tenants do not meet here"));
    // From here on: what comes from outside, and what leaves by the uplink.
    rules.add(
        status(DESTINATION_TRANSLATED)
            .then(SharedPorts.rule())
            .then(ACCEPT)
            .because("what tenants share, of pods of other nodes too"));
    for (boolean ipv4 : new boolean[] {true, false}) {
      rules.add(
          clusterOut()
              .then(status(DESTINATION_TRANSLATED))
              .then(state(NEW))
              .then(fromNode(ipv4))
              .then(
                  new Expression.Payload(Base.TRANSPORT, 0, 2),
                  new Expression.Mask(PORTS_OF_PODS_MASK),
                  new Expression.Compare(false, PORTS_OF_PODS),
                  new Expression.Goto(OF_PODS))
              .because("of pods of other nodes: whose they are nobody knows here"));
    }
    rules.add(
        clusterOut()
            .then(status(DESTINATION_TRANSLATED))
            .then(ACCEPT)
            .because("a service, or a port of the node"));
    rules.add(out.then(state(ESTABLISHED | RELATED)).then(ACCEPT));
    rules.add(out.then(DROP).because("nobody outside begins"));
    rules.add(link(MetaKey.INPUT_NAME, true, prefix(AddressPlan.EGRESS_PORT)).then(ACCEPT));
    // From here on: what comes from a tenant.
    rules.add(state(INVALID | UNTRACKED).then(DROP));
    rules.add(PacketMatch.from(AddressPlan.EGRESS_RANGE, true).then(DROP));
    rules.add(PacketMatch.from(AddressPlan.EGRESS_RANGE_IPV6, true).then(DROP));
    rules.add(
        to(IpPrefix.parse("169.254.0.0/16")).then(DROP).because("services of the node's own link"));
    rules.add(to(AddressPlan.NODES_IPV6).then(DROP).because("is a node inside tenants alone"));
    rules.addAll(ofEverybody(Rule.of()));
    rules.add(Rule.of(DROP).because("other protocols, tunnels among them"));
    return rules;
  }

  /** All but what nodes trust of each other, and tunnels. */
  private static List<Rule> ofEverybody(Rule from) {
    var rules = new ArrayList<Rule>();
    for (int port : UDP_OF_NODES) {
      rules.add(from.then(port(UDP, port)).then(DROP).because("of nodes among each other"));
    }
    rules.add(from.then(port(TCP, BGP)).then(DROP).because("of nodes among each other"));
    for (int protocol : new int[] {TCP, UDP, ICMP, ICMPV6}) {
      rules.add(from.then(protocol(protocol)).then(ACCEPT));
    }
    return rules;
  }

  /** Pods of the cluster reach the node's own sockets, others do not. */
  private static List<Rule> toNode(Rule in) {
    var rules = new ArrayList<>(input(in));
    rules.add(1, toLoopback(in)); // answers come there, of services at ports of 127.0.0.1
    rules.addAll(rules.size() - 1, ofEverybody(clusterIn()));
    return rules;
  }

  private static Rule toLoopback(Rule where) {
    return where.then(to(LOOPBACK)).then(DROP).because("of the node's own programs");
  }

  private static Rule clusterIn() {
    return link(MetaKey.INPUT_NAME, false, prefix(AddressPlan.CLUSTER_PORT));
  }

  private static Rule clusterOut() {
    return link(MetaKey.OUTPUT_NAME, false, prefix(AddressPlan.CLUSTER_PORT));
  }

  // ---- both -------------------------------------------------------------------------------

  /** The namespace's own sockets answer nobody behind the link; neighbour discovery goes on. */
  private static List<Rule> input(Rule in) {
    return List.of(
        in.then(state(ESTABLISHED | RELATED)).then(ACCEPT),
        in.then(icmpv6(135)).then(ACCEPT),
        in.then(icmpv6(136)).then(ACCEPT),
        in.then(DROP));
  }

  private static Chain filter(String name, Hook hook, int priority, List<Rule> rules) {
    return new Chain(name, false, hook, priority, rules);
  }
}
