package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netns.NetworkNamespaces;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/**
 * Against the real kernel: each kind of object, deleted and changed by the tools that an
 * administrator has. It is seen under its kind, and mended, and nothing else has changed.
 */
class EveryKindMendedTest extends KeptKernel {
  static Stream<Arguments> deeds() {
    return Stream.of(
        deed(Kind.NAMESPACE, "ip netns delete $TENANT"),
        deed(Kind.NAMESPACE, "ip -n $TENANT route delete unreachable default metric 2147483647"),
        deed(Kind.NAMESPACE, "ip -n $TENANT link set lo alias mine"),
        deed(Kind.NAMESPACE, "$IN sysctl -qw net.ipv4.conf.all.send_redirects=1"),
        deed(Kind.NAMESPACE, "$IN sysctl -qw net.ipv6.conf.all.forwarding=1"),
        deed(Kind.BRIDGE, "ip -n $TENANT link delete br5001"),
        deed(Kind.BRIDGE, "ip -n $TENANT link set br100 down"),
        deed(Kind.BRIDGE, "ip -n $TENANT link set br100 mtu 1300"),
        deed(Kind.BRIDGE, "ip -n $TENANT link set br100 address 02:00:00:00:00:77"),
        deed(Kind.BRIDGE, "ip -n $TENANT link set br5001 name mine"),
        deed(Kind.BRIDGE, "$IN sysctl -qw net.ipv4.conf.br100.forwarding=0"),
        deed(Kind.BRIDGE, "$IN sysctl -qw net.ipv4.conf.br100.rp_filter=1"),
        deed(Kind.BRIDGE, "$IN sysctl -qw net.ipv4.conf.br100.arp_ignore=0"),
        deed(Kind.BRIDGE, "$IN sysctl -qw net.ipv4.conf.br5001.accept_local=0"),
        deed(Kind.BRIDGE, "$IN sysctl -qw net.ipv6.conf.br100.accept_ra=1"),
        deed(Kind.BRIDGE, "$IN sysctl -qw net.ipv6.conf.br100.addr_gen_mode=0"),
        deed(Kind.IPV6_ROUTING, "$IN sysctl -qw net.ipv6.conf.br100.forwarding=0"),
        deed(Kind.GATEWAY, "ip -n $TENANT address delete 192.168.1.1/24 dev br100"),
        deed(Kind.GATEWAY, "ip -n $TENANT address delete fd00:1::1/64 dev br100"),
        deed(Kind.GATEWAY, "ip -n $TENANT address add 192.168.1.99/24 dev br100"),
        deed(Kind.VXLAN, "ip -n $TENANT link delete vx100"),
        deed(Kind.VXLAN, "ip -n $TENANT link set vx100 down"),
        deed(Kind.VXLAN, "ip -n $TENANT link set vx100 nomaster"),
        deed(Kind.VXLAN, "ip -n $TENANT link set vx100 name mine"),
        deed(Kind.VXLAN, "ip -n $TENANT link set vx100 type vxlan id 100 learning"),
        deed(Kind.VXLAN, "bridge -n $TENANT link set dev vx100 neigh_suppress off"),
        deed(Kind.PORT, "ip -n $TENANT link set $PORT down"),
        deed(Kind.PORT, "ip -n $TENANT link set $PORT nomaster"),
        deed(Kind.PORT, "ip -n $TENANT link set $PORT name mine"),
        deed(Kind.PORT, "ip -n $TENANT link set $PORT alias mine"),
        deed(Kind.PORT, "ip -n $TENANT link set $PORT mtu 1300"),
        deed(Kind.PORT, "bridge -n $TENANT link set dev $PORT locked off"),
        deed(Kind.PORT, "$IN sysctl -qw net.ipv6.conf.$PORT.addr_gen_mode=0"),
        deed(Kind.PORT, "$IN sysctl -qw net.ipv6.conf.$PORT.addr_gen_mode=3"),
        deed(Kind.PORT, "$IN sysctl -qw net.ipv6.conf.$PORT.stable_secret=2001:db8::1"),
        deed(Kind.VXLAN, "$IN sysctl -qw net.ipv6.conf.vx5001.stable_secret=2001:db8::1"),
        deed(Kind.VXLAN, "$IN sysctl -qw net.ipv6.conf.default.stable_secret=2001:db8::1"),
        deed(Kind.VXLAN, "$IN sysctl -qw net.ipv6.conf.vx100.addr_gen_mode=0"),
        deed(Kind.LOCAL_FDB, "bridge -n $TENANT fdb delete 0a:58:c0:a8:01:0a dev $PORT master"),
        deed(
            Kind.LOCAL_FDB,
            "bridge -n $TENANT fdb replace 0a:58:c0:a8:01:0a dev vx100 master static"),
        deed(
            Kind.LOCAL_FDB,
            "bridge -n $TENANT fdb replace $($IN cat /sys/class/net/$PORT/address) dev $PORT master"
                + " static"),
        deed(
            Kind.LOCAL_FDB,
            "bridge -n $TENANT fdb replace 0a:58:c0:a8:01:0a dev $PORT master permanent"),
        deed(Kind.VXLAN_FDB, "bridge -n $TENANT fdb delete 0a:58:c0:a8:01:14 dev vx100 self"),
        deed(
            Kind.VXLAN_FDB,
            "bridge -n $TENANT fdb replace 0a:58:c0:a8:01:14 dev vx100 dst 10.0.0.9 self"),
        deed(
            Kind.VXLAN_FDB,
            "bridge -n $TENANT fdb replace 0a:58:c0:a8:01:14 dev vx100 dst 10.0.0.3 vni 9 self"),
        deed(
            Kind.VXLAN_FDB,
            "bridge -n $TENANT fdb add 02:aa:00:00:00:01 dev vx100 dst 10.0.0.3 self"),
        deed(Kind.BRIDGE_FDB, "bridge -n $TENANT fdb delete 0a:58:c0:a8:01:14 dev vx100 master"),
        deed(
            Kind.BRIDGE_FDB,
            "bridge -n $TENANT fdb replace 0a:58:c0:a8:01:14 dev $PORT master static"),
        deed(Kind.FLOOD, "bridge -n $TENANT fdb delete 00:00:00:00:00:00 dev vx100 dst 10.0.0.3"),
        deed(
            Kind.FLOOD,
            "bridge -n $TENANT fdb append 00:00:00:00:00:00 dev vx100 dst 10.0.0.3 vni 9"),
        deed(
            Kind.FLOOD,
            "bridge -n $TENANT fdb append 00:00:00:00:00:00 dev vx100 dst 10.0.0.3 port 9999"),
        deed(Kind.FLOOD, "bridge -n $TENANT fdb append 00:00:00:00:00:00 dev vx100 dst 10.0.0.9"),
        deed(Kind.UNKNOWN_UNICAST, "bridge -n $TENANT link set dev vx100 flood off"),
        deed(Kind.UNKNOWN_UNICAST, "bridge -n $TENANT link set dev vx5001 flood on"),
        deed(Kind.NEIGHBOUR, "ip -n $TENANT neigh delete 192.168.1.20 dev br100"),
        deed(
            Kind.NEIGHBOUR,
            "ip -n $TENANT neigh replace fd00:1::14 lladdr 02:00:00:00:00:01 dev br100 nud"
                + " permanent"),
        deed(
            Kind.NEIGHBOUR,
            "ip -n $TENANT neigh replace 192.168.1.20 lladdr 02:00:00:00:00:01 dev br100 nud"
                + " stale"),
        deed(Kind.SENDING_PORT, "ip -n $TENANT link delete $SENDER"),
        deed(Kind.SENDING_PORT, "ip -n $TENANT link set $SENDER group 7"),
        deed(Kind.SENDING_PORT, "ip -n $TENANT link set $SENDER master br100"),
        deed(Kind.SENDING_PORT, "$IN sh -c 'echo 7 >/sys/class/net/$SENDER/netdev_group'"),
        deed(Kind.SENDING_PORT, "$IN sysctl -qw net.ipv4.conf.$SENDER.arp_ignore=0"),
        deed(Kind.SENDING_PORT, "$IN sysctl -qw net.ipv4.conf.$SENDER.accept_local=1"),
        deed(Kind.SENDING_FDB, "bridge -n $TENANT fdb delete 0a:5a:7f:00:00:03 dev $SENDER self"),
        deed(
            Kind.SENDING_FDB,
            "bridge -n $TENANT fdb replace 0a:5a:7f:00:00:03 dev $SENDER dst 10.0.0.9 self"),
        deed(Kind.SENDING_NEIGHBOUR, "ip -n $TENANT neigh delete 10.0.0.3 dev $SENDER"),
        deed(Kind.TRANSIT_GUARD, "ip -n $TENANT rule delete iif br5001 priority 101"),
        deed(Kind.TRANSIT_GUARD, "ip -n $TENANT -6 rule delete iif br5001 priority 100"),
        deed(Kind.TENANT_ROUTE, "ip -n $TENANT route delete 192.168.2.20/32"),
        deed(
            Kind.TENANT_ROUTE,
            "ip -n $TENANT route replace unreachable 192.168.2.20/32 proto bgp metric 20"),
        deed(
            Kind.TENANT_ROUTE,
            "ip -n $TENANT route replace 10.9.0.0/16 via 10.0.0.3 dev br5001 onlink metric 20"),
        deed(
            Kind.TENANT_ROUTE,
            "ip -n $TENANT -6 route append fd00:2::/64 via ::ffff:10.0.0.4 dev br5001 onlink"
                + " proto bgp metric 20"),
        deed(Kind.TENANT_ROUTE, "ip -n $TENANT -6 route delete fd00:3::/64"),
        deed(
            Kind.TENANT_ROUTE,
            "ip -n $TENANT route add 10.77.0.0/16 via 10.0.0.3 dev br5001 onlink proto bgp metric"
                + " 20"),
        deed(Kind.ENDPOINT_ROUTE, "ip -n $TENANT route delete 172.20.0.0/16"),
        deed(Kind.EGRESS_FILTER, "$IN nft delete table inet weft"),
        deed(Kind.EGRESS_FILTER, "$IN nft flush chain inet weft forward"),
        deed(Kind.EGRESS_FILTER, "$IN nft insert rule inet weft forward accept"),
        deed(Kind.EGRESS_LINK, "ip -n $TENANT link delete egress"),
        deed(Kind.EGRESS_LINK, "ip -n $TENANT link set egress name mine"),
        deed(Kind.EGRESS_LINK, "$IN sysctl -qw net.ipv4.conf.egress.rp_filter=1"),
        deed(Kind.EGRESS_LINK, "$IN sysctl -qw net.ipv4.conf.egress.accept_local=1"),
        deed(Kind.EGRESS_PORT, "ip -n $NODE link set $EGRESS down"),
        deed(Kind.EGRESS_PORT, "ip -n $NODE link set $EGRESS name mine"),
        deed(Kind.EGRESS_PORT, "ip -n $NODE link set $EGRESS alias mine"),
        deed(Kind.EGRESS_PORT, "ip netns exec $NODE sysctl -qw net.ipv4.conf.$EGRESS.forwarding=0"),
        deed(Kind.EGRESS_PORT, "ip netns exec $NODE sysctl -qw net.ipv4.conf.$EGRESS.arp_ignore=0"),
        deed(
            Kind.EGRESS_PORT,
            "ip netns exec $NODE sysctl -qw net.ipv4.conf.$EGRESS.accept_local=1"),
        deed(Kind.EGRESS_ADDRESS, "ip -n $NODE address flush dev $EGRESS"),
        deed(Kind.EGRESS_ADDRESS, "ip -n $TENANT address flush dev egress"),
        deed(Kind.EGRESS_ROUTE, "ip -n $TENANT route delete default metric 1000"),
        deed(Kind.DEAD_END, "ip -n $TENANT route delete unreachable 192.168.0.0/16 metric 2000"),
        deed(Kind.UNDERLAY_ROUTE, "ip -n $NODE route delete 10.1.0.0/16"),
        deed(
            Kind.UNDERLAY_ROUTE,
            "ip -n $NODE route replace 10.2.0.0/16 via 10.0.0.9 proto bgp metric 20"));
  }

  private static Arguments deed(Kind kind, String command) {
    return Arguments.of(kind, command);
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource("deeds")
  void isSeenAndMended(Kind kind, String command) throws Exception {
    build();
    assertThat(mend()).as("all is well, and was looked at").isEmpty();
    run(command);
    var seen = mend();
    if (kind == Kind.UNDERLAY_ROUTE) {
      Thread.sleep(UnderlayRoutes.PAUSE_NANOS / 1_000_000);
      seen.addAll(mend());
    }
    assertThat(kinds(seen)).contains(kind);
    assertThat(seen.stream().filter(each -> each.key().kind() == kind))
        .as("somebody else's doing")
        .noneMatch(Observation::consequence);
    try (var restarted = agentWithRoutes()) {
      assertThat(shown(restarted.dump())).isEqualTo(shown(everything()));
    }
    assertThat(NetworkNamespaces.exists(tenant)).isTrue();
    assertThat(namespaces.links(pod).link("eth0")).as("the pod's own").isPresent();
  }

  private void run(String command) throws Exception {
    var whole =
        command
            .replace("$IN", "ip netns exec $TENANT")
            .replace("$TENANT", tenant)
            .replace("$NODE", underlay)
            .replace("$PORT", PORT)
            .replace("$EGRESS", egressPort)
            .replace("$SENDER", DeviceNames.sendingPort(FOREIGN, false));
    var process = new ProcessBuilder("sh", "-c", whole).redirectErrorStream(true).start();
    var said = new String(process.getInputStream().readAllBytes());
    assertThat(process.waitFor()).as(whole + ": " + said).isZero();
  }
}
