package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.TenantHop;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** What routes say of who is behind whom, without a kernel. */
class PrefixesBehindTest {
  private static final String NAMESPACE = "weft-red";
  private static final Vni WEB = new Vni(100);
  private static final Vni DB = new Vni(200);
  private static final Vni L3 = new Vni(5001);
  private static final IpPrefix PREFIX = IpPrefix.parse("10.9.0.0/16");
  private static final EndpointPort ONE = port("ep1", WEB, "192.168.1.10");
  private static final EndpointPort TWO = port("ep2", WEB, "192.168.1.11");

  private final TreeMap<ForwardingKey, ForwardingObject> believed = new TreeMap<>();
  private final PrefixesBehind behind = new PrefixesBehind(NAMESPACE, believed);

  @BeforeEach
  void standOnLinks() {
    for (var object :
        List.of(
            new GatewayAddress(NAMESPACE, WEB, IpAddress.parse("192.168.1.1"), 24),
            new GatewayAddress(NAMESPACE, L3, IpAddress.parse("192.0.0.8"), 32),
            ONE,
            TWO)) {
      believed.put(object.key(), object);
    }
  }

  private static EndpointPort port(String name, Vni vni, String address) {
    return new EndpointPort(
        NAMESPACE,
        name,
        vni,
        "pod-" + name,
        "web",
        MacAddress.parse("02:00:00:00:00:01"),
        List.of(IpAddress.parse(address)),
        false,
        1450,
        Optional.empty());
  }

  private static TenantRoute route(TenantHop... hops) {
    return new TenantRoute(NAMESPACE, PREFIX, List.of(hops));
  }

  private static TenantHop to(String address) {
    return TenantHop.over(WEB, IpAddress.parse(address));
  }

  private List<EndpointPort> put(ForwardingObject object) {
    var touched = List.copyOf(behind.note(new KernelChange.Put(object)));
    believed.put(object.key(), object);
    return touched;
  }

  private List<EndpointPort> remove(ForwardingObject object) {
    var touched = List.copyOf(behind.note(new KernelChange.Remove(object)));
    believed.remove(object.key());
    return touched;
  }

  @Test
  void whatAnotherSpeakerSaysIsBehindItsGatewayAndGoesWithTheRoute() {
    var route = route(to("192.168.1.10"));
    assertThat(put(route)).containsExactly(ONE);
    assertThat(behind.of(ONE)).containsExactly(PREFIX);
    assertThat(behind.of(TWO)).isEmpty();
    assertThat(remove(route)).containsExactly(ONE);
    assertThat(behind.of(ONE)).isEmpty();
  }

  @Test
  void itMovesWithTheGateway() {
    put(route(to("192.168.1.10")));
    assertThat(put(route(to("192.168.1.11")))).containsExactly(ONE, TWO);
    assertThat(behind.of(ONE)).isEmpty();
    assertThat(behind.of(TWO)).containsExactly(PREFIX);
    put(route(to("192.168.1.10"), to("192.168.1.11")));
    assertThat(behind.of(ONE)).containsExactly(PREFIX);
    assertThat(behind.of(TWO)).containsExactly(PREFIX);
    assertThat(put(route(TenantHop.over(L3, IpAddress.parse("10.255.0.2")))))
        .as("to another node")
        .containsExactly(ONE, TWO);
    assertThat(behind.of(ONE)).isEmpty();
  }

  @Test
  void thePortMayComeAfterTheRoute() {
    put(route(to("192.168.1.12")));
    var late = port("ep3", WEB, "192.168.1.12");
    believed.put(late.key(), late);
    assertThat(behind.of(late)).containsExactly(PREFIX);
  }

  @Test
  void whatLeadsElsewhereIsBehindNobodyHere() {
    var vtep = port("ep3", L3, "10.255.0.2");
    believed.put(vtep.key(), vtep);
    assertThat(put(route(TenantHop.over(L3, IpAddress.parse("10.255.0.2")))))
        .as("a VTEP in the L3 VNI")
        .isEmpty();
    assertThat(behind.of(vtep)).isEmpty();
    assertThat(put(route(TenantHop.sending(WEB, IpAddress.parse("192.168.1.10")))))
        .as("another tenant's")
        .isEmpty();
    assertThat(behind.of(ONE)).isEmpty();
    put(route(to("192.168.1.10")));
    var other = port("ep4", DB, "192.168.1.10");
    assertThat(behind.of(other)).as("the address in another network").isEmpty();
  }

  @Test
  void whatStandsIsReadAnew() {
    believed.put(route(to("192.168.1.10")).key(), route(to("192.168.1.10")));
    assertThat(behind.of(ONE)).isEmpty();
    behind.noteAll();
    assertThat(behind.of(ONE)).containsExactly(PREFIX);
    believed.remove(TenantRoute.key(NAMESPACE, PREFIX));
    assertThat(behind.of(ONE)).as("taken away by somebody else").isEmpty();
  }

  @Test
  void whatAnEndpointHasItselfIsBehindItLikewise() {
    var given = new EndpointRoute(NAMESPACE, PREFIX, List.of(to("192.168.1.10")));
    assertThat(put(given)).containsExactly(ONE);
    assertThat(behind.of(ONE)).containsExactly(PREFIX);
    assertThat(remove(given)).containsExactly(ONE);
    assertThat(behind.of(ONE)).isEmpty();
  }

  @Test
  void theAddressOfAnotherEndpointIsItsOwn() {
    put(route(to("192.168.1.10")));
    var own =
        new EndpointRoute(NAMESPACE, IpPrefix.parse("10.9.3.7/32"), List.of(to("192.168.1.11")));
    assertThat(put(own)).as("and whose prefix it lies in").containsExactly(ONE, TWO);
    assertThat(behind.hostsOfOthers(ONE)).containsExactly(own.prefix());
    assertThat(behind.hostsOfOthers(TWO)).isEmpty();
    var far =
        new EndpointRoute(NAMESPACE, IpPrefix.parse("10.8.3.7/32"), List.of(to("192.168.1.11")));
    assertThat(put(far)).containsExactly(TWO);
    assertThat(remove(own)).containsExactly(ONE, TWO);
    assertThat(behind.hostsOfOthers(ONE)).containsExactly(far.prefix());
  }
}
