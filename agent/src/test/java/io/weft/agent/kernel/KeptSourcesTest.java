package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.DeadEnd;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.KernelChange;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** To where a tenant has other routes than its way out, whatever stands in it. */
class KeptSourcesTest {
  private static final String RED = "weft-red";

  private final List<ForwardingObject> red = new ArrayList<>();
  private final List<ForwardingObject> host = new ArrayList<>();

  private void route(String prefix, String vtep) {
    red.add(new TenantRoute(RED, IpPrefix.parse(prefix), new Vni(5001), IpAddress.parse(vtep)));
  }

  private List<IpPrefix> inside() {
    var sources = new KeptSources();
    var tenants = new TreeMap<String, Collection<ForwardingObject>>();
    tenants.put(RED, red);
    sources.look(tenants, objects -> objects, host);
    return sources.picture().inside().get(AddressPlan.clusterPortName(RED));
  }

  private static List<IpPrefix> prefixes(String... texts) {
    return Stream.of(texts).map(IpPrefix::parse).toList();
  }

  @Test
  void ofWhatIsWithinAnotherPrefixOnlyTheOtherCounts() {
    red.add(new DeadEnd(RED, IpPrefix.parse("192.168.1.0/24")));
    red.add(new DeadEnd(RED, IpPrefix.parse("fd00:1::/64")));
    route("192.168.1.7/32", "10.0.0.2");
    route("192.168.0.0/16", "10.0.0.2");
    route("fd00:1::7/128", "10.0.0.2");
    route("172.16.0.9/32", "10.0.0.2");
    assertThat(inside())
        .containsExactlyInAnyOrderElementsOf(prefixes("192.168.0.0/16", "172.16.0.9/32"));
  }

  /** There are as many of them as nodes and pods, and nobody outside has such an address. */
  @Test
  void otherNodesAndPodsOfTheClusterDoNotCount() {
    host.add(
        new EgressRoute("", IpPrefix.parse("10.244.0.0/16"), IpAddress.parse("169.254.192.3")));
    for (int i = 1; i <= 200; i++) {
      route("10.0.0." + i + "/32", "10.0.0." + i);
      route("10.244.7." + i + "/32", "10.0.0.2");
    }
    assertThat(inside()).isEmpty();
  }

  /** They come and go all the time where there are many nodes. */
  @Test
  void forPodsOfOtherNodesAloneNothingIsLookedAtAnew() {
    var sources = new KeptSources();
    var tenants = new TreeMap<String, Collection<ForwardingObject>>();
    tenants.put(RED, red);
    sources.look(tenants, objects -> objects, host);
    route("172.16.0.9/32", "10.0.0.2");
    var single = red.getFirst();
    sources.suspect(List.of(new KernelChange.Put(single), new KernelChange.Remove(single)));
    sources.lookIfStale(tenants, objects -> objects, host);
    assertThat(sources.picture().inside().get(AddressPlan.clusterPortName(RED))).isEmpty();

    route("172.16.0.0/24", "10.0.0.2");
    sources.suspect(List.of(new KernelChange.Put(red.getLast())));
    sources.lookIfStale(tenants, objects -> objects, host);
    assertThat(sources.picture().inside().get(AddressPlan.clusterPortName(RED)))
        .containsExactlyElementsOf(prefixes("172.16.0.0/24"));
    red.removeLast();
    sources.suspect(
        List.of(
            new KernelChange.Remove(
                new TenantRoute(
                    RED,
                    IpPrefix.parse("172.16.0.0/24"),
                    new Vni(5001),
                    IpAddress.parse("10.0.0.2")))));
    sources.lookIfStale(tenants, objects -> objects, host);
    assertThat(sources.picture().inside().get(AddressPlan.clusterPortName(RED)))
        .containsExactlyElementsOf(prefixes("172.16.0.9/32"));
  }

  @Test
  void withADefaultRouteOrTooManyPrefixesNoSourceIsKept() {
    for (int i = 0; i < KeptSources.MOST_PREFIXES; i++) {
      route("172.16.%d.0/24".formatted(i), "10.0.0.2");
    }
    assertThat(inside()).hasSize(KeptSources.MOST_PREFIXES);
    route("172.17.0.0/24", "10.0.0.2");
    assertThat(inside()).containsExactlyElementsOf(prefixes("0.0.0.0/0"));
    red.clear();
    route("0.0.0.0/0", "10.0.0.2");
    route("172.17.0.0/24", "10.0.0.2");
    assertThat(inside()).containsExactlyElementsOf(prefixes("0.0.0.0/0"));
  }
}
