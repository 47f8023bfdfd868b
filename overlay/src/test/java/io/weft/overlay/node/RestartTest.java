package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.macRoute;
import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.KernelChange;
import java.util.List;
import org.junit.jupiter.api.Test;

/** The third straight line: what stands in the kernel is adopted, kept and repaired. */
final class RestartTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final long SECOND = 1_000_000_000L;

  /** A node with two endpoints, a remote one, and all of it in the kernel. */
  private static OneNode busy() {
    var one = new OneNode().start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.attach(request("b", "web", "192.168.1.11"));
    one.sayMac("10.0.0.2", 100, "192.168.1.20");
    one.sayFlood("10.0.0.2", 100);
    return one;
  }

  private static OneNode after(OneNode former) {
    var again = new OneNode();
    former.observable().forEach(object -> again.kernel.put(object.key(), object));
    return again;
  }

  @Test
  void aRestartChangesNothingThatStands() {
    var former = busy();
    var again = after(former).begin(WEB);
    assertThat(again.announced())
        .contains(
            macRoute("10.0.0.1", 100, "192.168.1.10"), macRoute("10.0.0.1", 100, "192.168.1.11"));
    assertThat(again.node.view().converged()).isFalse();
    again.sayMac("10.0.0.2", 100, "192.168.1.20");
    again.sayFlood("10.0.0.2", 100);
    again.endOfRib();
    assertThat(again.node.view().converged()).isTrue();
    assertThat(again.batches).isEmpty();
    assertThat(again.observable()).isEqualTo(former.observable());
    assertThat(again.node.view().endpoints()).allMatch(NodeView.EndpointView::attached).hasSize(2);
  }

  /** Nobody would call again: the endpoint would stay for ever. */
  @Test
  void aDetachCallThatComesBeforeTheKernelIsReadIsCarriedOutThen() {
    var again = after(busy());
    long early = again.detach("a");
    assertThat(again.detached).isEmpty();
    again.begin(WEB);
    assertThat(again.detached).containsEntry(early, true);
    assertThat(again.node.view().endpoints()).hasSize(1);
    assertThat(again.announced())
        .contains(macRoute("10.0.0.1", 100, "192.168.1.11"))
        .doesNotContain(macRoute("10.0.0.1", 100, "192.168.1.10"));
  }

  /** Who calls again and again while the kernel cannot be read must not fill the memory. */
  @Test
  void onlySoManyDetachCallsWaitForTheKernel() {
    var again = after(busy());
    long first = again.detach("b");
    for (int i = 1; i < EarlyDetaches.MOST; i++) {
      again.detach("b");
    }
    assertThat(again.reports).isEmpty();
    long newest = again.detach("a");
    again.detach("a");
    assertThat(again.reports)
        .singleElement()
        .asString()
        .contains("endpoint a", "4096 detach calls wait", "must be made again");
    assertThat(again.refusedDetaches).hasSize(2).containsKey(newest);
    assertThat(again.refusedDetaches.get(newest))
        .isEqualTo(
            "4096 detach calls wait until the node has started (the node has not read its"
                + " configuration yet); this one is not taken and must be made again");
    assertThat(again.node.deviations(0))
        .containsExactly(
            "4096 detach calls wait until the node has started: the node has not read its"
                + " configuration yet; 2 more were not taken and must be made again");
    again.begin(WEB);
    assertThat(again.node.deviations(0)).isEmpty();
    assertThat(again.detached)
        .hasSize(EarlyDetaches.MOST)
        .containsEntry(first, true)
        .doesNotContainKey(newest);
    assertThat(again.node.view().endpoints())
        .map(each -> each.endpoint().name())
        .containsExactly("a");
    long later = again.detach("a");
    assertThat(again.detached).containsEntry(later, true);
  }

  @Test
  void aDetachCallOfNobodyWaitsNoLongerThanForTheKernel() {
    var again = after(busy());
    again.give(new NodeEvent.KernelObserved(again.observable()));
    long nobody = again.detach("c");
    assertThat(again.detached).containsEntry(nobody, false);
    long early = again.detach("b");
    assertThat(again.detached).doesNotContainKey(early);
    again.begin(WEB);
    assertThat(again.detached).containsEntry(early, true);
  }

  @Test
  void remoteRowsStayUntilEndOfRibSaysThatTheyAreGone() {
    var again = after(busy()).begin(WEB);
    again.sayFlood("10.0.0.2", 100);
    assertThat(again.kernel(Kind.VXLAN_FDB)).hasSize(1);
    again.endOfRib();
    assertThat(again.kernel(Kind.VXLAN_FDB)).isEmpty();
    assertThat(again.kernel(Kind.FLOOD)).hasSize(1);
  }

  @Test
  void withoutEndOfRibTheyGoWhenTheRestartTimeIsUp() {
    var again = after(busy());
    again.reachable = false;
    again.begin(WEB);
    again.pass(119 * SECOND);
    assertThat(again.batches).isEmpty();
    again.pass(2 * SECOND);
    assertThat(again.kernel(Kind.VXLAN_FDB)).isEmpty();
    assertThat(again.node.view().converged()).isTrue();
  }

  @Test
  void aMovedMacIsReplacedBeforeEndOfRib() {
    var again = after(busy()).begin(WEB);
    again.sayMac("10.0.0.3", 100, "192.168.1.20");
    assertThat(again.kernel(Kind.VXLAN_FDB).toString()).contains("10.0.0.3");
  }

  @Test
  void anAdoptedEndpointIsAnsweredAndDetachedLikeAnother() {
    var again = after(busy()).start(WEB);
    assertThat(again.attachNow(request("a", "web"))).isInstanceOf(Attached.class);
    again.detach("a");
    again.detach("b");
    assertThat(again.kernel).isEmpty();
  }

  /** RFC 7432 §15.2: what is said of a sticky MAC does not become less. */
  @Test
  void aStickyMacStaysSticky() {
    var plain = request("a", "web", "192.168.1.10");
    var former = new OneNode().start(WEB);
    former.attach(
        new AttachRequest(
            plain.endpoint(),
            plain.network(),
            plain.networkNamespace(),
            plain.interfaceName(),
            plain.mac(),
            plain.addresses(),
            true));
    var again = after(former).begin(WEB);
    assertThat(again.announced(macRoute("10.0.0.1", 100, "192.168.1.10")).macMobility())
        .contains(ExtendedCommunity.macMobility(true, 0));
    assertThat(again.batches).isEmpty();
  }

  @Test
  void anEndpointOfAVanishedNetworkIsAdoptedAsAnOrphan() {
    var again = after(busy()).start();
    assertThat(again.reports).anyMatch(r -> r.contains("'a'") && r.contains("no such network"));
    assertThat(again.node.view().networks())
        .singleElement()
        .satisfies(n -> assertThat(n.orphaned()).isTrue())
        .satisfies(n -> assertThat(n.localEndpoints()).isEqualTo(2));
    assertThat(again.announced()).contains(macRoute("10.0.0.1", 100, "192.168.1.10"));
    again.detach("a");
    again.detach("b");
    assertThat(again.kernel).isEmpty();
  }

  @Test
  void whatNobodyWantsIsRemovedAtTheStart() {
    var one = new OneNode();
    var stray = new ForwardingObject.TenantNamespace("weft-old");
    one.kernel.put(stray.key(), stray);
    one.start(WEB);
    assertThat(one.kernel).isEmpty();
  }

  @Test
  void aForeignChangeIsRepaired() {
    var one = busy();
    for (var kind :
        List.of(
            Kind.BRIDGE, Kind.VXLAN, Kind.LOCAL_FDB, Kind.VXLAN_FDB, Kind.FLOOD, Kind.NEIGHBOUR)) {
      var lost = one.kernel(kind).getFirst();
      one.forget();
      one.lose(lost.key());
      assertThat(one.batches).containsExactly(List.of(new KernelChange.Put(lost)));
      assertThat(one.kernel.get(lost.key())).isEqualTo(lost);
    }
  }

  @Test
  void aVanishedInterfaceIsADetachedEndpoint() {
    var one = busy();
    one.forget();
    var port =
        one.kernel(Kind.PORT).stream()
            .filter(o -> o instanceof EndpointPort p && p.endpoint().equals("a"))
            .findFirst()
            .orElseThrow();
    one.lose(port.key());
    assertThat(one.reports).anyMatch(r -> r.contains("endpoint a") && r.contains("is gone"));
    assertThat(one.announced())
        .contains(macRoute("10.0.0.1", 100, "192.168.1.11"))
        .doesNotContain(macRoute("10.0.0.1", 100, "192.168.1.10"));
    assertThat(one.kernel(Kind.PORT)).hasSize(1);
    assertThat(one.kernel(Kind.LOCAL_FDB)).hasSize(1);
    assertThat(one.node.view().endpoints()).hasSize(1);
  }

  @Test
  void afterLostNoticesAFullDumpIsCompared() {
    var one = busy();
    var lost = one.kernel(Kind.FLOOD).getFirst();
    one.kernel.remove(lost.key());
    one.forget();
    one.give(new NodeEvent.KernelObserved(one.observable()));
    assertThat(one.batches).containsExactly(List.of(new KernelChange.Put(lost)));
  }

  @Test
  void aRefusedRowIsTriedAgainAndShownMeanwhile() {
    var one = new OneNode().start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.refusing.add(Kind.FLOOD);
    one.sayFlood("10.0.0.2", 100);
    assertThat(one.node.view().kernelFailures())
        .singleElement()
        .satisfies(f -> assertThat(f.reason()).contains("says the kernel"));
    one.pass(10 * SECOND);
    assertThat(one.kernel(Kind.FLOOD)).isEmpty();
    one.refusing.clear();
    one.pass(60 * SECOND);
    assertThat(one.kernel(Kind.FLOOD)).hasSize(1);
    assertThat(one.node.view().kernelFailures()).isEmpty();
  }

  @Test
  void whatTheKernelRefusesDoesNotKeepEndOfRibBackForEver() {
    var former = busy();
    former.kernel.keySet().removeIf(key -> key.kind() == Kind.LOCAL_FDB);
    var again = after(former);
    again.refusing.add(Kind.LOCAL_FDB);
    again.start(WEB);
    assertThat(again.updates).noneMatch(update -> update.endOfRib().isPresent());
    again.pass(121 * SECOND);
    assertThat(again.updates).anyMatch(update -> update.endOfRib().isPresent());
  }
}
