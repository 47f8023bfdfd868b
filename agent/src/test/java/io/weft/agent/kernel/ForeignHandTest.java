package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.NeighbourSocket;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEvent.Observation;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** Against the real kernel: what others do to our objects, and to names like ours. */
class ForeignHandTest extends SegmentKernel {
  @Test
  void seesWhatOthersDelete() {
    standing();
    var links = inTenant();
    int device = links.requireLink("vx100").index();
    int bridge = links.requireLink("br100").index();
    links.execute(new Request.DeleteFdb(FdbEntry.remote(device, REMOTE, FAR).in(FdbTable.MASTER)));
    links.execute(new Request.DeleteFdb(FdbEntry.flood(device, FAR)));
    links.execute(
        new Request.DeleteNeighbour(
            Neighbour.remote(bridge, IpAddress.parse("192.168.1.20"), REMOTE, Rows.PROTOCOL)));
    assertThat(tables.drain(true))
        .containsExactlyInAnyOrder(
            new Observation(
                key(ForwardingKey.Kind.BRIDGE_FDB, REMOTE.toString()), Optional.empty()),
            new Observation(key(ForwardingKey.Kind.FLOOD, FAR.toString()), Optional.empty()),
            new Observation(key(ForwardingKey.Kind.NEIGHBOUR, "192.168.1.20"), Optional.empty()));
    assertThat(tables.drain(true)).isEmpty();
  }

  @Test
  void seesWhatOthersAddAndRemovesIt() {
    standing();
    var links = inTenant();
    int device = links.requireLink("vx100").index();
    var stranger = MacAddress.parse("02:aa:00:00:00:09");
    links.execute(new Request.PutFdb(FdbEntry.remote(device, stranger, FARTHER)));
    var foreign =
        List.of(
            new VxlanFdbEntry(tenant, VNI, stranger, FARTHER, VNI),
            new BridgeFdbEntry(tenant, VNI, stranger));
    assertThat(tables.drain(true))
        .containsExactlyInAnyOrderElementsOf(
            foreign.stream().map(o -> new Observation(o.key(), Optional.of(o))).toList());
    assertThat(tables.apply(foreign.stream().<KernelChange>map(KernelChange.Remove::new).toList()))
        .isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void seesARowThatOthersMovedToAnotherPort() {
    standing();
    var links = inTenant();
    int port = links.requireLink(PORT).index();
    links.execute(new Request.PutFdb(FdbEntry.pinned(port, REMOTE)));
    assertThat(tables.drain(true))
        .contains(
            new Observation(
                key(ForwardingKey.Kind.BRIDGE_FDB, REMOTE.toString()), Optional.empty()));
    assertThat(put(rows())).isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void aFrameMovesOnlyTheRowOfARemoteMacThatIsNotSticky() {
    standing();
    var links = inTenant();
    int bridge = links.requireLink("br100").index();
    links.createVeth("learning", LinkSettings.UP.withMaster(bridge), "far", LinkSettings.UP, links);
    var may = new BridgeFdbEntry(tenant, VNI, REMOTE);
    var mayNot = new BridgeFdbEntry(tenant, VNI, REMOTE, false, true);
    for (int i = 0; i < 2; i++) { // from each to the other
      assertThat(put(List.of(mayNot))).isEmpty();
      speak("far");
      assertThat(tables.drain(true)).isEmpty();
      assertThat(tables.dump()).contains(mayNot);
      assertThat(put(List.of(may))).isEmpty();
      assertThat(tables.drain(true)).isEmpty();
      assertThat(tables.dump()).contains(may);
    }
    speak("far");
    assertThat(tables.drain(true)).contains(new Observation(may.key(), Optional.empty()));
    assertThat(put(List.of(mayNot))).isEmpty(); // in place of what was learned
    assertThat(tables.dump()).contains(mayNot);
    var port = new LocalFdbEntry(tenant, VNI, REMOTE, PORT, false);
    assertThat(tables.apply(List.of(new KernelChange.Put(port), new KernelChange.Remove(mayNot))))
        .isEmpty();
    assertThat(tables.drain(true)).isEmpty();
    assertThat(tables.dump()).contains(port).doesNotContain(mayNot);
  }

  private void speak(String link) {
    try (var socket = NeighbourSocket.openIn(tenant, link)) {
      var frame = RawFrames.ethernet(RawFrames.ALL, REMOTE, 0x88b5, new byte[46]);
      assertThat(socket.send(frame)).isZero();
    }
  }

  @Test
  void seesARowThatOthersWeakened() {
    standing();
    var links = inTenant();
    int port = links.requireLink(PORT).index();
    links.execute(
        new Request.PutFdb(
            new FdbEntry(port, LOCAL, FdbTable.MASTER, Optional.empty(), FdbKind.DYNAMIC, false)));
    assertThat(tables.drain(true))
        .contains(
            new Observation(key(ForwardingKey.Kind.LOCAL_FDB, LOCAL.toString()), Optional.empty()));
    assertThat(put(rows().subList(0, 1))).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void seesALinkThatOthersDamagedAndMendsIt() {
    standing();
    var links = inTenant();
    links.setLink(links.requireLink("vx100").index(), LinkSettings.NONE.withUp(false));
    links.setLink(links.requireLink(PORT).index(), LinkSettings.NONE.withMaster(0));
    var seen = tables.drain(true);
    assertThat(seen)
        .extracting(Observation::key)
        .contains(vxlan(VTEP).key(), port(pod, "eth0").key());
    assertThat(put(List.of(vxlan(VTEP), (ForwardingObject) port(pod, "eth0").observable())))
        .isEmpty();
    assertThat(put(rows())).isEmpty();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void seesADeviceThatOthersMadeAnewUnderItsName() {
    standing();
    var links = inTenant();
    links.deleteLink(links.requireLink("vx100").index());
    try (var host = agent()) {
      host.dump();
      assertThat(host.apply(List.of(new KernelChange.Put(vxlan(VTEP))))).isEmpty();
    }
    assertThat(tables.drain(true))
        .extracting(Observation::key)
        .contains(
            key(ForwardingKey.Kind.VXLAN_FDB, REMOTE.toString()),
            key(ForwardingKey.Kind.FLOOD, FAR.toString()));
  }

  @Test
  void seesThatAPodWentWithItsNamespace() throws Exception {
    standing();
    NetworkNamespaces.delete(pod);
    var seen = new ArrayList<Observation>();
    long until = System.nanoTime() + 60_000_000_000L;
    while (seen.size() < 2 && System.nanoTime() < until) {
      seen.addAll(tables.drain(true));
      Thread.onSpinWait();
    }
    assertThat(seen)
        .containsExactlyInAnyOrder(
            new Observation(key(ForwardingKey.Kind.PORT, PORT), Optional.empty()),
            new Observation(key(ForwardingKey.Kind.LOCAL_FDB, LOCAL.toString()), Optional.empty()));
  }

  @Test
  void lostNoticesAreMadeGoodByADump() {
    standing();
    var links = inTenant();
    int device = links.requireLink("vx100").index();
    var flood = new ArrayList<Request>();
    for (int i = 0; i < 60_000; i++) {
      var mac = new MacAddress(0x02bb_0000_0000L + i);
      flood.add(
          new Request.PutFdb(
              new FdbEntry(
                  device, mac, FdbTable.SELF, Optional.of(FAR), FdbKind.EXTERN_LEARNED, false)));
    }
    assertThat(links.execute(flood)).allMatch(Optional::isEmpty);
    var seen = new ArrayList<Observation>();
    for (var news = tables.drain(true); !news.isEmpty(); news = tables.drain(true)) {
      seen.addAll(news);
    }
    assertThat(seen).extracting(Observation::key).doesNotHaveDuplicates().hasSize(60_000);
  }

  @Test
  void aNamespaceThatLostItsNameGetsItBack() {
    standing();
    var lost = new Observation(new TenantNamespace(tenant).key(), Optional.empty());
    NetworkNamespaces.delete(tenant);
    assertThat(tables.lookAround()).containsExactly(lost);
    assertThat(tables.lookAround()).as("said once").isEmpty();
    assertThat(put(List.of(new TenantNamespace(tenant)))).isEmpty();
    assertThat(inTenant().link("br100")).isPresent();
    NetworkNamespaces.delete(tenant);
    NetworkNamespaces.create(tenant);
    assertThat(tables.lookAround()).containsExactly(lost);
    assertThat(tables.lookAround()).as("said once").isEmpty();
    assertThat(put(List.of(new TenantNamespace(tenant)))).isEmpty();
    assertThat(inTenant().link("br100")).as("not the other one's").isPresent();
    assertThat(observable(tables.dump())).isEqualTo(observable(everything()));
  }

  @Test
  void whatOnlyHasANameLikeOursIsLeftAlone() {
    var stranger = namespaces.prefix() + "stranger";
    NetworkNamespaces.create(stranger);
    assertThat(tables.dump()).isEmpty();
    assertThat(tables.apply(List.of(new KernelChange.Remove(new TenantNamespace(stranger)))))
        .isEmpty();
    assertThat(NetworkNamespaces.exists(stranger)).isTrue();
  }

  @Test
  void aNameWithoutANamespaceIsMadeAnew() throws Exception {
    java.nio.file.Files.createFile(java.nio.file.Path.of("/run/netns", tenant));
    assertThat(tables.dump()).isEmpty();
    standing();
  }
}
