package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Request;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.MovedMac;
import io.weft.overlay.node.NodeEvent.Observation;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Against the real kernel: what sends frames on for a moment, and what becomes of it. */
class MovedMacsTest extends SegmentKernel {
  private static final MacAddress OTHER = MacAddress.parse("02:00:00:00:00:03");

  private MovedMac moved() {
    return new MovedMac(tenant, VNI, REMOTE, false);
  }

  private VxlanPort dual(IpAddress local) {
    return new VxlanPort(tenant, VNI, local, local.isIpv4() ? VXLAN_MAC : OTHER, 1450, true);
  }

  private void sendOn() {
    standing();
    assertThat(put(List.of(moved()))).isEmpty();
    assertThat(elements()).isEqualTo(1);
  }

  private boolean stands() {
    try (var nftables = Nftables.openIn(tenant)) {
      return nftables.table(Table.Family.NETDEV, "weft-moved-100").isPresent();
    }
  }

  private int elements() {
    try (var nftables = Nftables.openIn(tenant)) {
      var table = nftables.table(Table.Family.NETDEV, "weft-moved-100").orElseThrow();
      var set = table.sets().getFirst();
      return nftables.elements(Table.Family.NETDEV, "weft-moved-100", set).size();
    }
  }

  private String nft(String... arguments) throws Exception {
    var command = new ArrayList<>(List.of("ip", "netns", "exec", tenant, "nft"));
    command.addAll(List.of(arguments));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    return text;
  }

  @Test
  void itEndsByItselfAndGoesWhenItIsOver() throws Exception {
    sendOn();
    assertThat(nft("list", "table", "netdev", "weft-moved-100"))
        .contains("timeout 10s", "device \"vx100\"", REMOTE.toString());
    assertThat(tables.dump()).contains(moved());
    assertThat(remove(List.of(moved()))).isEmpty();
    assertThat(stands()).isFalse();
    assertThat(tables.dump()).doesNotContain(moved());
  }

  @Test
  void whatSomebodyTakesAwayIsMended() throws Exception {
    sendOn();
    nft("delete", "table", "netdev", "weft-moved-100");
    assertThat(tables.lookAround()).isEmpty();
    assertThat(elements()).isEqualTo(1);
    nft("flush", "set", "netdev", "weft-moved-100", "by-ipv4");
    assertThat(tables.lookAround()).isEmpty();
    assertThat(elements()).isEqualTo(1);
    assertThat(tables.guards().repairs()).isEqualTo(2);
  }

  @Test
  void aSecondDeviceIsAlsoSentOnBy() throws Exception {
    sendOn();
    assertThat(put(List.of(dual(VTEP), dual(IpAddress.parse("fd00:ffff::2"))))).isEmpty();
    var other = new MovedMac(tenant, VNI, LOCAL, true);
    assertThat(put(List.of(other))).isEmpty();
    assertThat(nft("list", "table", "netdev", "weft-moved-100"))
        .contains("device \"vx100\"", "device \"vy100\"", REMOTE.toString(), LOCAL.toString());
    assertThat(tables.dump()).contains(moved(), other);
    assertThat(tables.guards().repairs()).isZero();
    assertThat(remove(List.of(moved(), other))).isEmpty();
    assertThat(stands()).isFalse();
  }

  @Test
  void itGoesWithItsDevice() {
    sendOn();
    inTenant().execute(new Request.DeleteLink(inTenant().requireLink("vx100").index()));
    assertThat(tables.drain(true).stream().filter(seen -> seen.key().kind() == Kind.MOVED_MAC))
        .containsExactly(new Observation(moved().key(), Optional.empty()));
    assertThat(put(everything())).isEmpty();
    assertThat(put(List.of(moved()))).isEmpty();
    assertThat(elements()).isEqualTo(1);
  }

  @Test
  void aNewAgentEndsWhatAnEarlierOneLeft() {
    sendOn();
    try (var next = agent()) {
      assertThat(next.dump()).doesNotContain(moved());
    }
    assertThat(stands()).isFalse();
  }
}
