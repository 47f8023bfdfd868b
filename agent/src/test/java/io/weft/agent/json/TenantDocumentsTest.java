package io.weft.agent.json;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.agent.probe.PathState;
import io.weft.agent.probe.PathState.Place;
import io.weft.agent.probe.ProbeView;
import io.weft.kubernetes.intent.ConnectionWay;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.node.BehindView;
import io.weft.overlay.node.TenantIntent;
import io.weft.overlay.node.TenantView;
import io.weft.overlay.node.TenantView.Source;
import io.weft.overlay.node.Tunnel;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/** The stable form of tenants and paths: whoever changes it changes what programs read. */
class TenantDocumentsTest {
  private static final RouteTarget TARGET = RouteTarget.parse("65000:5001");
  private static final TenantView RED =
      new TenantView(
          "red",
          "weft-red",
          Optional.of(new TenantIntent("red", new Vni(5001), List.of(TARGET), List.of(TARGET))),
          Optional.of(
              new TenantView.Here(
                  RouteDistinguisher.parse("10.0.0.1:5001"),
                  MacAddress.parse("0a:5a:0a:00:00:01"),
                  2,
                  new TreeMap<>(Map.of("services", 3)))),
          List.of(new TenantView.Member("red-web", true, true)));

  private static void assertJson(Object document, String expected) throws Exception {
    assertThat(document)
        .hasToString(
            new ObjectMapper().readTree(expected.replace('\'', '"').replace('@', '\'')).toString());
  }

  @Test
  void aTenantWithItsTable() throws Exception {
    var rows =
        List.of(
            new TenantView.Prefix(
                IpPrefix.parse("192.168.1.0/24"), Source.CONNECTED, List.of(), true),
            new TenantView.Prefix(
                IpPrefix.parse("192.168.2.7/32"),
                Source.HOST,
                List.of(new TenantView.Way(IpAddress.parse("10.0.0.2"), new Vni(5001))),
                false));
    var behind =
        List.of(
            new BehindView(
                IpPrefix.parse("10.66.0.0/16"),
                "red-web",
                Optional.of("red"),
                "vpn-1",
                IpAddress.parse("192.168.1.10"),
                true,
                false,
                "refused: not allowed"));
    var table = new TenantTable(rows, Map.of(Source.CONNECTED, 1, Source.HOST, 4));
    assertJson(
        TenantJson.tenant("red", List.of(RED), List.of(), table, new BehindView.Page(behind, 2)),
        """
        {'tenants':[{'name':'red','namespace':'weft-red','routes':true,'realised':true,
          'l3vni':5001,'importTargets':['65000:5001'],'exportTargets':['65000:5001'],
          'rd':'10.0.0.1:5001','routerMac':'0a:5a:0a:00:00:01','remotePrefixes':2,
          'networks':[{'name':'red-web','routed':true,'realised':true}],'connections':[]}],
         'counts':{'connected':1,'endpoint':0,'node':0,'host':4,'prefix':0},
         'prefixes':[
          {'prefix':'192.168.1.0/24','source':'connected','used':true,'ways':[]},
          {'prefix':'192.168.2.7/32','source':'host','used':false,
           'ways':[{'via':'10.0.0.2','vni':5001}]}],
         'more':3,
         'behindEndpoints':[
          {'prefix':'10.66.0.0/16','tenant':'red','network':'red-web','endpoint':'vpn-1',
           'address':'192.168.1.10','by':'bgp','used':false,'reason':'refused: not allowed'}],
         'moreBehind':2}
        """);
  }

  @Test
  void aTenantThatDoesNotRoute() throws Exception {
    var blue = new TenantView("blue", "weft-blue", Optional.empty(), Optional.empty(), List.of());
    assertJson(
        TenantJson.tenants(List.of(blue), List.of()),
        """
        {'tenants':[{'name':'blue','namespace':'weft-blue','routes':false,'realised':false,
          'networks':[],'connections':[]}]}
        """);
  }

  @Test
  void whomATenantMeetsAndWhyNot() throws Exception {
    var services =
        new TenantView("services", "weft-services", Optional.empty(), Optional.empty(), List.of());
    var ways =
        List.of(
            way("shared", "red", "services", true, "", "10.0.1.0/24"),
            way("shared", "services", "red", true, ""),
            way("logging", "red", "logs", true, ""),
            way("odd", "red", "gone", false, "there is no Tenant 'gone'"));
    var red = TenantJson.tenants(List.of(RED, services), ways).path("tenants").path(0);
    assertJson(
        red.path("connections"),
        """
        [{'connection':'odd','with':'gone','direction':'out',
          'reaches':{'prefixes':[],'inForce':false,'remark':'there is no Tenant @gone@'}},
         {'connection':'logging','with':'logs','direction':'out',
          'reaches':{'prefixes':[],'inForce':true,'routes':0,
           'remark':'no route of tenant @logs@ is known here; @weft why-not PREFIX@ tells more'}},
         {'connection':'shared','with':'services','direction':'both',
          'reaches':{'prefixes':['10.0.1.0/24'],'inForce':true,'routes':3},
          'reachedBy':{'prefixes':[],'inForce':true,
           'remark':'tenant @services@ has no routed endpoint on this node'}}]
        """);
  }

  private static ConnectionWay way(
      String connection, String from, String to, boolean inForce, String remark, String... limit) {
    var prefixes = List.of(limit).stream().map(IpPrefix::parse).toList();
    return new ConnectionWay(connection, from, to, prefixes, inForce, remark);
  }

  private static Tunnel tunnel(int last) {
    return new Tunnel(IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.0." + last), 1450);
  }

  @Test
  void paths() throws Exception {
    var view =
        new ProbeView(
            List.of(
                new PathState.Passes(tunnel(2)),
                new PathState.TooNarrow(
                    tunnel(3), 1400, new Place.Behind(IpAddress.parse("10.1.0.9"))),
                new PathState.TooNarrow(tunnel(4), 1399, new Place.Silent()),
                new PathState.Unknown(tunnel(5), "no answer")),
            1,
            7);
    assertJson(
        PathJson.paths(view),
        """
        {'passing':1,'tooNarrow':2,'unknown':1,'waiting':1,'leftOut':7,
         'findings':[
          {'vtep':'10.0.0.3','promised':1500,'passes':1400,'overlayMtu':1450,'overlayPasses':1350,
           'router':'10.1.0.9',
           'where':'router 10.1.0.9 says that its next link takes 1400 octets',
           'action':'raise the MTU there to 1500, or give the networks @mtu: 1350@ instead of 1450'},
          {'vtep':'10.0.0.4','promised':1500,'passes':1399,'overlayMtu':1450,'overlayPasses':1349,
           'where':'larger ones vanish and no router says where: a switch drops them, or ICMP is filtered',
           'action':'raise the MTU there to 1500, or give the networks @mtu: 1349@ instead of 1450'}],
         'silent':[{'vtep':'10.0.0.5','reason':'no answer'}]}
        """);
  }
}
