package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.ipam.AddressRequest;
import io.weft.overlay.ipam.AddressWrite;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Claims of addresses, which outlive the endpoints that hold them. */
final class ClaimsTest extends NodesOfAStore {
  @Test
  void aClaimOutlivesItsEndpointAndGoesToAnotherNode() {
    var one = node("n1", WEB);
    var two = node("n2", WEB);
    var first = attached(claim(one, "vm", "vm-1"));
    assertThat(claimNamed("vm-1").active()).contains(new AddressClaim.Holder("n1", "vm"));
    two.give(new NodeEvent.AddressesSeen(store.read()));
    refused(claim(two, "vm", "vm-1"), Reason.ADDRESS_IN_USE, "is held by ['vm' on node n1]");

    one.detach("vm");
    store.serveAll(one);
    assertThat(claimNamed("vm-1").holders()).isEmpty();
    for (int i = 0; i < 20; i++) {
      assertThat(attach(one, "a" + i).addresses()).doesNotContainAnyElementsOf(first.addresses());
    }
    two.give(new NodeEvent.AddressesSeen(store.read()));
    var second = attached(claim(two, "vm", "vm-1"));
    assertThat(second.addresses()).isEqualTo(first.addresses());
    assertThat(second.mac()).isEqualTo(first.mac());
  }

  @Test
  void aClaimIsNotAnothersWhileItIsBeingMade() {
    var one = node("n1", WEB);
    attach(one, "z");
    long claiming = one.attach(request("a", "web").withClaim("vm-1", false));
    one.give(new NodeEvent.AddressesSeen(store.read())); // from before
    var other = attached(one.attachNow(request("a2", "web")));
    store.serveAll(one);
    assertThat(attached(one.answer(claiming)).addresses())
        .doesNotContainAnyElementsOf(other.addresses());
  }

  @Test
  void aNodeThatDiedBetweenClaimAndInterfaceLetsGoOfTheClaim() {
    var one = node("n1", WEB);
    one.applying = false;
    one.attach(request("vm", "web").withClaim("vm-1", false));
    store.serveAll(one);
    assertThat(claimNamed("vm-1").holders()).hasSize(1);
    var next = again(one, "n1", WEB);
    store.serveAll(next);
    assertThat(claimNamed("vm-1").holders()).isEmpty();
  }

  @Test
  void aClaimThatIsBeingLetGoIsNotTakenForHeld() {
    var one = node("n1", WEB);
    one.applying = false;
    one.attach(request("vm", "web").withClaim("vm-1", false));
    store.serveAll(one);
    var next = again(one, "n1", WEB); // lets go of the claim: the endpoint is not there
    long call = next.attach(request("vm", "web").withClaim("vm-1", false));
    assertThat(next.attached).doesNotContainKey(call);
    store.serveAll(next);
    attached(next.answer(call));
    assertThat(claimNamed("vm-1").holders()).containsExactly(new AddressClaim.Holder("n1", "vm"));
  }

  @Test
  void aDetachWhileTheClaimIsMadeLeavesItWithoutHolder() {
    var one = node("n1", WEB);
    long call = one.attach(request("vm", "web").withClaim("vm-1", false));
    store.serve(one); // the block
    one.detach("vm");
    refused(one.answer(call), Reason.INVALID_REQUEST, "was detached");
    store.serveAll(one);
    assertThat(claimNamed("vm-1").holders()).isEmpty();
  }

  @Test
  void aClaimSaysWhatIsAskedForOrTheCallIsRefused() {
    var one = node("n1", WEB);
    attached(claim(one, "vm", "vm-1", "192.168.1.9"));
    one.detach("vm");
    store.serveAll(one);
    refused(claim(one, "vm", "vm-1", "192.168.1.10"), Reason.INVALID_REQUEST, "has the addresses");
    refused(
        one.attachNow(request("x", "web", "192.168.1.9")),
        Reason.ADDRESS_IN_USE,
        "is kept by claim 'vm-1'");
    refused(claim(one, "vm", "Not a name"), Reason.INVALID_REQUEST, "name of a claim");
    var mac = MacAddress.parse("02:00:00:00:00:01");
    var other = request("vm", "web").with(mac, List.of()).withClaim("vm-1", false);
    refused(one.attachNow(other), Reason.INVALID_REQUEST, "has the MAC address");
  }

  @Test
  void aClaimIsDeletedOnceNobodyHoldsIt() {
    var one = node("n1", WEB);
    attached(claim(one, "vm", "vm-1"));
    long early = one.ask(new AddressRequest.DeleteClaim("vm-1"));
    assertThat(one.addressAnswers.get(early)).contains("is held by ['vm' on node n1]");
    one.detach("vm");
    store.serveAll(one);
    long call = one.ask(new AddressRequest.DeleteClaim("vm-1"));
    assertThat(one.addressAnswers).doesNotContainKey(call);
    store.serveAll(one);
    assertThat(one.addressAnswers.get(call)).isEmpty();
    assertThat(store.read().claims()).isEmpty();
    long late = one.ask(new AddressRequest.DeleteClaim("vm-1"));
    assertThat(one.addressAnswers.get(late)).contains("there is no claim");
  }

  @Test
  void aNodeThatIsGoneIsReleasedByAnother() {
    var one = node("n1", WEB);
    attached(claim(one, "vm", "vm-1"));
    var two = node("n2", WEB);
    long mine = two.ask(new AddressRequest.ReleaseNode("n2"));
    assertThat(two.addressAnswers.get(mine)).contains("is this node");
    long call = two.ask(new AddressRequest.ReleaseNode("n1"));
    store.serveAll(two);
    assertThat(two.addressAnswers.get(call)).isEmpty();
    assertThat(blocks()).isEmpty();
    var moved = attached(claim(two, "vm", "vm-1"));
    assertThat(claimNamed("vm-1").addresses()).containsExactly(first(moved));
    assertThat(Optional.of(claimNamed("vm-1").mac())).contains(moved.mac());
  }

  @Test
  void anEndpointOfAnotherClaimIsNoHolder() {
    var one = node("n1", WEB);
    attached(claim(one, "vm", "vm-2"));
    // As a life before left it, that was killed before the port was made.
    var left =
        new AddressClaim(
            "vm-1",
            "web",
            List.of(IpAddress.parse("192.168.1.200")),
            MacAddress.parse("02:00:00:00:00:01"),
            List.of(),
            Optional.empty());
    store.write(new AddressWrite.Create(left.with(new AddressClaim.Holder("n1", "vm"))));
    one.give(new NodeEvent.AddressesSeen(store.read()));
    store.serveAll(one);
    assertThat(claimNamed("vm-1").holders()).isEmpty();
    assertThat(claimNamed("vm-2").holders()).hasSize(1);
  }

  @Test
  void ofTwoHoldersOneIsActiveUntilTheOtherIsMadeActive() {
    var one = node("n1", WEB);
    var two = node("n2", WEB);
    var first = attached(claim(one, "vm", "vm-1"));
    two.give(new NodeEvent.AddressesSeen(store.read()));
    long call = two.attach(request("vm", "web").withClaim("vm-1", true));
    store.serveAll(two);
    var second = attached(two.answer(call));
    assertThat(second.addresses()).isEqualTo(first.addresses());
    assertThat(second.mac()).isEqualTo(first.mac());
    assertThat(isAnnounced(two, second)).isFalse();
    assertThat(two.kernel(Kind.LOCAL_FDB)).isEmpty();
    one.give(new NodeEvent.AddressesSeen(store.read()));
    assertThat(isAnnounced(one, first)).isTrue();

    // A restarted node knows it from its kernel, before it has read the store.
    var blind = new OneNode(config("n2", new AddressConfig(true, List.of())));
    blind.kernel.putAll(two.kernel);
    blind.start(WEB);
    assertThat(isAnnounced(blind, second)).isFalse();
    assertThat(blind.kernel(Kind.LOCAL_FDB)).isEmpty();

    long wrong = two.ask(new AddressRequest.ActivateClaim("vm-1", "n3"));
    assertThat(two.addressAnswers.get(wrong)).contains("not on node n3");
    long activate = two.ask(new AddressRequest.ActivateClaim("vm-1", "n2"));
    store.serveAll(two);
    assertThat(two.addressAnswers.get(activate)).isEmpty();
    assertThat(isAnnounced(two, second)).isTrue();
    assertThat(two.kernel(Kind.LOCAL_FDB)).hasSize(1);
    one.give(new NodeEvent.AddressesSeen(store.read()));
    assertThat(isAnnounced(one, first)).isFalse();
    assertThat(one.kernel(Kind.LOCAL_FDB)).isEmpty();

    one.detach("vm");
    store.serveAll(one);
    assertThat(claimNamed("vm-1").holders()).containsExactly(new AddressClaim.Holder("n2", "vm"));
    two.give(new NodeEvent.AddressesSeen(store.read()));
    assertThat(isAnnounced(two, second)).isTrue();
  }

  @Test
  void theHolderThatIsLeftIsActive() {
    var one = node("n1", WEB);
    var two = node("n2", WEB);
    attached(claim(one, "vm", "vm-1"));
    two.give(new NodeEvent.AddressesSeen(store.read()));
    long call = two.attach(request("vm", "web").withClaim("vm-1", true));
    store.serveAll(two);
    one.give(new NodeEvent.AddressesSeen(store.read()));
    one.detach("vm");
    store.serveAll(one);
    two.give(new NodeEvent.AddressesSeen(store.read()));
    assertThat(isAnnounced(two, attached(two.answer(call)))).isTrue();
    two.detach("vm");
    store.serveAll(two);
    assertThat(two.kernel).isEmpty();
    assertThat(claimNamed("vm-1").holders()).isEmpty();
  }

  @Test
  void framesForAStandbyGoToTheActiveHolder() {
    var two = node("n2", WEB);
    attach(two, "neighbour");
    var one = node("n1", WEB);
    var first = attached(claim(one, "vm", "vm-1"));
    two.give(new NodeEvent.AddressesSeen(store.read()));
    two.sayMac("10.0.0.7", 100, first(first).toString());
    long call = two.attach(request("vm", "web").withClaim("vm-1", true));
    store.serveAll(two);
    attached(two.answer(call));
    assertThat(two.kernel(Kind.VXLAN_FDB)).hasSize(1);
    two.ask(new AddressRequest.ActivateClaim("vm-1", "n2"));
    store.serveAll(two);
    assertThat(two.kernel(Kind.VXLAN_FDB)).isEmpty();
    assertThat(two.kernel(Kind.LOCAL_FDB)).hasSize(2);
    assertThat(isAnnounced(two, first)).isTrue();
  }

  private static boolean isAnnounced(OneNode node, Attached endpoint) {
    return node.announced().stream()
        .anyMatch(
            route ->
                route instanceof MacIpAdvertisement advertised
                    && advertised.mac().equals(endpoint.mac()));
  }
}
