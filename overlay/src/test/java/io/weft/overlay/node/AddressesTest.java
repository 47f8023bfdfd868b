package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.ipam.AddressRequest;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Addresses of a network that several nodes share by a store. */
final class AddressesTest {
  private static final NetworkIntent WEB = network("web", "red", 100);
  private static final NetworkIntent SMALL = network("web", "red", 100, "192.168.1.0/28");
  private static final long MINUTE = 60_000_000_000L;

  private final SharedStore store = new SharedStore();

  private static NodeConfig config(String name, AddressConfig addresses) {
    return new NodeConfig(name, "weft-", 1000).withAddresses(addresses);
  }

  private OneNode node(String name, NetworkIntent... networks) {
    return start(new OneNode(config(name, new AddressConfig(true, List.of()))), networks);
  }

  private OneNode start(OneNode node, NetworkIntent... networks) {
    node.give(new NodeEvent.AddressesSeen(store.read()));
    node.start(networks);
    return node;
  }

  /** The node was killed: what it knew is gone, what stands in the kernel is there. */
  private OneNode again(OneNode killed, String name, NetworkIntent... networks) {
    var next = new OneNode(config(name, new AddressConfig(true, List.of())));
    next.kernel.putAll(killed.kernel);
    next.now = killed.now;
    return start(next, networks);
  }

  private Attached attach(OneNode node, String endpoint, String... addresses) {
    long call = node.attach(request(endpoint, "web", addresses));
    store.serveAll(node);
    return attached(node.answer(call));
  }

  private AttachResult claim(OneNode node, String endpoint, String claim, String... addresses) {
    long call = node.attach(request(endpoint, "web", addresses).withClaim(claim, false));
    store.serveAll(node);
    return node.answer(call);
  }

  private static Attached attached(AttachResult result) {
    assertThat(result).isInstanceOf(Attached.class);
    return (Attached) result;
  }

  private static void refused(AttachResult result, Reason reason, String... words) {
    assertThat(result).isInstanceOf(Refused.class);
    assertThat(((Refused) result).reason()).isEqualTo(reason);
    assertThat(((Refused) result).message()).contains(words);
  }

  private static IpAddress first(Attached attached) {
    return attached.addresses().getFirst().address();
  }

  private List<AddressBlock> blocks() {
    return store.read().blocks().values().stream().map(Stored::record).toList();
  }

  private AddressClaim claimNamed(String name) {
    return store.read().claims().get(name).record();
  }

  @Test
  void aNodeGivesOutOfItsOwnBlocksAndTakesAnotherWhenTheyAreFull() {
    var one = node("n1", WEB);
    var two = node("n2", WEB);
    var given = new TreeSet<IpAddress>();
    for (int i = 0; i < 60; i++) {
      given.add(first(attach(one, "a" + i)));
      two.give(new NodeEvent.AddressesSeen(store.read()));
      given.add(first(attach(two, "b" + i)));
    }
    assertThat(given).hasSize(120);
    // 60 of blocks of 16, the first of which may lack three.
    assertThat(blocks().stream().filter(block -> block.node().equals("n1"))).hasSizeBetween(4, 5);
    for (var address : given) {
      assertThat(blocks().stream().filter(block -> block.prefix().contains(address))).hasSize(1);
    }
  }

  @Test
  void anAttachNeedsTheStoreOnlyForANewBlock() {
    var one = node("n1", WEB);
    attach(one, "a");
    one.give(new NodeEvent.AddressesUnreadable("the disk is gone"));
    for (int i = 0; i < 12; i++) {
      attached(one.attachNow(request("b" + i, "web")));
    }
    assertThat(one.writes).isEmpty();
    assertThat(one.node.addresses(one.now).failure()).isEqualTo("the disk is gone");
  }

  @Test
  void aCallIsToldWhenTheStoreCannotBeWritten() {
    var one = node("n1", WEB);
    long call = one.attach(request("a", "web"));
    long other = one.attach(request("b", "web"));
    assertThat(one.writes).hasSize(1); // both wait for the same block
    var write = one.writes.remove();
    one.give(
        new NodeEvent.AddressWritten(write, new AddressWrite.Outcome.Failed("the disk is full")));
    refused(one.answer(call), Reason.NOT_READY, "the disk is full");
    refused(one.answer(other), Reason.NOT_READY, "the disk is full");
    attach(one, "a");
  }

  @Test
  void nothingIsGivenOutBeforeTheStoreWasRead() {
    var one = new OneNode(config("n1", new AddressConfig(true, List.of()))).start(WEB);
    refused(one.attachNow(request("a", "web")), Reason.NOT_READY, "has not been read yet");
    refused(
        one.attachNow(request("a", "web", "192.168.1.7")), Reason.NOT_READY, "not been read yet");
  }

  @Test
  void aRefusedBlockIsAnothersAndTheNextOneIsTaken() {
    var one = node("n1", WEB);
    long call = one.attach(request("a", "web"));
    var wanted = (AddressBlock) one.writes.element().record();
    store.write(new AddressWrite.Create(new AddressBlock("web", wanted.prefix(), "n2")));
    store.serveAll(one);
    assertThat(wanted.prefix().contains(first(attached(one.answer(call))))).isFalse();
  }

  @Test
  void anAddressThatWasJustFreedIsReusedLast() {
    var one = node("n1", WEB);
    var seen = new ArrayList<IpAddress>();
    for (int i = 0; i < 13; i++) {
      seen.add(first(attach(one, "a")));
      one.detach("a");
    }
    assertThat(new TreeSet<>(seen)).hasSize(13);
    assertThat(blocks()).hasSize(1);
  }

  @Test
  void exhaustionIsToldWithNumbers() {
    var one = node("n1", SMALL);
    var two = node("n2", SMALL);
    attach(two, "b");
    one.give(new NodeEvent.AddressesSeen(store.read()));
    for (int i = 0; i < 12; i++) { // of 16: network, broadcast, gateway, and one of n2
      attach(one, "a" + i);
    }
    long call = one.attach(request("z", "web"));
    store.serveAll(one);
    refused(
        one.answer(call),
        Reason.NO_FREE_ADDRESS,
        "subnet 192.168.1.0/28 of network 'web' has no free address for node n1",
        "n1 12, n2 1",
        "12 addresses are used, 0 claimed");
  }

  @Test
  void anIdleBlockIsGivenBackAfterAWhile() {
    var one = node("n1", WEB);
    attach(one, "a");
    one.detach("a");
    one.pass(9 * MINUTE);
    assertThat(one.writes).isEmpty();
    one.pass(2 * MINUTE);
    store.serveAll(one);
    assertThat(blocks()).isEmpty();
    attach(one, "a");
    assertThat(blocks()).hasSize(1);
  }

  @Test
  void nothingIsGivenOutOfABlockThatIsBeingGivenBack() {
    var one = node("n1", WEB);
    var before = first(attach(one, "a"));
    one.detach("a");
    one.pass(11 * MINUTE);
    assertThat(one.writes).hasSize(1);
    refused(
        one.attachNow(request("a", "web", before.toString())),
        Reason.NOT_READY,
        "is being given back");
    long call = one.attach(request("a", "web"));
    var removal = one.writes.remove();
    store.write(removal);
    one.give(new NodeEvent.AddressWritten(removal, new AddressWrite.Outcome.Failed("away")));
    store.serveAll(one);
    var given = first(attached(one.answer(call)));
    assertThat(blocks()).anyMatch(block -> block.prefix().contains(given));
  }

  @Test
  void aKilledNodeKnowsFromKernelAndStoreWhatIsGivenOut() {
    var one = node("n1", WEB);
    var given = new TreeSet<IpAddress>();
    for (int i = 0; i < 10; i++) {
      given.add(first(attach(one, "a" + i)));
    }
    var next = again(one, "n1", WEB);
    for (int i = 0; i < 10; i++) {
      given.add(first(attach(next, "b" + i)));
    }
    assertThat(given).hasSize(20);
    assertThat(next.node.addresses(next.now).conflicts()).isEmpty();
  }

  @Test
  void aFixedAddressIsTheBlocksOwnersToGive() {
    var one = node("n1", WEB);
    var two = node("n2", WEB);
    attach(one, "a", "192.168.1.77");
    assertThat(blocks())
        .containsExactly(new AddressBlock("web", IpPrefix.parse("192.168.1.64/28"), "n1"));
    two.give(new NodeEvent.AddressesSeen(store.read()));
    refused(
        two.attachNow(request("b", "web", "192.168.1.78")),
        Reason.ADDRESS_IN_USE,
        "in block 192.168.1.64/28, which belongs to node n1");
  }

  @Test
  void anAddressFromBeforeTheStoreIsTakenIntoABlock() {
    var alone = new OneNode(config("n1", AddressConfig.ALONE)).start(WEB);
    attached(alone.attachNow(request("a", "web", "192.168.1.77")));
    var one = again(alone, "n1", WEB);
    store.serveAll(one);
    assertThat(blocks())
        .containsExactly(new AddressBlock("web", IpPrefix.parse("192.168.1.64/28"), "n1"));

    var stranger = again(alone, "n2", WEB);
    assertThat(stranger.node.addresses(1).conflicts())
        .singleElement()
        .asString()
        .contains("endpoint 'a'", "192.168.1.77", "belongs to node n1");
  }

  @Test
  void whoComesLastToOverlappingBlocksStepsBack() {
    store.write(
        new AddressWrite.Create(new AddressBlock("web", IpPrefix.parse("192.168.1.64/27"), "n2")));
    var one = node("n1", WEB);
    store.write(
        new AddressWrite.Create(new AddressBlock("web", IpPrefix.parse("192.168.1.64/28"), "n1")));
    one.give(new NodeEvent.AddressesSeen(store.read()));
    store.serveAll(one);
    assertThat(blocks()).hasSize(1);
    refused(
        one.attachNow(request("a", "web", "192.168.1.70")),
        Reason.ADDRESS_IN_USE,
        "belongs to node n2");
  }

  @Test
  void theNodesPodCidrTakesThePlaceOfBlocks() {
    var cidr = new AddressConfig(false, List.of(IpPrefix.parse("192.168.1.64/29")));
    var one = new OneNode(config("n1", cidr)).start(WEB);
    var given = new TreeSet<IpAddress>();
    for (int i = 0; i < 8; i++) {
      given.add(first(attached(one.attachNow(request("a" + i, "web")))));
    }
    assertThat(given).hasSize(8).allMatch(IpPrefix.parse("192.168.1.64/29")::contains);
    refused(
        one.attachNow(request("z", "web")),
        Reason.NO_FREE_ADDRESS,
        "pod CIDR 192.168.1.64/29 of node n1",
        "8 are used, 0 claimed");
    refused(
        one.attachNow(request("z", "web", "192.168.1.80")),
        Reason.ADDRESS_IN_USE,
        "not in this node's pod CIDR");
  }

  @Test
  void aNetworkOfTwoFamiliesHasBlocksOfBoth() {
    var dual =
        new NetworkIntent(
            "web",
            WEB.tenant(),
            WEB.vni(),
            List.of(IpPrefix.parse("192.168.0.0/16"), IpPrefix.parse("fd00:1::/64")),
            WEB.importTargets(),
            WEB.exportTargets(),
            WEB.mtu());
    var one = node("n1", dual);
    var attached = attach(one, "a");
    assertThat(attached.addresses()).extracting(HostAddress::prefixLength).containsExactly(16, 64);
    assertThat(blocks()).extracting(block -> block.prefix().length()).containsExactly(26, 112);
  }

  @Test
  void podCidrsMayBecomeKnownLater() {
    var one = node("n1", WEB);
    one.give(new NodeEvent.PodCidrsSeen(List.of(IpPrefix.parse("192.168.1.64/29"))));
    assertThat(IpPrefix.parse("192.168.1.64/29").contains(first(attach(one, "a")))).isTrue();
    assertThat(store.read().blocks()).isEmpty();
  }

  // ---- claims -----------------------------------------------------------------------------

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
