package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macOf;
import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import io.weft.overlay.node.NodeView.WaitingView;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Endpoints that resources declare: they come, change and go with them, and wait in words. */
final class DeclaredEndpointsTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final NetworkIntent DB = network("db", "red", 200, "192.168.2.0/24");
  private static final NodeLink ETH1 = new NodeLink.Device("eth1");
  private static final NodeLink ETH2 = new NodeLink.Device("eth2");
  private static final long RETRY = DeclaredEndpoints.RETRY_NANOS;

  private OneNode one = new OneNode();

  private static AttachRequest on(
      NodeLink link, String name, String network, String mac, String... addresses) {
    return new AttachRequest(
        name,
        network,
        "",
        "",
        mac.isEmpty() ? Optional.empty() : Optional.of(MacAddress.parse(mac)),
        Arrays.stream(addresses).map(IpAddress::parse).toList(),
        false,
        List.of(),
        Optional.empty(),
        false,
        Optional.of(link),
        true,
        false);
  }

  private static AttachRequest host(NodeLink link, String name, String address) {
    return on(link, name, "web", macOf(address).toString(), address);
  }

  private void declare(AttachRequest... endpoints) {
    declare(true, endpoints);
  }

  private void declare(boolean complete, AttachRequest... endpoints) {
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(WEB, DB)
                .withDeclared(new DeclaredIntent(List.of(endpoints), new TreeSet<>(), complete))));
  }

  private static DeclaredIntent declared(AttachRequest... endpoints) {
    return new DeclaredIntent(List.of(endpoints), new TreeSet<>(), true);
  }

  private List<String> standing() {
    return one.node.view().endpoints().stream()
        .filter(NodeView.EndpointView::attached)
        .map(each -> each.endpoint().name())
        .toList();
  }

  private Endpoint endpoint(String name) {
    return one.node.view().endpoints().stream()
        .map(NodeView.EndpointView::endpoint)
        .filter(each -> each.name().equals(name))
        .findFirst()
        .orElseThrow();
  }

  private List<String> waiting() {
    return one.node.view().waitingEndpoints().stream().map(WaitingView::name).toList();
  }

  private String reason(String name) {
    return one.node.view().waitingEndpoints().stream()
        .filter(each -> each.name().equals(name))
        .map(WaitingView::reason)
        .findFirst()
        .orElse("");
  }

  @Test
  void itComesAndGoesWithItsResource() {
    one.start(WEB, DB);
    declare(host(ETH1, "a", "192.168.1.10"));
    assertThat(standing()).containsExactly("a");
    assertThat(waiting()).isEmpty();
    assertThat(one.announced()).contains(macRoute("10.0.0.1", 100, "192.168.1.10"));
    assertThat(one.attached).as("nobody called").isEmpty();
    declare();
    assertThat(standing()).isEmpty();
    assertThat(one.kernel).isEmpty();
    assertThat(one.announced()).isEmpty();
    assertThat(one.detached).isEmpty();
  }

  @Test
  void whatTheKernelHasYetToFollowIsNoCall() {
    one.start(WEB, DB).applying = false;
    declare(host(ETH1, "a", "192.168.1.10"));
    assertThat(waiting()).containsExactly("a");
    assertThat(one.node.view().attaching()).isEmpty();
    one.applyBatch();
    assertThat(waiting()).isEmpty();
  }

  @Test
  void whatIsDeclaredBeforeTheNodeStartsIsAttachedWhenItDoes() {
    declare(host(ETH1, "a", "192.168.1.10"));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    assertThat(waiting()).containsExactly("a");
    one.give(new NodeEvent.KernelObserved(List.of()));
    assertThat(standing()).containsExactly("a");
  }

  @Test
  void itWaitsForItsLinkAndComesAtOnceWhenThatAppears() {
    one.start(WEB, DB).refusing.add(Kind.PORT);
    declare(host(ETH1, "a", "192.168.1.10"));
    assertThat(reason("a")).isEqualTo("no, says the kernel");
    assertThat(standing()).isEmpty();
    assertThat(one.announced()).doesNotContain(macRoute("10.0.0.1", 100, "192.168.1.10"));
    one.pass(Duration.ofMinutes(2).toNanos());
    assertThat(reason("a")).isEqualTo("no, says the kernel");
    one.refusing.clear();
    one.give(new NodeEvent.LinksAppeared(new TreeSet<>(List.of("eth2"))));
    assertThat(standing()).as("another link").isEmpty();
    one.give(new NodeEvent.LinksAppeared(new TreeSet<>(List.of("eth1", "x"))));
    assertThat(standing()).containsExactly("a");
    assertThat(waiting()).isEmpty();
    assertThat(one.announced()).contains(macRoute("10.0.0.1", 100, "192.168.1.10"));
  }

  @Test
  void aLinkThatIsMissingDoesNotKeepThePeersFromTheEndOfTheTable() {
    one.refusing.add(Kind.PORT);
    declare(host(ETH1, "a", "192.168.1.10"));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(List.of()));
    assertThat(waiting()).containsExactly("a");
    assertThat(one.updates).anyMatch(update -> update.endOfRib().isPresent());
  }

  @Test
  void addressesMacAndPrefixesChangeInPlace() {
    one.start(WEB, DB);
    declare(host(ETH1, "a", "192.168.1.10"));
    var port = one.kernel(Kind.PORT).getFirst();
    one.forget();
    declare(on(ETH1, "a", "web", "52:54:00:00:00:01", "192.168.1.11"));
    assertThat(removals()).as("the link stays").doesNotContain(port);
    assertThat(one.kernel(Kind.PORT))
        .singleElement()
        .satisfies(
            now -> {
              assertThat(now.key()).isEqualTo(port.key());
              assertThat(((EndpointPort) now).addresses())
                  .containsExactly(IpAddress.parse("192.168.1.11"));
              assertThat(((EndpointPort) now).declared()).isTrue();
            });
    assertThat(one.kernel(Kind.LOCAL_FDB))
        .singleElement()
        .satisfies(
            row ->
                assertThat(((LocalFdbEntry) row).mac())
                    .isEqualTo(MacAddress.parse("52:54:00:00:00:01")));
    assertThat(one.announced())
        .contains(
            macRoute(
                "10.0.0.1",
                100,
                MacAddress.parse("52:54:00:00:00:01"),
                Optional.of(IpAddress.parse("192.168.1.11"))))
        .doesNotContain(macRoute("10.0.0.1", 100, "192.168.1.10"));
    assertThat(one.attachNow(request("pod", "web", "192.168.1.10")))
        .as("the former address is free")
        .isInstanceOf(Attached.class);
  }

  private List<ForwardingObject> removals() {
    var removed = new ArrayList<ForwardingObject>();
    for (var batch : one.batches) {
      for (var change : batch) {
        if (change instanceof KernelChange.Remove(var object)) {
          removed.add(object);
        }
      }
    }
    return removed;
  }

  @Test
  void whatIsBehindItIsFollowed() {
    one.start();
    var routed =
        network("web", "red", 100)
            .withGateways(List.of(new HostAddress(IpAddress.parse("192.168.1.1"), 24)));
    one.give(new NodeEvent.IntentChanged(OneNode.intent(routed)));
    var plain = host(ETH1, "a", "192.168.1.10");
    one.give(new NodeEvent.IntentChanged(OneNode.intent(routed).withDeclared(declared(plain))));
    var router = plain.withPrefixes(List.of(IpPrefix.parse("10.7.0.0/16")));
    one.give(new NodeEvent.IntentChanged(OneNode.intent(routed).withDeclared(declared(router))));
    assertThat(waiting()).isEmpty();
    assertThat(endpoint("a").prefixes()).containsExactly(IpPrefix.parse("10.7.0.0/16"));
  }

  @Test
  void anotherLinkOrNetworkIsAnotherPort() {
    one.start(WEB, DB);
    declare(host(ETH1, "a", "192.168.1.10"));
    declare(host(ETH2, "a", "192.168.1.10"));
    assertThat(standing()).containsExactly("a");
    assertThat(endpoint("a").link()).contains(ETH2);
    declare(on(ETH2, "a", "db", "52:54:00:00:00:01", "192.168.2.10"));
    assertThat(standing()).containsExactly("a");
    assertThat(endpoint("a").network()).isEqualTo("db");
    assertThat(one.kernel(Kind.PORT)).hasSize(1);
    assertThat(one.announced()).noneMatch(macRoute("10.0.0.1", 100, "192.168.1.10")::equals);
  }

  @Test
  void onADrainedNodeItStaysBehindItsLink() {
    one.start(WEB, DB);
    declare(host(ETH1, "a", "192.168.1.10"));
    one.give(new NodeEvent.DrainChanged(true));
    declare(host(ETH2, "a", "192.168.1.10"));
    assertThat(endpoint("a").link()).contains(ETH1);
    assertThat(reason("a")).contains("drained", "stays as it was");
    one.give(new NodeEvent.DrainChanged(false));
    assertThat(endpoint("a").link()).contains(ETH2);
    assertThat(waiting()).isEmpty();
  }

  @Test
  void anotherLinkWhileTheKernelIsBusyIsNotForgotten() {
    one.start(WEB, DB);
    declare(host(ETH1, "a", "192.168.1.10"));
    one.applying = false;
    declare(host(ETH2, "a", "192.168.1.10"));
    declare(host(ETH1, "a", "192.168.1.11"));
    declare(host(ETH2, "a", "192.168.1.12"));
    one.applying = true;
    while (one.isBatchWaiting()) {
      one.applyBatch();
    }
    assertThat(standing()).containsExactly("a");
    assertThat(endpoint("a").link()).contains(ETH2);
    assertThat(endpoint("a").hosts()).containsExactly(IpAddress.parse("192.168.1.12"));
  }

  @Test
  void oneMayGoWhileItIsBeingAttached() {
    one.start(WEB, DB);
    one.applying = false;
    declare(host(ETH1, "a", "192.168.1.10"));
    declare(host(ETH2, "a", "192.168.1.10"));
    declare();
    one.applying = true;
    while (one.isBatchWaiting()) {
      one.applyBatch();
    }
    assertThat(standing()).isEmpty();
    declare(host(ETH1, "a", "192.168.1.10"));
    assertThat(standing()).containsExactly("a");
  }

  @Test
  void aChangeThatCannotBeLeavesItAsItWas() {
    one.start(WEB, DB);
    one.attachNow(request("pod", "web", "192.168.1.20"));
    declare(host(ETH1, "a", "192.168.1.10"));
    one.forget();
    declare(host(ETH1, "a", "192.168.1.20"));
    assertThat(reason("a")).contains("'pod'").endsWith("it stays as it was");
    assertThat(one.reports).hasSize(1);
    declare(on(ETH1, "a", "nonsense", "52:54:00:00:00:01"));
    assertThat(reason("a")).contains("'nonsense' is not known").endsWith("it stays as it was");
    assertThat(standing()).contains("a");
    assertThat(one.batches).isEmpty();
    declare(host(ETH1, "a", "192.168.1.20"));
    one.detach("pod");
    one.pass(RETRY);
    assertThat(waiting()).isEmpty();
    assertThat(endpoint("a").hosts()).containsExactly(IpAddress.parse("192.168.1.20"));
  }

  @Test
  void ofTwoThatWantOneLinkOrAddressTheLaterIsReported() {
    one.start(WEB, DB);
    declare(host(ETH1, "b", "192.168.1.10"));
    declare(
        host(ETH1, "a", "192.168.1.11"),
        host(ETH1, "b", "192.168.1.10"),
        on(ETH2, "c", "web", "52:54:00:00:00:01", "192.168.1.10"),
        host(new NodeLink.Vlan("eth3", 7), "d", "192.168.1.12"));
    assertThat(standing()).containsExactly("b", "d");
    assertThat(reason("a")).contains("link eth1").contains("'b'");
    assertThat(reason("c")).contains("192.168.1.10").contains("'b'");
    declare(
        host(ETH1, "a", "192.168.1.11"), on(ETH2, "c", "web", "52:54:00:00:00:01", "192.168.1.10"));
    assertThat(standing()).as("its place is free").containsExactly("a", "c");
    assertThat(waiting()).isEmpty();
  }

  @Test
  void aCallAndAResourceDoNotFight() {
    one.start(WEB, DB);
    one.attachNow(request("a", "web", "192.168.1.10"));
    declare(host(ETH1, "a", "192.168.1.11"), host(ETH2, "b", "192.168.1.12"));
    assertThat(reason("a")).contains("a call has attached an endpoint of this name");
    assertThat(endpoint("a").hosts()).containsExactly(IpAddress.parse("192.168.1.10"));
    assertThat(one.detached.get(one.detach("b"))).as("a call for what is declared").isFalse();
    assertThat(standing()).contains("b");
    assertThat(one.attachNow(request("b", "web")))
        .isInstanceOfSatisfying(
            Refused.class,
            refused -> assertThat(refused.message()).contains("a resource declares"));
    one.detach("a");
    one.pass(RETRY);
    assertThat(standing()).containsExactly("a", "b");
    assertThat(endpoint("a").hosts()).containsExactly(IpAddress.parse("192.168.1.11"));
  }

  @Test
  void aRestartAdoptsItAndTakesAwayWhatIsNoLongerDeclared() {
    one.start(WEB, DB);
    declare(host(ETH1, "a", "192.168.1.10"), host(ETH2, "b", "192.168.1.11"));
    one.attachNow(request("pod", "web", "192.168.1.20"));
    var before = one.kernel;
    one = new OneNode();
    one.kernel.putAll(before);
    declare(host(ETH1, "a", "192.168.1.10"));
    one.give(new NodeEvent.UnderlayChanged(Optional.of(OneNode.UNDERLAY), ""));
    one.give(new NodeEvent.KernelObserved(one.observable()));
    assertThat(standing()).as("a stands as it is").containsExactly("a", "pod");
    assertThat(puts()).isEmpty();
  }

  private List<ForwardingObject> puts() {
    var put = new ArrayList<ForwardingObject>();
    for (var batch : one.batches) {
      for (var change : batch) {
        if (change instanceof KernelChange.Put(var object) && object.key().kind() == Kind.PORT) {
          put.add(object);
        }
      }
    }
    return put;
  }

  @Test
  void nothingIsDetachedWhileAResourceCannotBeRead() {
    one.start(WEB, DB);
    declare(host(ETH1, "a", "192.168.1.10"));
    declare(false);
    assertThat(standing()).containsExactly("a");
    assertThat(reason("a")).contains("cannot be read").contains("stays");
    declare(host(ETH1, "a", "192.168.1.10"));
    assertThat(waiting()).isEmpty();
    declare(false);
    declare(true);
    assertThat(standing()).isEmpty();
    declare(host(ETH1, "a", "192.168.1.10"), host(ETH2, "b", "192.168.1.11"));
    one.give(
        new NodeEvent.IntentChanged(
            OneNode.intent(WEB, DB)
                .withDeclared(
                    new DeclaredIntent(List.of(), new TreeSet<>(List.of("b", "c")), true))));
    assertThat(standing()).as("that of a bad resource").containsExactly("b");
    declare(true);
    assertThat(waiting()).isEmpty();
  }

  @Test
  void itWaitsForABlockOfAddresses() {
    one =
        new OneNode(
            new NodeConfig("n1", "weft-", 100).withAddresses(new AddressConfig(true, List.of())));
    one.start(WEB, DB);
    declare(on(new NodeLink.Tap("vm0"), "a", "web", ""));
    assertThat(reason("a")).contains("store");
    one.give(new NodeEvent.AddressesSeen(AddressState.EMPTY));
    one.pass(RETRY);
    var write = (AddressWrite.Create) one.writes.remove();
    assertThat(standing()).isEmpty();
    assertThat(waiting()).containsExactly("a");
    declare(on(new NodeLink.Tap("vm1"), "a", "web", ""));
    one.give(
        new NodeEvent.AddressesSeen(AddressState.of(List.of(new Stored<>(write.record(), "1")))));
    one.give(new NodeEvent.AddressWritten(write, new AddressWrite.Outcome.Done()));
    assertThat(standing()).containsExactly("a");
    assertThat(endpoint("a").link()).contains(new NodeLink.Tap("vm1"));
  }

  @Test
  void aCallOfTheSameNameIsNotGivenUpWithIt() {
    one =
        new OneNode(
            new NodeConfig("n1", "weft-", 100).withAddresses(new AddressConfig(true, List.of())));
    one.start(WEB, DB);
    one.give(new NodeEvent.AddressesSeen(AddressState.EMPTY));
    declare(on(new NodeLink.Tap("vm0"), "a", "web", ""));
    long call = one.attach(OneNode.request("a", "web"));
    var write = (AddressWrite.Create) one.writes.remove();
    declare();
    assertThat(one.attached).as("it waits on").doesNotContainKey(call);
    one.give(
        new NodeEvent.AddressesSeen(AddressState.of(List.of(new Stored<>(write.record(), "1")))));
    one.give(new NodeEvent.AddressWritten(write, new AddressWrite.Outcome.Done()));
    assertThat(one.attached.get(call)).isInstanceOf(AttachResult.Attached.class);
    assertThat(endpoint("a").declared()).isFalse();
  }
}
