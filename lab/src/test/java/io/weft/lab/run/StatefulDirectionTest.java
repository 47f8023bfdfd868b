package io.weft.lab.run;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.lab.fabric.IntentText;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.linux.packet.IcmpEcho;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Why a direction of calls is not built (decisions/0017): where answers leave by another node than
 * the request came in by, a filter by connection state drops them. Here two routers of a tenant on
 * two nodes have one prefix behind them, and its hosts answer by one of them.
 */
final class StatefulDirectionTest {
  private static final String NAME = "weft-state-" + ProcessHandle.current().pid();
  private static final String TOPOLOGY =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {vtep: {cidr: 10.255.0.0/16}}
      ---
      kind: Tenant
      metadata: {name: services}
      spec: {l3vni: 5000}
      ---
      kind: Tenant
      metadata: {name: red}
      spec: {l3vni: 5001}
      ---
      kind: TenantConnection
      metadata: {name: shared}
      spec: {hub: services, spokes: [red]}
      ---
      kind: Network
      metadata: {name: dns}
      spec: {tenant: services, vni: 100, subnets: [10.0.1.0/24], gateway: true}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 200, subnets: [10.1.1.0/24], gateway: true}
      ---
      kind: Topology
      metadata: {name: NAME}
      spec:
        racks: [{name: a}, {name: b}]
        nodes: [{name: a1, rack: a}, {name: a2, rack: a}, {name: b1, rack: b}]
        reflectors: [{name: rr1, rack: a}]
        endpoints:
        - {name: red-1, node: a1, network: web, addresses: [10.1.1.11]}
        - {name: dns-1, node: b1, network: dns, addresses: [10.0.1.11], prefixes: [10.50.0.0/16]}
        - {name: dns-2, node: a2, network: dns, addresses: [10.0.1.12], prefixes: [10.50.0.0/16]}
      """;

  /** What the decision describes, in the namespace of the tenant that may not call. */
  private static final String FILTER =
      """
      table inet direction {
        chain leaving {
          type filter hook forward priority 0; policy accept;
          oifname "to5001" ct state new,invalid drop
        }
      }
      """;

  private static final IpAddress KNOWN = IpAddress.parse("10.0.1.11");
  private static final IpAddress CALLER = IpAddress.parse("10.1.1.11");

  @TempDir private Path files;

  @Test
  void answersThatLeaveByAnotherNodeAreDropped() throws Exception {
    Machine.requireWeft();
    assumeTrue(Files.isExecutable(Path.of("/usr/sbin/nft")), "needs nft (package nftables)");
    var file = Files.writeString(files.resolve("state.yaml"), TOPOLOGY.replace("NAME", NAME));
    try (var lab = Lab.open(file, Lab.read(file))) {
      lab.clear();
      try {
        look(lab.build());
      } finally {
        lab.remove();
      }
    }
    Machine.assertNothingLeft(NAME);
  }

  private void look(RunningLab lab) throws Exception {
    lab.start();
    lab.awaitSessions();
    for (var endpoint : lab.topology().endpoints()) {
      lab.attach(endpoint);
    }
    for (var node : lab.nodes()) {
      lab.configure(node.thing(), "connections.yaml", IntentText.connections(lab.plan()));
    }
    var hosts = hosts(lab);
    await(lab, hosts);
    assertThat(pings(lab, "dns-1", CALLER)).as("without a filter it may call").isTrue();

    for (var node : List.of("a2", "b1")) {
      filter(lab.tenantNamespace(node, "dns"));
    }
    assertThat(pings(lab, "red-1", KNOWN)).as("a host with its own route answers").isTrue();
    assertThat(pings(lab, "dns-1", CALLER)).as("and may not call").isFalse();
    var answered = hosts.stream().filter(address -> pings(lab, "red-1", address)).toList();
    System.out.println(answered.size() + " of " + hosts.size() + " hosts still answer");
    assertThat(answered)
        .as("those to which requests go by the node that answers leave by")
        .isNotEmpty()
        .hasSizeLessThan(hosts.size());
  }

  /**
   * Behind the first router; the second sends on to it, by a link of theirs, what comes for them.
   */
  private static List<IpAddress> hosts(RunningLab lab) throws IOException {
    var second = lab.plan().namespace("dns-2").name();
    NetworkNamespaces.callIn(
        second, () -> Files.writeString(Path.of("/proc/sys/net/ipv4/ip_forward"), "1"));
    var far = IpAddress.parse("172.31.0.1");
    try (var netlink = Rtnetlink.openIn(second);
        var first = Rtnetlink.openIn(lab.plan().namespace("dns-1").name())) {
      var pair = netlink.createVeth("behind", LinkSettings.UP, "behind", LinkSettings.UP, first);
      netlink.execute(
          new Request.AddAddress(
              Address.of(pair.link().index(), IpAddress.parse("172.31.0.2"), 30)));
      first.execute(new Request.AddAddress(Address.of(pair.peer().index(), far, 30)));
      netlink.execute(
          new Request.AddRoute(Route.of(IpPrefix.parse("10.50.0.0/16"), NextHop.via(far))));
    }
    var hosts = new ArrayList<IpAddress>();
    try (var netlink = Rtnetlink.openIn(lab.plan().namespace("dns-1").name())) {
      int loopback = netlink.requireLink("lo").index();
      for (int i = 1; i <= 16; i++) {
        var host = IpAddress.parse("10.50.0." + i);
        netlink.execute(new Request.AddAddress(Address.of(loopback, host, 32)));
        hosts.add(host);
      }
    }
    return hosts;
  }

  private static void await(RunningLab lab, List<IpAddress> addresses) throws Exception {
    long deadline = System.nanoTime() + Duration.ofSeconds(60).toNanos();
    while (!addresses.stream().allMatch(address -> pings(lab, "red-1", address))) {
      assertThat(System.nanoTime()).as("all answer without a filter").isLessThan(deadline);
    }
  }

  private void filter(String namespace) throws IOException, InterruptedException {
    var rules = Files.writeString(files.resolve("filter.nft"), FILTER);
    var nft =
        NetworkNamespaces.<Process, IOException>callIn(
            namespace,
            () -> new ProcessBuilder("/usr/sbin/nft", "-f", rules.toString()).inheritIO().start());
    assertThat(nft.waitFor()).isZero();
  }

  private static boolean pings(RunningLab lab, String from, IpAddress to) {
    try (var echo = IcmpEcho.openIn(lab.plan().namespace(from).name(), to)) {
      return echo.ping(56, Duration.ofSeconds(2)) instanceof EchoResult.Reply;
    }
  }
}
