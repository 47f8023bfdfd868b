package io.weft.simulation;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.node.NodeIntent;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeSet;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where the routes of a tenant may lead: tenant t0 is on n2, of n1 and n2. */
final class InvariantsTest {
  private static final FabricSize SIZE =
      new FabricSize(2, 1, 2, 2, 1, 1, true, 0, new TreeSet<>(), Duration.ZERO);
  private static final IpAddress SELF = World.vtep(1);
  private static final Ipv4Address OTHER = World.vtep(2);
  private static final IpAddress NOBODY = World.vtep(3);
  private static final IpAddress POD = new Ipv4Address(100 << 24 | 64 << 16 | 10);
  private static final IpPrefix PREFIX = IpPrefix.parse("10.1.0.0/16");
  private static final RouteDistinguisher RD =
      RouteDistinguisher.of(new Ipv4Address(10 << 24 | 3), 1);
  private static final String OUT = "leads out of the tenant";
  private static final String NEVER = "the tenant was never there";

  private final FabricIntent fabric = new FabricIntent(SIZE);
  private final Hearsay hearsay = new Hearsay();
  private final Invariants invariants = new Invariants(FabricIntent::isSame, hearsay);

  @BeforeEach
  void tell() {
    invariants.attached(OTHER, "weft-t0", new MacAddress(0x0200_0000_0001L));
    intend();
  }

  private void intend() {
    invariants.intended(
        "weft-",
        new NodeIntent(World.AS, List.of(), 90, 120, fabric.networks())
            .withTenants(fabric.tenants()));
  }

  private Optional<String> breach(String tenant, TenantHop... hops) {
    var route = new TenantRoute("weft-" + tenant, PREFIX, List.of(hops));
    return invariants.breach(List.of(SELF), route);
  }

  private TenantHop over(Vni vni) {
    return TenantHop.over(vni, OTHER);
  }

  @Test
  void toWhereTheTenantIs() {
    assertThat(breach("t0", over(fabric.tenantVni(0)))).isEmpty();
    var mapped = TenantHop.over(fabric.tenantVni(0), Ipv6Address.mapped(OTHER));
    assertThat(breach("t0", mapped)).isEmpty();
    assertThat(breach("t1", over(fabric.tenantVni(1)))).contains(NEVER);
    assertThat(breach("t0", TenantHop.over(fabric.tenantVni(0), NOBODY))).contains(NEVER);
  }

  /** An endpoint behind a VTEP is not of every node that has the VTEP for a while. */
  @Test
  void anEndpointIsOfTheNodeWhereItIs() {
    var mac = new MacAddress(0x0200_0000_0001L); // which is behind a VTEP of n2
    assertThat(invariants.isLocal("n2", "weft-t0", mac)).isFalse();
    invariants.here("n2", "weft-t0", mac);
    assertThat(invariants.isLocal("n2", "weft-t0", mac)).isTrue();
    assertThat(invariants.isLocal("n1", "weft-t0", mac)).isFalse();
    assertThat(invariants.isLocal("n2", "weft-t1", mac)).isFalse();
  }

  @Test
  void notToTheNodeItself() {
    var toSelf = TenantHop.over(fabric.tenantVni(0), SELF);
    assertThat(breach("t0", over(fabric.tenantVni(0)), toSelf))
        .contains("points to the node itself");
  }

  @Test
  void inVnisOfTheTenant() {
    assertThat(breach("t0", over(fabric.tenantVni(1)))).contains(OUT);
    assertThat(breach("t0", TenantHop.over(fabric.vni(0), POD))).isEmpty();
    assertThat(breach("t0", TenantHop.over(fabric.vni(1), POD))).contains(OUT);
  }

  @Test
  void inVnisOfFormerTimes() {
    var former = fabric.tenantVni(0);
    assertThat(fabric.change(FabricIntent.Part.TENANT, 0, 1)).isTrue();
    assertThat(breach("t0", over(fabric.tenantVni(0)))).contains(OUT);
    intend();
    assertThat(breach("t0", over(fabric.tenantVni(0)))).isEmpty();
    assertThat(breach("t0", over(former))).isEmpty();
  }

  @Test
  void whatOthersKnow() {
    assertThat(breach("t0", TenantHop.sending(fabric.tenantVni(1), OTHER))).isEmpty();
    assertThat(breach("t0", TenantHop.over(fabric.tenantVni(0), NOBODY))).contains(NEVER);
    hearsay.said(
        update(
            new IpPrefixRoute(RD, Esi.ZERO, 0, PREFIX, Ipv4Address.parse("0.0.0.0"), 1), NOBODY));
    assertThat(breach("t0", TenantHop.over(fabric.tenantVni(0), NOBODY))).isEmpty();
    assertThat(breach("t0", TenantHop.over(fabric.tenantVni(0), POD))).contains(NEVER);
    assertThat(breach("t0", TenantHop.over(fabric.tenantVni(1), NOBODY))).contains(OUT);
    assertThat(breach("t1", over(fabric.tenantVni(1)))).contains(NEVER);
  }

  private static Message.Update update(EvpnRoute route, IpAddress vtep) {
    var attributes = PathAttributes.originated(vtep, List.of(), Optional.empty());
    return new Message.Update(
        List.of(), List.of(route), Optional.of(attributes), Optional.empty(), List.of());
  }

  /** What was said counts, word for word, and no more than that. */
  @Test
  void hearsayIsOfWhatWasSaid() {
    var mac = new MacAddress(0x0200_0000_0009L);
    hearsay.said(
        update(
            new MacIpAdvertisement(RD, Esi.ZERO, 0, mac, Optional.of(POD), 7, OptionalInt.empty()),
            NOBODY));
    assertThat(hearsay.isBehind(mac, NOBODY)).isTrue();
    assertThat(hearsay.isBehind(mac, OTHER)).isFalse();
    assertThat(hearsay.has(mac, POD)).isTrue();
    assertThat(hearsay.has(mac, OTHER)).isFalse();
    assertThat(hearsay.has(new MacAddress(0x0200_0000_0001L), POD)).isFalse();
    assertThat(hearsay.leads(new IpPrefix(POD, 32), NOBODY)).isTrue();
    assertThat(hearsay.takesCopies(NOBODY, fabric.vni(0))).isFalse();
  }
}
