package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MovedMac;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** Frames that are sent on from node to node. */
final class CirclesTest {
  private static final String TENANT = "weft-red";
  private static final Vni VNI = new Vni(100);
  private static final MacAddress MAC = MacAddress.parse("0a:58:00:00:00:07");

  private final Circles circles = new Circles();
  private final TreeMap<String, SimulatedKernel> kernels = new TreeMap<>();

  private void node(int number, IpAddress vtep) {
    var kernel = new SimulatedKernel();
    kernels.put("n" + number, kernel);
    circles.add("n" + number, () -> kernel);
    assertThat(put(number, new TenantNamespace(TENANT))).isEmpty();
    assertThat(put(number, new Bridge(TENANT, VNI, MacAddress.ZERO, 1450, false))).isEmpty();
    assertThat(put(number, new VxlanPort(TENANT, VNI, vtep, MacAddress.ZERO, 1450))).isEmpty();
  }

  private SimulatedKernel kernel(int node) {
    return Optional.ofNullable(kernels.get("n" + node)).orElseThrow();
  }

  private Optional<String> put(int node, ForwardingObject object) {
    var changes = List.<KernelChange>of(new KernelChange.Put(object));
    assertThat(kernel(node).apply(changes).refusals()).isEmpty();
    return circles.check("n" + node, changes);
  }

  private Optional<String> sendsOn(int from, int to) {
    assertThat(put(from, row(to))).isEmpty();
    return put(from, new MovedMac(TENANT, VNI, MAC, false));
  }

  private static VxlanFdbEntry row(int to) {
    return new VxlanFdbEntry(TENANT, VNI, MAC, World.vtep(to), VNI);
  }

  @Test
  void aWayThatEndsIsNone() {
    for (int number = 1; number <= 3; number++) {
      node(number, World.vtep(number));
    }
    assertThat(sendsOn(1, 2)).isEmpty();
    assertThat(sendsOn(2, 3)).isEmpty();
  }

  @Test
  void threeNodesThatSendOnToEachOtherAre() {
    for (int number = 1; number <= 3; number++) {
      node(number, World.vtep(number));
    }
    assertThat(sendsOn(1, 2)).isEmpty();
    assertThat(sendsOn(2, 3)).isEmpty();
    assertThat(sendsOn(3, 1))
        .contains("a frame for weft-red 0a:58:00:00:00:07 goes round: [n1, n2, n3], n1");
  }

  @Test
  void alsoWhereTheRowIsTheLastToCome() {
    node(1, World.vtep(1));
    node(2, World.vtep(2));
    node(3, World.vtep(3));
    assertThat(sendsOn(1, 2)).isEmpty();
    assertThat(sendsOn(2, 3)).isEmpty();
    assertThat(put(2, row(1))).isPresent();
  }

  @Test
  void noneAfterTenSeconds() {
    node(1, World.vtep(1));
    node(2, World.vtep(2));
    assertThat(sendsOn(1, 2)).isEmpty();
    kernel(1).pass(SimulatedKernel.EXPIRY_NANOS - 1);
    assertThat(kernel(1).has(MovedMac.key(TENANT, VNI, MAC))).isTrue();
    kernel(1).pass(SimulatedKernel.EXPIRY_NANOS);
    assertThat(kernel(1).has(MovedMac.key(TENANT, VNI, MAC))).isFalse();
    assertThat(sendsOn(2, 1)).isEmpty();
  }

  @Test
  void nobodyKnowsWhichOfTwoGetsAFrame() {
    node(1, World.vtep(1));
    node(2, World.vtep(2));
    node(3, World.vtep(1));
    assertThat(sendsOn(1, 2)).isEmpty();
    assertThat(sendsOn(2, 1)).isEmpty();
  }
}
