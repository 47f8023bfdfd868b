package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.TenantHop;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Prefixes behind endpoints: what is routed and said, over which lives, and what may not be. */
final class EndpointPrefixesTest {
  private static final Vni L3 = new Vni(5001);
  private static final NetworkIntent WEB =
      routed("web", "red", 100, "192.168.1.0/24", "192.168.1.1");
  private static final NetworkIntent DB = routed("db", "red", 200, "192.168.2.0/24", "192.168.2.1");
  private static final NetworkIntent PLAIN = OneNode.network("plain", "red", 300, "192.168.3.0/24");
  private final OneNode one = new OneNode();

  private static NetworkIntent routed(
      String name, String tenant, int vni, String subnet, String gateway) {
    return OneNode.network(name, tenant, vni, subnet)
        .withGateways(List.of(new HostAddress(IpAddress.parse(gateway), 24)));
  }

  private static void start(OneNode node, NetworkIntent... networks) {
    node.endOfRib();
    intend(node, networks);
    node.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    node.give(new NodeEvent.KernelObserved(node.observable()));
  }

  private static void intend(OneNode node, NetworkIntent... networks) {
    var target = RouteTarget.automatic(OneNode.AS, L3);
    var red = new TenantIntent("red", L3, List.of(target), List.of(target));
    node.give(new NodeEvent.IntentChanged(OneNode.intent(networks).withTenants(List.of(red))));
  }

  private static AttachRequest router(
      String endpoint, String network, String address, String... prefixes) {
    return request(endpoint, network, address)
        .withPrefixes(Stream.of(prefixes).map(IpPrefix::parse).toList());
  }

  private static EndpointRoute route(String prefix, String... vias) {
    return new EndpointRoute(
        "weft-red",
        IpPrefix.parse(prefix),
        Stream.of(vias).map(via -> TenantHop.over(new Vni(100), IpAddress.parse(via))).toList());
  }

  private static List<String> said(OneNode node) {
    return node.announced().stream()
        .filter(IpPrefixRoute.class::isInstance)
        .map(route -> ((IpPrefixRoute) route).prefix().toString())
        .sorted()
        .toList();
  }

  @Test
  void whatIsBehindAnEndpointIsRoutedAndSaidWhileItIsAttached() {
    start(one, WEB);
    one.applying = false;
    long call = one.attach(router("r", "web", "192.168.1.10", "10.50.0.0/16", "0.0.0.0/0"));
    assertThat(said(one)).as("nothing stands yet").isEmpty();
    one.applying = true;
    one.applyBatch();
    assertThat(one.answer(call)).isInstanceOf(AttachResult.Attached.class);
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(route("0.0.0.0/0", "192.168.1.10"), route("10.50.0.0/16", "192.168.1.10"));
    assertThat(said(one)).containsExactly("0.0.0.0/0", "10.50.0.0/16", "192.168.1.0/24");
    var type5 =
        one.announced().stream()
            .filter(IpPrefixRoute.class::isInstance)
            .map(IpPrefixRoute.class::cast)
            .filter(route -> route.prefix().equals(IpPrefix.parse("10.50.0.0/16")))
            .findFirst()
            .orElseThrow();
    assertThat(type5.label()).isEqualTo(L3.value());
    assertThat(type5.gateway().isUnspecified()).as("interface-less").isTrue();
    assertThat(one.announced(type5).extendedCommunities())
        .contains(
            ExtendedCommunity.routersMac(AddressPlan.routerMac(OneNode.VTEP)),
            ExtendedCommunity.of(RouteTarget.automatic(OneNode.AS, L3)));
    one.attachNow(request("b", "web", "192.168.1.11"));
    one.detach("r");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
    assertThat(said(one)).containsExactly("192.168.1.0/24");
  }

  @Test
  void twoEndpointsMayHaveOnePrefix() {
    start(one, WEB);
    one.attachNow(router("r", "web", "192.168.1.10", "10.50.0.0/16"));
    one.attachNow(router("s", "web", "192.168.1.11", "10.50.0.0/16"));
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(route("10.50.0.0/16", "192.168.1.10", "192.168.1.11"));
    one.forget();
    one.detach("r");
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(route("10.50.0.0/16", "192.168.1.11"));
    assertThat(said(one)).containsExactly("10.50.0.0/16", "192.168.1.0/24");
    assertThat(one.updates.toString()).as("is not said anew").doesNotContain("10.50");
  }

  @Test
  void aRestartKnowsWhatIsBehindWhom() {
    start(one, WEB, DB);
    one.attachNow(router("r", "web", "192.168.1.10", "10.50.0.0/16", "10.60.0.0/16"));
    one.attachNow(router("s", "web", "192.168.1.11", "10.50.0.0/16"));
    one.attachNow(request("d", "db", "192.168.2.10"));
    var restarted = new OneNode();
    restarted.kernel.putAll(one.kernel);
    start(restarted, WEB, DB);
    assertThat(restarted.batches).isEmpty();
    assertThat(said(restarted)).isEqualTo(said(one));
    restarted.detach("s");
    assertThat(restarted.kernel(Kind.ENDPOINT_ROUTE))
        .containsExactly(
            route("10.50.0.0/16", "192.168.1.10"), route("10.60.0.0/16", "192.168.1.10"));
    assertThat(
            restarted.attachNow(router("r", "web", "192.168.1.10", "10.50.0.0/16", "10.60.0.0/16")))
        .as("the same call again")
        .isInstanceOf(AttachResult.Attached.class);
    assertThat(refusal(restarted, router("r", "web", "192.168.1.10", "10.50.0.0/16")))
        .contains("is attached already", "prefixes [10.50.0.0/16, 10.60.0.0/16]");
  }

  @Test
  void aForeignHandIsMended() {
    start(one, WEB);
    one.attachNow(router("r", "web", "192.168.1.10", "10.50.0.0/16"));
    one.forget();
    one.lose(route("10.50.0.0/16", "192.168.1.10").key());
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).hasSize(1);
    assertThat(one.updates).as("a repair is nothing to hear of").isEmpty();
  }

  @Test
  void itGoesAndComesWithTheGateway() {
    start(one, WEB);
    one.attachNow(router("r", "web", "192.168.1.10", "10.50.0.0/16"));
    intend(one, WEB.withGateways(List.of()));
    assertThat(one.kernel(Kind.ENDPOINT_ROUTE)).isEmpty();
    assertThat(said(one)).isEmpty();
    intend(one, WEB);
    assertThat(said(one)).containsExactly("10.50.0.0/16", "192.168.1.0/24");
  }

  @Test
  void whatTheKernelRefusesIsTheAnswer() {
    start(one, WEB);
    one.refusing.add(Kind.ENDPOINT_ROUTE);
    assertThat(refusal(one, router("r", "web", "192.168.1.10", "10.50.0.0/16")))
        .contains("10.50.0.0/16", "no, says the kernel");
    assertThat(said(one)).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "web | 192.168.1.0/24 | is within subnet 192.168.1.0/24",
        "web | 192.168.1.64/26 | is within subnet 192.168.1.0/24",
        "web | 192.168.2.7/32 | is within subnet 192.168.2.0/24",
        "web | 192.168.3.0/28 | is within subnet 192.168.3.0/24",
        "web | 169.254.169.254/32 | is within 169.254.0.0/16",
        "web | 127.0.0.0/8 | is within 127.0.0.0/8",
        "web | 239.1.0.0/16 | is within 224.0.0.0/3",
        "web | fd00:9::/64 | none of the addresses [192.168.1.10]",
        "plain | 10.50.0.0/16 | network 'plain' has no gateway",
      })
  void whatMayNotBe(String network, String prefix, String why) {
    start(one, WEB, DB, PLAIN);
    var address = network.equals("web") ? "192.168.1.10" : "192.168.3.10";
    assertThat(refusal(one, router("r", network, address, prefix))).contains(why);
    assertThat(one.kernel).isEmpty();
  }

  @ParameterizedTest
  @CsvSource({"192.168.0.0/16", "192.168.4.0/24", "0.0.0.0/0", "10.1.2.3/32"})
  void whatMayBe(String prefix) {
    start(one, WEB, DB, PLAIN);
    assertThat(one.attachNow(router("r", "web", "192.168.1.10", prefix)))
        .isInstanceOf(AttachResult.Attached.class);
  }

  @Test
  void atMostSixteen() {
    start(one, WEB);
    var many = new String[17];
    for (int i = 0; i < many.length; i++) {
      many[i] = "10." + i + ".0.0/16";
    }
    assertThat(refusal(one, router("r", "web", "192.168.1.10", many)))
        .contains("more than 16 prefixes");
    assertThat(refusal(one, router("r", "web", "192.168.1.10", "10.0.0.0/8", "10.0.0.0/8")))
        .contains("stands twice");
  }

  private static String refusal(OneNode node, AttachRequest request) {
    return ((AttachResult.Refused) node.attachNow(request)).message();
  }
}
