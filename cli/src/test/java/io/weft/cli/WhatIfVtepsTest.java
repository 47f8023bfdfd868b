package io.weft.cli;

import static io.weft.cli.WhatIfCall.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft simulate --intent --change} where the change gives nodes other VTEPs. */
final class WhatIfVtepsTest {
  private static final int PAIRS = 6 * 5 + 3 * 2;

  @TempDir private Path directory;

  private static String fabric(String spec) {
    return NOW.replace("{asn: 65000}", "{asn: 65000, " + spec + "}");
  }

  private static String vtep(String vtep) {
    return fabric("vtep: " + vtep);
  }

  private JsonNode document(int code, String before, String after, String... more)
      throws IOException {
    return WhatIfCall.document(directory, code, before, after, more);
  }

  @Test
  void eachSessionEndsAndEverythingIsSaidFromTheNewVtep() throws Exception {
    var moved = document(Weft.FAILED, vtep("{cidr: 10.100.0.0/24}"), vtep("{cidr: 10.101.0.0/24}"));
    assertThat(moved.at("/vteps/1").toString())
        .isEqualTo("{\"node\":\"n2\",\"before\":[\"10.100.0.2\"],\"after\":[\"10.101.0.2\"]}");
    assertThat(moved.path("assumed")).hasSize(1);
    assertThat(moved.path("notSimulated")).isEmpty();
    assertThat(moved.path("sessionsReset").asInt()).isEqualTo(3);
    assertThat(moved.path("operations")).hasSize(3);
    assertThat(moved.at("/routes/announced").asInt()).isGreaterThanOrEqualTo(2 * 9);
    assertThat(moved.path("lostPairs").asInt()).isZero();
    assertThat(moved.path("reachablePairs").asInt()).isEqualTo(PAIRS);
    // All but those of the two networks of a tenant within a node.
    assertThat(moved.path("interruptedPairs").asInt()).isEqualTo(PAIRS - 3 * 2);
    assertThat(moved.path("longestInterruptionMillis").asDouble()).isBetween(0.2, 10_000.0);
  }

  @Test
  void aWiderPrefixThatHoldsTheVtepChangesNothing() throws Exception {
    var wider = document(0, vtep("{cidr: 10.100.0.0/24}"), vtep("{cidr: 10.100.0.0/16}"));
    assertThat(wider.path("vteps")).isEmpty();
    assertThat(wider.path("assumed")).isEmpty();
    assertThat(wider.path("sessionsReset").asInt()).isZero();
    assertThat(wider.path("operations")).isEmpty();
  }

  @Test
  void aSecondFamilyIsWorkForEachNodeAndKeepsTheFirst() throws Exception {
    var one = vtep("{families: [ipv4]}");
    var both = vtep("{families: [ipv4, ipv6]}");
    var added = document(Weft.FAILED, one, both);
    assertThat(added.at("/vteps/0/before")).hasSize(1);
    assertThat(added.at("/vteps/0/after")).hasSize(2);
    assertThat(added.at("/vteps/0/after/0")).isEqualTo(added.at("/vteps/0/before/0"));
    assertThat(added.path("operations")).hasSize(3);
    assertThat(added.path("lostPairs").asInt()).isZero();
    // One session is enough, over IPv6 where the node can.
    assertThat(added.path("sessionsReset").asInt()).isEqualTo(3);
    assertThat(added.path("sessionsMade").asInt()).isEqualTo(3);
    var removed = document(Weft.FAILED, both, one);
    assertThat(removed.path("lostPairs").asInt()).isZero();
    assertThat(removed.path("reachablePairs").asInt()).isEqualTo(PAIRS);
    var other = document(Weft.FAILED, one, vtep("{families: [ipv6]}"));
    assertThat(other.path("lostPairs").asInt()).isZero();
    assertThat(other.path("reachablePairs").asInt()).isEqualTo(PAIRS);
  }

  @Test
  void theClustersNodesAreReachedByTheirOtherAddresses() throws Exception {
    var now =
        vtep("{cidr: 10.100.0.0/24}")
            .replace("{l3vni: 5000}", "{l3vni: 5000, egress: cluster}")
            .replace("vni: 100,", "vni: 100, namespaces: {default: true},");
    var next = now.replace("10.100.0.0/24", "10.101.0.0/24");
    var moved = document(Weft.FAILED, now, next, "--pods-per-node=1");
    assertThat(moved.path("sessionsReset").asInt()).isEqualTo(3);
    assertThat(moved.path("lostPairs").asInt()).isZero();
  }

  @Test
  void nodesThatAReflectorLetsInNoMoreAreLost() throws Exception {
    var reflectors = "reflectors: {addresses: [192.0.2.1], clients: [10.100.0.0/24]}, vtep: ";
    var lost =
        document(
            Weft.FAILED,
            fabric(reflectors + "{cidr: 10.100.0.0/24}"),
            fabric(reflectors + "{cidr: 10.101.0.0/24}"));
    assertThat(lost.path("sessionsReset").asInt()).isEqualTo(3);
    assertThat(lost.path("lostPairs").asInt()).isEqualTo(PAIRS - 3 * 2);
  }

  @Test
  void fromNodeToNodeItIsShortWhereTheReflectorLetsBothIn() throws Exception {
    var both = "reflectors: {addresses: [192.0.2.1], clients: [10.100.0.0/15]}, vtep: ";
    var kept =
        document(
            Weft.FAILED,
            fabric(both + "{cidr: 10.100.0.0/24}"),
            fabric(both + "{cidr: 10.101.0.0/24}"),
            "--spread=3000");
    assertThat(kept.path("sessionsReset").asInt()).isEqualTo(3);
    assertThat(kept.path("longestInterruptionMillis").asDouble()).isLessThan(1_000);
    // Where the clients are those in the prefix of the VTEPs, the reflector knows them no more.
    var narrow = "reflectors: {addresses: [192.0.2.1]}, vtep: ";
    var apart =
        document(
            Weft.FAILED,
            fabric(narrow + "{cidr: 10.100.0.0/24}"),
            fabric(narrow + "{cidr: 10.101.0.0/24}"),
            "--spread=3000");
    assertThat(apart.path("longestInterruptionMillis").asDouble()).isGreaterThan(2_900);
  }

  @Test
  void peopleAreToldWhichAndWhatIsAssumed() throws Exception {
    var text =
        WhatIfCall.of(directory, NOW, vtep("{interface: eth1}"), "--nodes=12", "--pods-per-node=1");
    assertThat(text.out())
        .contains("ASSUMED  addresses of nodes")
        .contains("VTEP  n1: 198.18.64.1 becomes 198.18.128.1\n")
        .contains("VTEP  and of 2 more nodes\n")
        .contains("NOT harmless: 12 BGP sessions end");
    var small = WhatIfCall.of(directory, NOW, vtep("{cidr: 10.100.0.0/30}"));
    assertThat(small.code()).isEqualTo(Weft.USAGE);
    assertThat(small.err()).contains("10.100.0.0/30 (vtep of the Fabric) has no room for VTEPs");
  }
}
