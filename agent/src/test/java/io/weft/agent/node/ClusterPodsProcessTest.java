package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.KernelRemoval;
import io.weft.linux.netlink.Address;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.overlay.attachment.AddressPlan;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * Two nodes of a cluster whose CNI Weft is: the default network, and two tenants with one subnet.
 */
class ClusterPodsProcessTest extends ClusterPods {
  @Test
  void theClusterReachesPodsOfTenantsWithOneAddress() throws Exception {
    start();
    var red = pod(0, "red-1", "red-web", "192.168.1.10");
    var blue = pod(0, "blue-1", "blue-web", "192.168.1.10");
    var far = pod(1, "red-2", "red-web", "192.168.1.111");
    assertThat(far.address()).startsWith("10.244.").isNotEqualTo(red.address());
    var common = pod(0, "common-1", "pods", "10.244.0.10");
    assertThat(red.address()).startsWith("10.244.").isNotEqualTo(blue.address());
    assertThat(common.address()).isEqualTo("10.244.0.10");

    // Kubelet's probe on the pod's node, with the address of the node.
    for (var pod : List.of(red, blue, common)) {
      try (var server = listen(pod.namespace())) {
        assertThat(reaches(hosts.getFirst(), pod.address(), server)).as("%s", pod).isTrue();
      }
    }
    // The default network is on every node; a tenant's is where it has a pod.
    try (var server = listen(common.namespace())) {
      assertThat(reaches(hosts.get(1), common.address(), server)).isTrue();
      assertThat(isKept(far.namespace(), common.address(), server)).as("from red").isTrue();
    }
    try (var server = listen(red.namespace())) {
      assertThat(reaches(hosts.get(1), red.address(), server)).isTrue();
      assertThat(reaches(far.namespace(), red.address(), server)).isTrue();
      assertThat(isKept(blue.namespace(), red.address(), server)).as("from blue").isTrue();
      assertThat(isKept(common.namespace(), red.address(), server)).as("from pods").isTrue();
      // By a service, whose backend is on another node.
      service(hosts.get(1), "tcp", 8080, red.address(), 8080);
      assertThat(reaches(far.namespace(), SERVICE, server)).isTrue();
      assertThat(reaches(hosts.get(1), SERVICE, server)).isTrue();
      var blueFar = pod(1, "blue-2", "blue-web", "192.168.1.111");
      assertThat(isKept(blueFar.namespace(), SERVICE, server)).as("from blue").isTrue();
      service(hosts.get(1), "udp", 53, common.address(), 53);
      for (var from : List.of(far, blueFar)) {
        assertThat(asked(from.namespace(), common.namespace())).as("DNS, %s", from).isTrue();
      }
    }
    try (var server = listen(hosts.getFirst())) {
      for (var pod : List.of(red, blue, common)) {
        assertThat(reaches(pod.namespace(), "10.99.0.1", server)).as("node, %s", pod).isTrue();
      }
    }

    // A restart finds all of it, writes nothing, and knows the addresses.
    nodes.getFirst().kill();
    nodes.getFirst().start(addresses()).awaitStatus(NodeProcess::isSettled);
    assertThat(nodes.getFirst().writes()).isZero();
    assertThat(attach(0, "red-1", "red-web", red.namespace(), "192.168.1.10")).isEqualTo(red);
    try (var server = listen(red.namespace())) {
      assertThat(reaches(hosts.get(1), red.address(), server)).isTrue();
    }

    nodes.getFirst().call(ControlClient.request("detach").put("endpoint", "red-1"));
    nodes.getFirst().awaitStatus(NodeProcess::isSettled);
    assertThat(routesTo(hosts.getFirst(), red.address() + "/32")).isEmpty();
    assertThat(routesTo(hosts.getFirst(), blue.address() + "/32")).hasSize(1);
  }

  /** Nodes have IPv6 themselves, and VTEPs of IPv4 alone. */
  @Test
  void podsOfOtherNodesAreReachedByIpv6OverVtepsOfIpv4() throws Exception {
    for (int n = 0; n < 2; n++) {
      NetworkNamespaces.<Path, IOException>callIn(
          hosts.get(n),
          () -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1"));
      nodes
          .get(n)
          .write(
              "cluster.yaml",
              CLUSTER
                  .replace("10.244.0.0/16", "10.244.0.0/16, 'fd00:244::/64'")
                  .replace("192.168.1.0/24", "192.168.1.0/24, 'fd00:1::/64'"));
    }
    start();
    var common = both(0, "common-1", "pods", "10.244.0.10", "fd00:244::10");
    var red = both(0, "red-1", "red-web", "192.168.1.10", "fd00:1::10");
    var far = both(1, "red-2", "red-web", "192.168.1.111", "fd00:1::1:111");
    var blue = both(1, "blue-2", "blue-web", "192.168.1.10", "fd00:1::10");
    try (var server = listen(common.namespace())) {
      assertThat(reaches(hosts.get(1), "fd00:244::10", server)).as("the default network").isTrue();
      assertThat(isKept(blue.namespace(), "fd00:244::10", server)).isTrue();
    }
    try (var server = listen(red.namespace())) {
      assertThat(reaches(hosts.get(1), red.address(), server)).as("another tenant's").isTrue();
      assertThat(reaches(far.namespace(), red.address(), server)).as("within it").isTrue();
      assertThat(isKept(blue.namespace(), red.address(), server)).isTrue();
      nft(
          hosts.get(1),
          """
          add table ip6 kube-proxy
          add chain ip6 kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
          add rule ip6 kube-proxy nat-prerouting ip6 daddr fd00:96::1 tcp dport 8080 dnat ip6 to [%s]:8080
          """
              .formatted(red.address()));
      assertThat(reaches(far.namespace(), "fd00:96::1", server)).as("by a service").isTrue();
      assertThat(isKept(blue.namespace(), "fd00:96::1", server)).isTrue();
    }
  }

  @Test
  void theNodeReachesItsPodsByBothFamilies() throws Exception {
    NetworkNamespaces.<Path, IOException>callIn(
        hosts.getFirst(),
        () -> Files.writeString(Path.of("/proc/sys/net/ipv6/conf/all/forwarding"), "1"));
    var node = nodes.getFirst();
    node.write(
        "cluster.yaml",
        CLUSTER
            .replace("10.244.0.0/16", "10.244.0.0/16, 'fd00:244::/64'")
            .replace("192.168.1.0/24", "192.168.1.0/24, 'fd00:1::/64'"));
    node.start(addresses()).awaitStatus(NodeProcess::isSettled);
    var addresses = new TreeSet<String>();
    for (var name : List.of("red", "blue")) {
      var namespace = namespaces.create(name);
      var answer = node.attach(name, name + "-web", namespace, "192.168.1.10", "fd00:1::10");
      assertThat(answer.path("clusterAddresses")).as(answer.toPrettyString()).hasSize(2);
      for (var address : answer.path("clusterAddresses")) {
        addresses.add(address.asText());
        try (var server = listen(namespace)) {
          assertThat(reaches(hosts.getFirst(), address.asText(), server))
              .as("%s %s", name, address)
              .isTrue();
        }
      }
    }
    assertThat(addresses).hasSize(4);
    try (var server = listen(hosts.getFirst())) {
      var own = AddressPlan.EGRESS_RANGE_IPV6;
      var local =
          namespaces.links(hosts.getFirst()).addresses().stream()
              .map(Address::address)
              .filter(own::contains)
              .findFirst()
              .orElseThrow();
      assertThat(reaches("x" + namespaces.prefix() + "red", local.toString(), server)).isTrue();
    }
  }

  @Test
  void aTenantMayChangeItsWayOut() throws Exception {
    var node = nodes.getFirst();
    var outside =
        CLUSTER.replace("egress: cluster", "egress: node").replace(", shares: [53/UDP]", "");
    node.write("cluster.yaml", outside);
    node.start().awaitStatus(NodeProcess::isSettled);
    var common = pod(0, "common-1", "pods", "10.244.0.10");
    var rack = "x" + namespaces.prefix() + "rack";
    try (var server = listen(common.namespace());
        var world = listen(rack)) {
      for (int i = 0; i < 2; i++) {
        assertThat(isKept(hosts.getFirst(), common.address(), server)).as("node").isTrue();
        assertThat(reaches(common.namespace(), "10.99.0.254", world)).isTrue();
        node.write("cluster.yaml", CLUSTER);
        assertThat(reaches(hosts.getFirst(), common.address(), server)).as("cluster").isTrue();
        assertThat(reaches(common.namespace(), "10.99.0.254", world)).isTrue();
        node.write("cluster.yaml", outside);
        awaitNoRouteTo("10.244.0.0/16"); // first: before, it is settled as it was
        node.awaitStatus(NodeProcess::isSettled);
      }
    }
    assertThat(namespaces.links(hosts.getFirst()).links())
        .filteredOn(link -> link.name().startsWith("weft-"))
        .hasSize(1);
  }

  @Test
  void nothingOfItIsLeft() throws Exception {
    var host = namespaces.links(hosts.getFirst());
    var before = host.routes().stream().filter(route -> route.prefix().address().isIpv4()).toList();
    start();
    var node = nodes.getFirst();
    assertThat(routesTo(hosts.getFirst(), "10.244.0.0/16")).hasSize(1);
    node.write("cluster.yaml", CLUSTER.replace("namespaces: {default: true}", "mtu: 1400"));
    node.awaitStatus(
        status ->
            status.path("problems").toString().contains("needs one Network with")
                && NodeProcess.isSettled(status));
    awaitNoRouteTo("10.244.0.0/16");
    node.write("cluster.yaml", CLUSTER);
    node.awaitStatus(status -> status.path("problems").isEmpty() && NodeProcess.isSettled(status));
    pod(0, "red-1", "red-web", "192.168.1.10");
    pod(0, "common-1", "pods", "10.244.0.10");
    node.terminate();
    var outcome =
        NetworkNamespaces.callIn(
            hosts.getFirst(), () -> KernelRemoval.removeAll(node.prefix(), false));
    assertThat(outcome.refused()).isEmpty();
    assertThat(host.links()).extracting("name").containsOnly("lo", "uplink");
    assertThat(host.routes().stream().filter(route -> route.prefix().address().isIpv4()).toList())
        .containsExactlyInAnyOrderElementsOf(before);
  }
}
