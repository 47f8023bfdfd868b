package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.entry;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.ipam.AddressWrite;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** Addresses of a network that several nodes share by a store. */
final class AddressesTest extends NodesOfAStore {
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
    var waitsFor = "the store of addresses has yet to write block " + write.record().name();
    assertThat(one.node.view().attaching())
        .containsOnly(entry("a", waitsFor), entry("b", waitsFor));
    one.give(
        new NodeEvent.AddressWritten(write, new AddressWrite.Outcome.Failed("the disk is full")));
    refused(one.answer(call), Reason.NOT_READY, "the disk is full");
    refused(one.answer(other), Reason.NOT_READY, "the disk is full");
    assertThat(one.node.view().attaching()).isEmpty();
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
}
