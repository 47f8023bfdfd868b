package io.weft.agent.control;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.agent.control.BgpCalls.Asker;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.json.Importers;
import io.weft.agent.json.WhyJson;
import io.weft.bgp.speaker.Explanation;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerInspection;
import io.weft.bgp.speaker.SpeakerStatus;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.RouteText;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.node.BehindView;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeView.NetworkView;
import io.weft.overlay.node.TenantIntent;
import io.weft.overlay.node.TenantView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class BgpCallsTest {
  private static final Ipv4Address SELF = (Ipv4Address) IpAddress.parse("10.0.0.1");
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final String MAC_IP = "[2] 10.0.0.2:1 tag 0 02:00:00:00:00:01 10.1.1.1";

  private static final SpeakerStatus STATUS =
      new SpeakerStatus(
          AS, SELF, List.of(peer("10.0.0.8", "Established"), peer("10.0.0.9", "Active")));

  private static PeerView peer(String address, String state) {
    return new PeerView(
        IpAddress.parse(address),
        Optional.of(AS),
        Optional.of((Ipv4Address) IpAddress.parse(address)),
        false,
        state,
        0,
        2,
        1,
        0,
        state.equals("Active") ? Optional.of("hold timer expired") : Optional.empty(),
        0,
        state.equals("Active") ? 0 : 12);
  }

  private static RouteView path(
      String route, String peer, long sequence, String target, boolean best) {
    return new RouteView(
        RouteText.parse(route),
        PathAttributes.originated(
            SELF,
            List.of(
                ExtendedCommunity.of(RouteTarget.parse(target)),
                ExtendedCommunity.macMobility(false, sequence)),
            Optional.empty()),
        peer.isEmpty() ? Optional.empty() : Optional.of(IpAddress.parse(peer)),
        peer.isEmpty(),
        best,
        false,
        0);
  }

  private static NetworkView network(String name, String target, boolean realised) {
    var targets = List.of(RouteTarget.parse(target));
    return new NetworkView(
        new NetworkIntent(
            name,
            Optional.empty(),
            new Vni(100),
            List.of(IpPrefix.parse("10.1.0.0/16")),
            List.copyOf(targets),
            targets,
            OptionalInt.empty()),
        "weft-_" + name,
        realised,
        false,
        Optional.empty(),
        1450,
        0,
        0,
        0);
  }

  private static JsonNode json(String text) throws Exception {
    return new ObjectMapper().readTree(text.replace('\'', '"'));
  }

  /** Asks as a loop does. */
  private record Direct(Speaker speaker) implements Asker {
    @Override
    public <T> T ask(Function<SpeakerInspection, Optional<T>> slice) {
      var answer = slice.apply(speaker);
      while (answer.isEmpty()) {
        answer = slice.apply(speaker);
      }
      return answer.get();
    }
  }

  /** Holds five paths to four routes. */
  private static Speaker holder() {
    var speaker = speaker("65000:100", "65000:200", "65000:9");
    say(speaker, "10.0.0.8", "[3] 10.0.0.2:1 tag 0 10.0.0.2", "65000:200", 0);
    say(speaker, "10.0.0.8", "[5] 10.0.0.3:9 tag 0 10.2.0.0/16 label 5001", "65000:9", 0);
    var own = path("10.3.0.0/24", "", 0, "65000:1", true);
    var originated = new SpeakerEvent.OriginatedRoute(own.route(), own.attributes());
    speaker.step(0, new SpeakerEvent.RoutesOriginated(List.of(originated)));
    return speaker;
  }

  private static JsonNode routes(Speaker speaker, String request) throws Exception {
    return BgpCalls.routes(json(request), new Direct(speaker));
  }

  private static int chosen(String request) throws Exception {
    return routes(holder(), request).path("routes").size();
  }

  @Test
  void everyFilterChoosesAndTheyCombine() throws Exception {
    assertThat(chosen("{}")).isEqualTo(6);
    assertThat(chosen("{'type':2}")).isEqualTo(3);
    assertThat(chosen("{'type':2,'best':true}")).isEqualTo(2);
    assertThat(chosen("{'vni':100}")).isEqualTo(3);
    assertThat(chosen("{'vni':5001}")).isEqualTo(1);
    assertThat(chosen("{'mac':'02:00:00:00:00:01'}")).isEqualTo(2);
    assertThat(chosen("{'ip':'10.1.1.1','peer':'10.0.0.9'}")).isEqualTo(1);
    assertThat(chosen("{'ip':'10.0.0.2'}")).isEqualTo(1); // it is in the RD of others
    assertThat(chosen("{'prefix':'10.2.0.0/16'}")).isEqualTo(1);
    assertThat(chosen("{'prefix':'10.3.0.0/24'}")).isEqualTo(1);
    assertThat(chosen("{'prefix':'10.0.0.0/8'}")).isZero();
    assertThat(chosen("{'rt':'65000:200'}")).isEqualTo(2);
    assertThat(chosen("{'rd':'10.0.0.3:9'}")).isEqualTo(1);
    assertThat(chosen("{'family':'ipv4-unicast','local':true}")).isEqualTo(1);
    assertThat(chosen("{'family':'ipv4-unicast','type':2}")).isZero();
  }

  @Test
  void aLimitSaysWhatIsLeftOut() throws Exception {
    var answer = routes(holder(), "{'limit':2,'best':true}");
    assertThat(answer.path("routes")).hasSize(2);
    assertThat(answer.path("matching").asInt()).isEqualTo(5);
    assertThat(answer.path("more").asInt()).isEqualTo(3);
    assertThat(answer.has("next")).isFalse();
  }

  @Test
  void pageByPageEverythingIsToldOnce() throws Exception {
    var speaker = speaker();
    for (int i = 0; i < 900; i++) {
      say(speaker, "10.0.0.8", "[3] 10.0.0.2:" + i + " tag 0 10.0.0.2", "65000:100", 0);
    }
    var told = new ArrayList<String>();
    int pages = 0;
    for (var next = json("0"); !next.isMissingNode(); pages++) {
      var page = routes(speaker, "{'type':3,'limit':200,'from':" + next + "}");
      told.addAll(page.path("routes").findValuesAsText("route"));
      next = page.path("next");
    }
    assertThat(told).hasSize(900).doesNotHaveDuplicates();
    assertThat(pages).isBetween(4, 5);
  }

  @Test
  void aWrongArgumentIsRefusedInWords() {
    var nobody = new Direct(speaker());
    assertThatThrownBy(() -> BgpCalls.routes(json("{'mac':'x'}"), nobody))
        .isInstanceOf(CallRefused.class)
        .hasMessageContaining("mac: ");
    assertThatThrownBy(() -> BgpCalls.routes(json("{'type':256}"), nobody))
        .isInstanceOf(CallRefused.class)
        .hasMessageContaining("type 256 is not a number in 0..255");
    assertThatThrownBy(() -> BgpCalls.routes(json("{'family':'ipx'}"), nobody))
        .isInstanceOf(CallRefused.class)
        .hasMessageContaining("'ipx' is none of [ipv4-unicast,");
    assertThatThrownBy(
            () -> BgpCalls.why(json("{'route':'x'}"), (_, _) -> Optional.empty(), nobody))
        .isInstanceOf(CallRefused.class)
        .hasMessageContaining("'x' is neither a route");
  }

  @Test
  void theCompetingPathAndTheMissingTargetAreTold() throws Exception {
    var speaker = speaker();
    for (var text : List.of(MAC_IP, "02:00:00:00:00:01", "10.1.1.1")) {
      var answer =
          BgpCalls.why(
              json("{'route':'" + text + "'}"),
              (_, _) ->
                  importers(
                      network("red", "65000:100", true),
                      network("idle", "65000:100", false),
                      network("blue", "65000:200", true)),
              new Direct(speaker));
      assertThat(answer.path("known").asBoolean()).isTrue();
      assertThat(answer.path("routes")).hasSize(1);
      var route = answer.path("routes").path(0);
      assertThat(route.path("route").asText()).isEqualTo(MAC_IP);
      assertThat(route.path("paths").findValuesAsText("reason"))
          .containsExactly(
              "best",
              "not best: the best path has the higher MAC mobility sequence number: 7 against 3"
                  + " (RFC 7432 §15)");
      assertThat(route.path("networks").findValuesAsText("reason"))
          .containsExactly(
              "imported by target 65000:100",
              "not imported: it has target 65000:100, but the network has no endpoint here",
              "not imported: it imports [65000:200], the route carries [65000:100]");
      assertThat(route.path("peers").findValuesAsText("reason"))
          .containsExactly(
              "not sent: the session is Active",
              "not sent: the route is from there",
              "not sent: it is from an internal neighbour, and neither is our client (RFC 4456"
                  + " §6)");
    }
  }

  @Test
  void aPrefixIsDecidedByTenantsAndNotByNetworks() throws Exception {
    var speaker = speaker("65000:5001");
    var text = "[5] 10.0.0.8:5001 tag 0 10.9.0.0/16";
    say(speaker, "10.0.0.8", text + " gateway 0.0.0.0 label 5001", "65000:5001", 0);
    var key = RouteText.parse(text).key();
    var use = new TenantView.Use("red", true, "imported, used: 10.9.0.0/16 via 10.0.0.8");
    var importers =
        new Importers(
            List.of(network("web", "65000:100", true)),
            List.of(
                tenant("blue", "65000:6001", true),
                tenant("dark", "65000:5001", false),
                new TenantView("flat", "weft-flat", Optional.empty(), Optional.empty(), List.of()),
                tenant("odd", "65000:5001", true),
                tenant("red", "65000:5001", true)),
            Map.of(key, List.of(use)),
            BehindView.Page.NONE);
    var answer =
        BgpCalls.why(
            json("{'route':'10.9.0.0/16'}"), (_, _) -> Optional.of(importers), new Direct(speaker));
    var route = answer.path("routes").path(0);
    assertThat(route.path("networks")).isEmpty();
    assertThat(route.path("tenants").findValuesAsText("reason"))
        .containsExactly(
            "not imported: it imports [65000:6001], the route carries [65000:5001]",
            "not imported: it has target 65000:5001, but no routed network of the tenant has an"
                + " endpoint here",
            "not imported: the tenant does not route, none of its networks has a gateway",
            "not imported: it has target 65000:5001, but it has no usable router's MAC (RFC 9135"
                + " §8.1)",
            "imported, used: 10.9.0.0/16 via 10.0.0.8");
    assertThat(route.path("tenants").findValuesAsText("used"))
        .containsExactly("false", "false", "false", "false", "true");
  }

  private static TenantView tenant(String name, String target, boolean here) {
    var targets = List.of(RouteTarget.parse(target));
    return new TenantView(
        name,
        "weft-" + name,
        Optional.of(new TenantIntent(name, new Vni(5001), List.copyOf(targets), targets)),
        here
            ? Optional.of(
                new TenantView.Here(
                    RouteDistinguisher.parse("10.0.0.1:5001"),
                    MacAddress.parse("0a:5a:0a:00:00:01"),
                    1,
                    new TreeMap<>()))
            : Optional.empty(),
        List.of());
  }

  @Test
  void aRefusedRouteIsToldWithItsReason() throws Exception {
    var answer =
        BgpCalls.why(
            json("{'route':'10.1.1.7'}"), (_, _) -> Optional.empty(), new Direct(speaker()));
    assertThat(answer.path("known").asBoolean()).isTrue();
    var route = answer.path("routes").path(0);
    assertThat(route.path("paths")).isEmpty();
    assertThat(route.path("refused").findValuesAsText("reason"))
        .containsExactly("not imported: no network here imports one of its route targets");
  }

  @Test
  void aRouteThatNobodySaidIsNotKnown() throws Exception {
    for (var text :
        List.of(MAC_IP.replace("10.1.1.1", "10.9.9.9"), "10.9.9.9", "rt:65000:5 for AS 65000")) {
      var answer =
          BgpCalls.why(
              json("{'route':'" + text + "'}"), (_, _) -> Optional.empty(), new Direct(speaker()));
      assertThat(answer.path("known").asBoolean()).as(text).isFalse();
      assertThat(answer.path("reasons")).hasSize(3);
    }
  }

  @Test
  void ofAnUnknownRouteItIsToldWhoWasAsked() throws Exception {
    var answer =
        WhyJson.why(
            STATUS,
            importers(network("red", "65000:100", true)),
            "10.9.9.9",
            new Explanation.Several(List.of(), 0));
    assertThat(answer.path("known").asBoolean()).isFalse();
    assertThat(answer.path("reasons").toString())
        .contains(
            "neighbour 10.0.0.8 is established; none of the 2 routes kept from it is this one, and"
                + " of 12 refused ones the reason is forgotten")
        .contains("neighbour 10.0.0.9 is Active: hold timer expired")
        .contains("imported here: 65000:100 (red)");
  }

  private static Optional<Importers> importers(NetworkView... networks) {
    return Optional.of(new Importers(List.of(networks), List.of(), Map.of(), BehindView.Page.NONE));
  }

  /** A node with sessions to 10.0.0.8 and 10.0.0.9; nobody is at 10.0.0.7. */
  private static Speaker speaker() {
    return speaker("65000:100");
  }

  private static Speaker speaker(String... targets) {
    var peers =
        List.of("10.0.0.7", "10.0.0.8", "10.0.0.9").stream()
            .map(peer -> new PeerConfig(IpAddress.parse(peer), AS, false, true))
            .toList();
    var speaker =
        new Speaker(new SpeakerConfig(AS, SELF, peers, List.of(), false, 90, 120, 10, 1000));
    var imported = Stream.of(targets).map(RouteTarget::parse).toList();
    speaker.step(0, new SpeakerEvent.ImportTargetsChanged(List.copyOf(imported)));
    say(speaker, "10.0.0.8", MAC_IP + " label 100", "65000:100", 7);
    say(speaker, "10.0.0.9", MAC_IP + " label 100", "65000:100", 3);
    var unwanted = MAC_IP.replace("00:01 10.1.1.1", "00:07 10.1.1.7") + " label 100";
    say(speaker, "10.0.0.9", unwanted, "65000:200", 0);
    return speaker;
  }

  /** The peer says a route, in its session or in a first one. */
  private static void say(
      Speaker speaker, String peer, String route, String target, long sequence) {
    var address = IpAddress.parse(peer);
    long connection = Integer.parseInt(peer.substring(7));
    boolean up =
        speaker.status().peers().stream()
            .anyMatch(p -> p.address().equals(address) && p.state().equals("Established"));
    if (!up) {
      var open =
          new Message.Open(
              AS,
              90,
              (Ipv4Address) address,
              List.of(
                  new Capability.Multiprotocol(Family.L2VPN_EVPN), new Capability.FourOctetAs(AS)));
      speaker.step(0, new SpeakerEvent.Accepted(connection, address));
      receive(speaker, connection, open);
      receive(speaker, connection, new Message.Keepalive());
    }
    var attributes = path(route, peer, sequence, target, true).attributes();
    receive(
        speaker, connection, Message.Update.announce(attributes, List.of(RouteText.parse(route))));
  }

  private static void receive(Speaker speaker, long connection, Message message) {
    speaker.step(0, new SpeakerEvent.MessageReceived(connection, new Decoded.Good(message)));
  }
}
