package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.nftables.Nftables;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

/**
 * Against the real kernel: what pods of other nodes begin is kept from the ports of this one where
 * the other node is known by somebody else than by BGP.
 */
class OtherNodesTest extends ClusterKernel {
  private static OtherNodes known(String... addresses) {
    return OtherNodes.of(List.of(addresses).stream().map(IpAddress::parse).toList());
  }

  @Test
  void podsOfANodeThatNoRouteLeadsToDoNotComeInByPorts() throws Exception {
    standing();
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080)) {
      assertThat(comesFrom(20000, server, 30080)).as("nobody knows it").isTrue();
      tables.know(known("192.0.2.77", WORLD));
      assertThat(isKept(20001, server, 30080)).as("a pod's").isTrue();
      assertThat(comesFrom(40000, server, 30080)).as("the node's own").isTrue();
      try (var there = Connections.listen(world, WORLD, 8080)) {
        assertThat(Connections.source(there, redPod, WORLD)).as("it is no VTEP").contains(NODE);
      }
      assertThat(tables.guards().services())
          .as("of red's, whose server it is")
          .containsOnlyKeys(tenant)
          .allSatisfy((_, packets) -> assertThat(packets).isPositive());
      long before = tables.guards().services().values().iterator().next();
      service("tcp", NODE, 30081, "10.244.1.20", 8080);
      try (var other = Connections.listen(bluePod, "0.0.0.0", 8080)) {
        assertThat(isKept(20003, other, 30081)).isTrue();
      }
      assertThat(tables.guards().services()).containsOnlyKeys(blue, tenant);
      assertThat(tables.guards().services()).containsEntry(tenant, before);
      tables.know(known("192.0.2.77"));
      assertThat(comesFrom(20002, server, 30080)).as("no longer a node").isTrue();
    }
  }

  /** A server that is away at a restart takes nobody out of the set. */
  @Test
  void whatWasKnownStaysUntilAllIsKnown() throws Exception {
    standing();
    service("tcp", NODE, 30080, "10.244.1.11", 8080);
    tables.know(known(WORLD));
    try (var server = Connections.listen(redServer, "0.0.0.0", 8080);
        var restarted = agent();
        var nftables = Nftables.openIn(underlay)) {
      int before = nftables.generation();
      restarted.know(OtherNodes.UNKNOWN);
      restarted.dump();
      restarted.know(OtherNodes.UNKNOWN);
      assertThat(nftables.generation()).isEqualTo(before);
      assertThat(isKept(20001, server, 30080)).isTrue();
      restarted.know(new OtherNodes(Set.of(IpAddress.parse("192.0.2.77")), true));
      assertThat(comesFrom(20002, server, 30080)).as("all is known").isTrue();
    }
  }

  /** What the set holds at most, and one more. */
  @Test
  void aFullSetTakesOneMoreInOneTransaction() throws Exception {
    standing();
    var addresses = new ArrayList<IpAddress>();
    for (int i = 0; i < 32_768; i++) {
      addresses.add(IpAddress.parse("10.128.0.0").plus(i));
    }
    tables.know(OtherNodes.of(addresses));
    assertThat(tables.drain(true)).isEmpty();
    addresses.add(IpAddress.parse(WORLD));
    try (var nftables = Nftables.openIn(underlay)) {
      int before = nftables.generation();
      tables.know(OtherNodes.of(addresses));
      assertThat(nftables.generation()).isEqualTo(before + 1);
      assertThat(tables.drain(true)).isEmpty();
      assertThat(nftables.generation()).as("and looks only").isEqualTo(before + 1);
    }
  }
}
