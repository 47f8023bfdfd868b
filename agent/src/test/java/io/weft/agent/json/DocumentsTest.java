package io.weft.agent.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingPlan.Failure;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.node.EndpointSessionView;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeView;
import io.weft.overlay.node.NodeView.DuplicateView;
import io.weft.overlay.node.NodeView.EndpointView;
import io.weft.overlay.node.NodeView.NetworkView;
import io.weft.overlay.node.NodeView.UnusedView;
import io.weft.overlay.node.NodeView.WaitingView;
import io.weft.overlay.node.Underlay;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The stable form: whoever changes it changes what programs read. */
class DocumentsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Ipv4Address SELF = (Ipv4Address) IpAddress.parse("10.0.0.1");
  private static final IpAddress PEER = IpAddress.parse("10.0.0.9");
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final RouteTarget TARGET = RouteTarget.automatic(AS, new Vni(100));
  private static final RouteDistinguisher RD = RouteDistinguisher.of(SELF, 1);
  private static final MacAddress MAC = MacAddress.parse("0a:58:c0:a8:01:0a");
  private static final HostAddress ADDRESS = new HostAddress(IpAddress.parse("192.168.1.10"), 24);

  private static void assertJson(Object document, String expected) throws Exception {
    assertThat(document).hasToString(JSON.readTree(expected.replace('\'', '"')).toString());
  }

  private static SpeakerStatus speaker() {
    return new SpeakerStatus(
        AS,
        SELF,
        List.of(
            new PeerView(
                PEER,
                Optional.of(AS),
                Optional.of(SELF),
                false,
                "Established",
                1_000_000_000L,
                2,
                1,
                0,
                Optional.empty(),
                0,
                0),
            new PeerView(
                IpAddress.parse("10.0.0.10"),
                Optional.of(AS),
                Optional.empty(),
                true,
                "Active",
                5_500_000_000L,
                0,
                0,
                3,
                Optional.of("hold timer expired"),
                5,
                0)));
  }

  private static NodeView node(Optional<Underlay> underlay, Optional<SpeakerStatus> bgp) {
    var network =
        new NetworkIntent(
            "red-web",
            Optional.of("red"),
            new Vni(100),
            List.of(IpPrefix.parse("192.168.1.0/24")),
            List.of(TARGET),
            List.of(TARGET),
            OptionalInt.empty());
    return new NodeView(
        "n1",
        underlay,
        underlay.isPresent() ? "" : "there is no default route",
        true,
        List.of(new NetworkView(network, "weft-red", true, false, Optional.of(RD), 1450, 1, 2, 3)),
        List.of(
            new EndpointView(
                new Endpoint(
                    "web-1", "red-web", "ep1", MAC, List.of(ADDRESS), Optional.empty(), false),
                true)),
        12,
        1,
        9,
        List.of(
            new Failure(
                new ForwardingKey(ForwardingKey.Kind.PORT, "weft-red", 0, "ep1"), "EEXIST", 3, 0)),
        bgp);
  }

  @Test
  void status() throws Exception {
    assertJson(
        NodeJson.status(
            node(Optional.of(new Underlay(SELF, SELF, 1500)), Optional.of(speaker())),
            List.of("a.yaml:3:8: wrong")),
        """
        {'role':'node','name':'n1','vtep':'10.0.0.1','underlayMtu':1500,'overlayMtu':1450,
         'asn':65000,'routerId':'10.0.0.1','peers':{'configured':2,'established':1},
         'converged':true,
         'kernel':{'objects':12,'pending':1,'writes':9,
           'failures':[{'object':'port weft-red ep1','reason':'EEXIST','attempts':3}]},
         'endpoints':[{'name':'web-1','network':'red-web','attached':true,'sticky':false,
           'declared':false,'port':'ep1','mac':'0a:58:c0:a8:01:0a','addresses':['192.168.1.10/24']}],
         'waitingEndpoints':[],'attaching':[],'problems':['a.yaml:3:8: wrong']}
        """);
    var early = NodeJson.status(node(Optional.empty(), Optional.empty()), List.of());
    assertThat(early.path("vtepMissing").asText()).isEqualTo("there is no default route");
    assertThat(early.has("vtep")).isFalse();
    assertThat(early.has("peers")).isFalse();
  }

  @Test
  void duplicates() throws Exception {
    var duplicate =
        new DuplicateView(
            MAC, "red-web", "web-1", Optional.of(PEER), 5, 1_000_000_000L, 181_000_000_000L);
    var quiet = node(Optional.empty(), Optional.empty());
    var view =
        new NodeView(
            quiet.name(),
            quiet.underlay(),
            quiet.underlayReason(),
            quiet.converged(),
            quiet.networks(),
            quiet.endpoints(),
            quiet.kernelObjects(),
            quiet.kernelPending(),
            quiet.kernelWrites(),
            quiet.kernelFailures(),
            quiet.bgp(),
            List.of(duplicate),
            List.of(new UnusedView("red", List.of("10.9.0.0/16: why"))),
            List.of(),
            List.of(
                new WaitingView(
                    "db-1", "red-web", Optional.of(new NodeLink.Vlan("eth1", 7)), "why")),
            new TreeMap<>(Map.of("web-2", "the kernel")),
            List.of());
    assertThat(NodeJson.status(view, List.of()).path("attaching").toString())
        .isEqualTo("[{\"endpoint\":\"web-2\",\"waitsFor\":\"the kernel\"}]");
    assertThat(NodeJson.status(view, List.of()).path("waitingEndpoints").toString())
        .isEqualTo(
            "[{'name':'db-1','network':'red-web','link':'eth1','vlan':7,'reason':'why'}]"
                .replace('\'', '"'));
    assertThat(NodeJson.status(view, List.of()).path("unusedRoutes").toString())
        .isEqualTo("[{\"tenant\":\"red\",\"reason\":\"10.9.0.0/16: why\"}]");
    assertJson(
        JsonNodeFactory.instance
            .objectNode()
            .set("duplicates", NodeJson.duplicates(view, 61_000_000_000L)),
        """
        {'duplicates':[{'mac':'0a:58:c0:a8:01:0a','network':'red-web','endpoint':'web-1',
          'vtep':'10.0.0.9','moves':5,'seconds':60,'recoversInSeconds':120}]}
        """);
  }

  @Test
  void networks() throws Exception {
    assertJson(
        NodeJson.networks(node(Optional.empty(), Optional.empty())),
        """
        {'networks':[{'name':'red-web','tenant':'red','vni':100,'namespace':'weft-red',
          'realised':true,'orphaned':false,'rd':'10.0.0.1:1','mtu':1450,'localEndpoints':1,
          'remoteMacs':2,'floodTargets':3,'subnets':['192.168.1.0/24'],'gateways':[],
          'importTargets':['65000:100'],'exportTargets':['65000:100']}]}
        """);
  }

  @Test
  void endpointSessions() throws Exception {
    var refused = new EndpointSessionView.Refused(IpPrefix.parse("10.66.0.0/16"), "why");
    var session =
        new EndpointSessionView(
            "red-web",
            "router-1",
            IpAddress.parse("192.168.1.10"),
            Optional.of(new AutonomousSystem(65100)),
            "Established",
            Optional.of(1_000_000_000L),
            2,
            List.of(refused),
            3,
            Optional.of("hold timer"));
    assertJson(
        JsonNodeFactory.instance
            .objectNode()
            .set("sessions", EndpointSessionJson.sessions(List.of(session), 61_000_000_000L)),
        """
        {'sessions':[{'network':'red-web','endpoint':'router-1','address':'192.168.1.10',
          'asn':65100,'state':'Established','seconds':60,'accepted':2,
          'refused':[{'prefix':'10.66.0.0/16','reason':'why'}],'moreRefused':3,
          'lastReason':'hold timer'}]}
        """);
  }

  @Test
  void attached() throws Exception {
    assertJson(
        NodeJson.attached(
            new AttachResult.Attached(
                "web-1",
                "red-web",
                new Vni(100),
                "eth0",
                MAC,
                List.of(ADDRESS),
                List.of(IpAddress.parse("192.168.1.1")),
                1450,
                List.of())),
        """
        {'endpoint':'web-1','network':'red-web','vni':100,'interface':'eth0',
         'mac':'0a:58:c0:a8:01:0a','mtu':1450,'addresses':['192.168.1.10/24'],
         'gateways':['192.168.1.1']}
        """);
  }

  @Test
  void peers() throws Exception {
    assertJson(
        BgpJson.peers(speaker(), 6_000_000_000L),
        """
        {'asn':65000,'routerId':'10.0.0.1','peers':[
          {'address':'10.0.0.9','asn':65000,'routerId':'10.0.0.1','client':false,
           'state':'Established','seconds':5,'received':2,'sent':1,'stale':0,'refused':0,
           'updates':0,'families':[]},
          {'address':'10.0.0.10','asn':65000,'client':true,'state':'Active','seconds':0,
           'received':0,'sent':0,'stale':3,'refused':5,'updates':0,'lastReason':'hold timer expired','families':[]}]}
        """);
  }

  @Test
  void routesOfEveryType() {
    var attributes =
        PathAttributes.originated(
            SELF,
            List.of(
                ExtendedCommunity.of(TARGET),
                ExtendedCommunity.ENCAPSULATION_VXLAN,
                ExtendedCommunity.macMobility(true, 7)),
            Optional.empty());
    var esi = new Esi(0x0011223344556677L, 0x8899);
    var routes =
        List.of(
            new EvpnRoute.EthernetAutoDiscovery(RD, esi, 0, 100),
            new EvpnRoute.MacIpAdvertisement(
                RD, Esi.ZERO, 0, MAC, Optional.of(ADDRESS.address()), 100, OptionalInt.of(5001)),
            new EvpnRoute.InclusiveMulticast(RD, 0, SELF),
            new EvpnRoute.EthernetSegment(RD, esi, SELF),
            new EvpnRoute.UnknownEvpnRoute(9, Octets.parse("00ff")));
    var document =
        BgpJson.routes(
            new RoutePage(
                routes.stream()
                    .map(
                        route ->
                            new RouteView(
                                route, attributes, Optional.of(PEER), false, true, false, 0))
                    .toList(),
                7,
                OptionalInt.of(9)));
    assertThat(document.path("matching").asInt()).isEqualTo(7);
    assertThat(document.path("more").asInt()).isEqualTo(2);
    assertThat(document.path("next").asInt()).isEqualTo(9);
    assertThat(document.path("routes").findValuesAsText("type"))
        .containsExactly("1", "2", "3", "4", "9");
    var macIp = document.path("routes").path(1);
    assertThat(macIp.path("mac").asText()).isEqualTo(MAC.toString());
    assertThat(macIp.path("ip").asText()).isEqualTo("192.168.1.10");
    assertThat(macIp.path("vni").asInt()).isEqualTo(100);
    assertThat(macIp.path("l3vni").asInt()).isEqualTo(5001);
    assertThat(macIp.path("nextHop").asText()).isEqualTo("10.0.0.1");
    assertThat(macIp.path("localPreference").asInt()).isEqualTo(100);
    assertThat(macIp.path("routeTargets").toString()).isEqualTo("[\"65000:100\"]");
    assertThat(macIp.path("communities")).hasSize(2);
    assertThat(macIp.path("sequence").asInt()).isEqualTo(7);
    assertThat(macIp.path("sticky").asBoolean()).isTrue();
    assertThat(macIp.path("peer").asText()).isEqualTo("10.0.0.9");
    assertThat(macIp.path("best").asBoolean()).isTrue();
    assertThat(macIp.has("asPath")).isFalse();
  }
}
