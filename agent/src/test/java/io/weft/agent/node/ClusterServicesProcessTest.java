package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

/** Services, by their own addresses and by ports of nodes, and pods of tenants. */
class ClusterServicesProcessTest extends ClusterPods {
  /**
   * By the address of a node that their tenant is on, pods come in by their tenant; of another one,
   * as pods of another node.
   */
  @Test
  void podsOfOtherTenantsDoNotComeByTheNodePortsOfOtherNodes() throws Exception {
    for (var node : nodes) {
      node.write("cluster.yaml", CLUSTER + GREEN);
    }
    start();
    var green = pod(0, "green-1", "green-web", "192.168.1.10");
    var red = pod(0, "red-1", "red-web", "192.168.1.10");
    var blue = pod(0, "blue-1", "blue-web", "192.168.1.10");
    var common = pod(0, "common-1", "pods", "10.244.0.10");
    var far = pod(1, "red-2", "red-web", "192.168.1.111");
    nodePort(hosts.get(1), "10.99.0.2", 30080, far.address());
    var rack = "x" + namespaces.prefix() + "rack";
    try (var server = listen(far.namespace());
        var kubelet = listen(hosts.get(1));
        var local = listen(common.namespace())) {
      assertThat(reaches(hosts.get(1), common.address(), local))
          .as("each knows the other")
          .isTrue();
      for (var from : List.of(rack, hosts.getFirst(), red.namespace())) {
        assertThat(reaches(from, "10.99.0.2", 30080, server)).as(from).isTrue();
      }
      for (var from : List.of(blue, common, green)) {
        assertThat(reaches(from.namespace(), "10.99.0.2", kubelet)).as("%s", from).isTrue();
        assertThat(isKept(from.namespace(), "10.99.0.2", 30080, server)).as("%s", from).isTrue();
      }
      pod(1, "blue-2", "blue-web", "192.168.1.111");
      assertThat(reaches(blue.namespace(), "10.99.0.2", kubelet)).isTrue();
      assertThat(isKept(blue.namespace(), "10.99.0.2", 30080, server))
          .as("where blue is on both")
          .isTrue();
    }
  }

  /** Another node's endpoint is the tenant's way out, as an external gateway is. */
  @Test
  void servicesAreReachedWhereTheDefaultRouteIsOfAGateway() throws Exception {
    for (var node : nodes) {
      node.write("cluster.yaml", CLUSTER.replace("  vtep:", "  services: [10.96.0.0/16]\n  vtep:"));
    }
    start();
    var red = pod(0, "red-1", "red-web", "192.168.1.10");
    var gateway = namespaces.create("gateway");
    var request = NodeProcess.attaching("gateway", "red-web", gateway, "192.168.1.254");
    request.putArray("prefixes").add("0.0.0.0/0");
    assertThat(nodes.get(1).callOnceReady(request).path("ok").asBoolean()).isTrue();
    var far = pod(1, "red-2", "red-web", "192.168.1.111");
    service(hosts.getFirst(), "tcp", 8080, far.address(), 8080);
    service(hosts.get(1), "tcp", 8080, far.address(), 8080);
    service(hosts.getFirst(), "udp", 53, far.address(), 53);
    nodes.getFirst().awaitStatus(_ -> hasGateway(0, "red"));
    try (var server = listen(far.namespace());
        var kubelet = listen(hosts.getFirst())) {
      assertThat(reaches(red.namespace(), SERVICE, server)).isTrue();
      assertThat(asked(red.namespace(), far.namespace())).isTrue();
      assertThat(reaches(gateway, SERVICE, server)).as("where the gateway is").isTrue();
      assertThat(reaches(red.namespace(), "10.99.0.1", kubelet)).as("its node").isTrue();
    }
    var rack = "x" + namespaces.prefix() + "rack";
    try (var world = listen(rack)) {
      assertThat(isKept(red.namespace(), "10.99.0.254", world)).as("by the gateway").isTrue();
    }
  }
}
