package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rule;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.Ipv6Routing;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.node.NodeEvent.Observation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.assertj.core.groups.Tuple;
import org.junit.jupiter.api.Test;

/** What routes IPv6 on a kernel before 6.17, as this one is told to be. */
class OlderIpv6TablesTest extends TenantKernel {
  private static final MacAddress MAC = MacAddress.parse("02:00:00:00:00:01");
  private static final Rule END = Rule.unreachable(false, 201);

  @Override
  KernelTables agent() {
    return NetworkNamespaces.callIn(underlay, () -> new KernelTables(namespaces.prefix(), false));
  }

  @Override
  List<ForwardingObject> everything() {
    return List.of(
        new TenantNamespace(tenant),
        new Bridge(tenant, new Vni(100), MAC, 1450, true),
        new Bridge(tenant, new Vni(200), MAC, 1450, true),
        new Bridge(tenant, new Vni(300), MAC, 1450, false),
        Ipv6Routing.of(tenant, new Vni(100)),
        Ipv6Routing.of(tenant, new Vni(200)));
  }

  private static Rule allowed(String link) {
    return Rule.lookup(false, 200, link, Route.MAIN_TABLE);
  }

  private void setting(String name, String value) throws IOException {
    var file = Path.of("/proc/sys/net/ipv6/conf", name);
    NetworkNamespaces.<Path, IOException>callIn(tenant, () -> Files.writeString(file, value));
    assertThat(tables.lookAround()).isEmpty();
  }

  @Test
  void aDumpShowsExactlyWhatWasPut() {
    standing();
    assertThat(tables.dump()).containsExactlyInAnyOrderElementsOf(everything());
    try (var restarted = agent()) {
      assertThat(restarted.dump()).containsExactlyInAnyOrderElementsOf(everything());
      assertThat(restarted.drain(true)).isEmpty();
    }
    assertThat(put(everything())).as("again").isEmpty();
    assertThat(inTenant().rules())
        .containsOnlyOnce(allowed("lo"), allowed("br100"), allowed("br200"), END)
        .doesNotContain(allowed("br300"));
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void aBridgeThatGoesLeavesNoRule() {
    standing();
    assertThat(remove(List.of(everything().get(2), everything().get(5)))).isEmpty();
    assertThat(inTenant().rules())
        .contains(allowed("lo"), allowed("br100"), END)
        .doesNotContain(allowed("br200"));
    assertThat(tables.drain(true)).isEmpty();
    assertThat(remove(List.of(everything().get(4)))).isEmpty();
    assertThat(inTenant().rules()).contains(END).doesNotContain(allowed("br100"));
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void seesAndMendsWhatOthersDo() throws Exception {
    standing();
    var one = Ipv6Routing.of(tenant, new Vni(100)).key();
    var other = Ipv6Routing.of(tenant, new Vni(200)).key();
    inTenant().execute(new Request.DeleteRule(allowed("br100")));
    mends(List.of(one));
    inTenant().execute(new Request.DeleteRule(END));
    mends(List.of(one, other));
    setting("all/forwarding", "0");
    mends(List.of(one, other));
    setting("br200/forwarding", "0");
    mends(List.of(other));
    var stranger = Ipv6Routing.of(tenant, new Vni(300));
    inTenant().execute(new Request.AddRule(allowed("br300")));
    assertThat(tables.drain(true))
        .containsExactly(new Observation(stranger.key(), Optional.of(stranger)));
    assertThat(remove(List.of(stranger))).isEmpty();
    assertThat(tables.dump()).containsExactlyInAnyOrderElementsOf(everything());
  }

  private void mends(List<ForwardingKey> keys) {
    assertThat(tables.drain(true))
        .extracting(Observation::key, Observation::object)
        .containsExactlyInAnyOrderElementsOf(
            keys.stream().map(key -> Tuple.tuple(key, Optional.empty())).toList());
    assertThat(put(everything())).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).containsExactlyInAnyOrderElementsOf(everything());
  }
}
