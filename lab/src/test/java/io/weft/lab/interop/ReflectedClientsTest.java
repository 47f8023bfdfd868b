package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.wire.EvpnRoute.EthernetAutoDiscovery;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.bgp.wire.Route;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Our reflector between clients of FRR and of GoBGP: what each of them holds. */
class ReflectedClientsTest {
  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private WeftSpeaker reflector;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-reflect", directory);
    self = arena.address("10.99.0.1");
    reflector = WeftSpeaker.reflector(arena, self);
    reflector.originate(List.of());
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      assertThat(reflector.said(SpeakerEffect.Report.class)).as("what we object to").isEmpty();
      arena.close();
    }
  }

  private FrrBgpd frr(String address) throws Exception {
    var client = FrrBgpd.client(arena, "frr" + address, arena.address(address), self);
    Arena.await("FRR " + address, () -> client.isUp(self), true);
    return client;
  }

  private GoBgpd gobgp(String address) throws Exception {
    var client = GoBgpd.client(arena, "gobgp" + address, arena.address(address), self);
    Arena.await("GoBGP " + address, () -> client.isUp(self), true);
    return client;
  }

  private static void announce(RawPeer from, List<OriginatedRoute> routes) throws Exception {
    for (var route : routes) {
      from.send(Message.Update.announce(route.attributes(), List.of(route.route())));
    }
  }

  @Test
  void everyFormOfRouteReachesFrrAndLeavesItAgain() throws Exception {
    var one = frr("10.99.0.2");
    var two = frr("10.99.0.3");
    var source = arena.address("10.99.0.9");
    var sender = RawPeer.connect(arena, source, self);
    var routes = Samples.everyForm(source);
    announce(sender, routes);
    Arena.await("routes at FRR", () -> one.routes().size(), routes.size());
    var held = one.routes();
    assertThat(held.values())
        .allSatisfy(
            text ->
                assertThat(text)
                    .contains("locPrf 100")
                    .contains("originatorId 10.99.0.9")
                    .contains("clusters [\"10.99.0.1\"]")
                    .contains("ET:8"));
    var rd = "10.99.0.9:1 ";
    assertThat(held.get(rd + "[2]:[0]:[48]:[02:00:00:00:00:01]:[32]:[192.0.0.1]"))
        .contains("via 198.51.100.1 ", "RT:65000:100", "VNI 100");
    assertThat(held.get(rd + "[2]:[0]:[48]:[02:00:00:00:00:02]")).contains("MM:7");
    assertThat(held.get(rd + "[2]:[0]:[48]:[02:00:00:00:00:03]:[32]:[192.0.2.3]"))
        .contains("RT:65000:100", "RT:65000:900", "Rmac:02:00:00:00:00:09", "VNI 100/900");
    assertThat(held.get(rd + "[2]:[0]:[48]:[02:00:00:00:00:04]:[128]:[2001:db8:1::4]"))
        .contains("esi 01:aa:bb:cc:dd:ee:ff:00:64:00");
    assertThat(held.get(rd + "[3]:[0]:[32]:[198.51.100.1]"))
        .contains("pmsi {\"tunnelType\":\"Ingress Replication\",\"label\":100}");
    assertThat(held.get(rd + "[4]:[01:aa:bb:cc:dd:ee:ff:00:64:00]:[32]:[198.51.100.1]"))
        .contains("ES-Import-Rt:aa:bb:cc:dd:ee:ff");
    assertThat(held.get(rd + "[5]:[0]:[24]:[10.5.0.0]"))
        .contains("RT:65000:900", "Rmac:02:00:00:00:00:09", "VNI 900");
    assertThat(held).containsKey(rd + "[5]:[0]:[64]:[2001:db8:5::]");
    Arena.await("the other FRR", two::routes, held);
    var gone = new TreeSet<>(held.keySet());
    for (var route : routes) {
      sender.send(Message.Update.withdraw(List.of(route.route())));
      Arena.await(
          "after the withdrawal of " + route.route(), () -> one.routes().size(), gone.size() - 1);
      gone.retainAll(one.routes().keySet());
    }
    Arena.await("the other FRR at the end", two::routes, new TreeMap<String, String>());
  }

  @Test
  void whatFrrReflectsComesThroughWithBothClusters() throws Exception {
    var pod = arena.address("10.99.0.9");
    var middleAddress = arena.address("10.99.0.4");
    var middle =
        FrrBgpd.start(
            arena,
            "middle",
            middleAddress,
            FrrBgpd.config(
                65000,
                middleAddress,
                FrrBgpd.neighbour(middleAddress, self, "")
                    + FrrBgpd.neighbour(middleAddress, pod, "route-reflector-client")));
    Arena.await("FRR in the middle", () -> middle.isUp(self), true);
    var end = frr("10.99.0.2");
    var sender = RawPeer.connect(arena, pod, middleAddress);
    var routes = Samples.everyForm(pod);
    announce(sender, routes);
    Arena.await("routes at the far FRR", () -> end.routes().size(), routes.size());
    assertThat(end.routes().values())
        .allSatisfy(
            text ->
                assertThat(text)
                    .contains("originatorId 10.99.0.9")
                    .contains("clusters [\"10.99.0.1\",\"10.99.0.4\"]"));
    for (var view : reflector.bestRoutes()) {
      var sent =
          routes.stream().filter(r -> r.route().key().equals(view.route().key())).findFirst();
      assertThat(sent).as(view.route().toString()).isPresent();
      // FRR 8.4.4 passes Ethernet A-D routes on with label 0.
      boolean discovery = view.route() instanceof EthernetAutoDiscovery;
      assertThat(view.route()).isEqualTo(discovery ? sent.get().route().key() : sent.get().route());
      var attributes = view.attributes();
      assertThat(attributes.nextHop()).isEqualTo(sent.get().attributes().nextHop());
      assertThat(new TreeSet<>(attributes.extendedCommunities()))
          .isEqualTo(new TreeSet<>(sent.get().attributes().extendedCommunities()));
      // FRR 8.4.4 passes them on without flags: who gets that sends unknown unicast, and loses
      // none.
      assertThat(attributes.pmsiTunnel())
          .isEqualTo(
              sent.get()
                  .attributes()
                  .pmsiTunnel()
                  .map(tunnel -> PmsiTunnel.ingressReplication(tunnel.label(), Samples.VTEP)));
      assertThat(attributes.originatorId()).isEqualTo(Optional.of(pod));
    }
    sender.send(Message.Update.withdraw(keys(routes)));
    Arena.await("the far FRR at the end", end::routes, new TreeMap<String, String>());
    Arena.await("we at the end", reflector::bestRoutes, List.of());
  }

  private static List<Route> keys(List<OriginatedRoute> routes) {
    return routes.stream().map(OriginatedRoute::route).toList();
  }

  @Test
  void aThousandRoutesReachFrrAndGoBgp() throws Exception {
    var frr = frr("10.99.0.2");
    var gobgp = gobgp("10.99.0.3");
    var source = arena.address("10.99.0.9");
    var sender = RawPeer.connect(arena, source, self);
    var routes = new ArrayList<Route>();
    for (int i = 1; i <= 1000; i++) {
      routes.add(Samples.macIp(source, i));
    }
    var attributes = Samples.attributes(Samples.VTEP, Samples.TARGET);
    for (int i = 0; i < 1000; i += 50) {
      sender.send(Message.Update.announce(attributes, routes.subList(i, i + 50)));
    }
    Arena.await("routes at FRR", () -> frr.routes().size(), 1000);
    Arena.await("routes at GoBGP", () -> gobgp.routes().size(), 1000);
    assertThat(new HashSet<>(frr.routes().values())).as("attributes of all").hasSize(1);
    var late = frr("10.99.0.5");
    Arena.await("a client that comes later", late::routes, frr.routes());
    for (int i = 0; i < 1000; i += 50) {
      sender.send(Message.Update.withdraw(routes.subList(i, i + 50)));
    }
    Arena.await("FRR at the end", () -> frr.routes().size(), 0);
    Arena.await("GoBGP at the end", () -> gobgp.routes().size(), 0);
  }

  private static final List<String> GOBGP_ROUTES =
      List.of(
          "macadv 02:00:00:00:00:01 192.0.2.1 etag 0 label 100 rd 10.99.0.3:1 rt 65000:100 encap"
              + " vxlan",
          "macadv 02:00:00:00:00:02 0.0.0.0 etag 0 label 100 rd 10.99.0.3:1 rt 65000:100"
              + " 10.99.0.3:7 default-gateway",
          "macadv 02:00:00:00:00:04 2001:db8::4 esi LACP aa:bb:cc:dd:ee:ff 100 etag 5 label 100 rd"
              + " 65000:4 rt 65000:100 400000:100 router-mac 02:00:00:00:00:09",
          "macadv 02:00:00:00:00:05 192.0.2.5 etag 0 label 100 rd 10.99.0.3:1 rt 65000:100 encap"
              + " geneve med 5",
          "multicast 10.99.0.3 etag 0 rd 10.99.0.3:1 rt 65000:100 encap vxlan pmsi ingress-repl 100"
              + " 198.51.100.1",
          "multicast 2001:db8::3 etag 9 rd 10.99.0.3:1 rt 65000:100 pmsi ingress-repl"
              + " leaf-info-required 100 198.51.100.1",
          "prefix 10.5.0.0/24 gw 10.0.0.1 etag 0 label 900 rd 10.99.0.3:1 rt 65000:900 encap vxlan",
          "prefix 10.6.0.0/16 etag 0 label 900 rd 10.99.0.3:1 rt 65000:900 router-mac"
              + " 02:00:00:00:00:09",
          "prefix 2001:db8:5::/64 gw 2001:db8::9 etag 0 label 900 rd 10.99.0.3:1 rt 65000:900",
          "a-d esi LACP aa:bb:cc:dd:ee:ff 100 etag 7 label 100 rd 10.99.0.3:1 rt 65000:100 encap"
              + " vxlan",
          "a-d esi ARBITRARY 01:02:03:04:05:06:07:08:09 etag 4294967295 label 0 rd 10.99.0.3:1 rt"
              + " 65000:100 esi-label 100",
          "esi 10.99.0.3 esi LACP aa:bb:cc:dd:ee:ff 100 rd 10.99.0.3:1 rt 65000:100 encap vxlan");

  @Test
  void whatGoBgpCanSayReachesAnotherGoBgpUnchanged() throws Exception {
    var one = gobgp("10.99.0.3");
    var two = gobgp("10.99.0.5");
    for (var route : GOBGP_ROUTES) {
      one.add(route + " nexthop 198.51.100.1");
    }
    SortedMap<String, String> said = one.originalRoutes();
    assertThat(said).hasSize(GOBGP_ROUTES.size());
    Arena.await("routes at the other GoBGP", two::originalRoutes, said);
    assertThat(two.routes().values())
        .allSatisfy(
            text ->
                assertThat(text)
                    .contains("5={\"value\":100}")
                    .contains("9={\"value\":\"10.99.0.3\"}")
                    .contains("10={\"value\":[\"10.99.0.1\"]}"));
    assertThat(reflector.bestRoutes())
        .allSatisfy(
            route ->
                assertThat(route.attributes().extendedCommunities())
                    .anyMatch(ExtendedCommunity::isRouteTarget));
    for (var route : GOBGP_ROUTES) {
      one.delete(route + " nexthop 198.51.100.1");
    }
    Arena.await("the other GoBGP at the end", two::routes, new TreeMap<String, String>());
  }
}
