package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.bgp.wire.EvpnRoute.EthernetAutoDiscovery;
import io.weft.bgp.wire.EvpnRoute.EthernetSegment;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Message.Notification;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.Update;
import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteTarget;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What other speakers sent, both ways; see {@code vectors/README.md}. */
class GoldenMessagesTest {
  private static final Map<String, JsonNode> VECTORS = load();

  private static Map<String, JsonNode> load() {
    try (var in = GoldenMessagesTest.class.getResourceAsStream("/vectors/messages.json")) {
      var vectors = new TreeMap<String, JsonNode>();
      new ObjectMapper().readTree(in).forEach(node -> vectors.put(node.get("name").asText(), node));
      return vectors;
    } catch (IOException e) {
      throw new AssertionError(e);
    }
  }

  static Stream<String> names() {
    return VECTORS.keySet().stream();
  }

  static byte[] golden(String name) {
    return Wire.octets(VECTORS.get(name).get("hex").asText());
  }

  private static Update update(String name) {
    return Wire.good(golden(name));
  }

  private static Open open(String name) {
    return (Open) ((Decoded.Good) new MessageCodec().decode(golden(name))).message();
  }

  @Test
  void thereAre47() {
    assertThat(VECTORS).hasSize(47);
  }

  @ParameterizedTest
  @MethodSource("names")
  void decodesWithoutFaultAndBackAndForth(String name) {
    var codec = Wire.internal();
    var decoded = codec.decode(golden(name));
    assertThat(decoded).isInstanceOf(Decoded.Good.class);
    var message = ((Decoded.Good) decoded).message();
    if (message instanceof Update update) {
      assertThat(update.faults()).isEmpty();
    }
    assertThat(codec.decode(codec.encode(message))).isEqualTo(decoded);
  }

  /** Our form is that of FRR for UPDATEs, and one parameter with all capabilities for OPEN. */
  static Stream<String> namesOfOurForm() {
    return names()
        .filter(
            name ->
                name.startsWith("frr")
                    ? !name.contains("open")
                    : name.matches("(gobgp|bird|openbgpd).*-(open.*|eor-evpn)")
                        || name.equals("bird3.4-reflected-withdraw"));
  }

  @ParameterizedTest
  @MethodSource("namesOfOurForm")
  void encodesToTheSameOctets(String name) {
    var codec = Wire.internal();
    var message = ((Decoded.Good) codec.decode(golden(name))).message();
    assertThat(Wire.hex(codec.encode(message))).isEqualTo(Wire.hex(golden(name)));
  }

  static Stream<String> namesOfRoutes() {
    return names().filter(name -> !name.matches(".*(open(-.*|$)|notification|eor).*"));
  }

  /** The file holds what another decoder printed; ours must find the same values. */
  @ParameterizedTest
  @MethodSource("namesOfRoutes")
  void agreesWithTheOtherDecoder(String name) {
    var expected = new ArrayList<String>();
    VECTORS.get(name).get("decode").forEach(line -> expected.add(line.asText()));
    var update = update(name);
    var theirs = new ArrayList<String>();
    for (var line : expected) {
      boolean withdrawn = !update.withdrawn().isEmpty();
      if (line.startsWith("T")) { // labels of a withdrawal do not count
        theirs.add(withdrawn ? line.replaceAll(" labels=.*", "") : line);
      } else if (line.contains("MP_REACH")) {
        theirs.add(line.replaceAll(".* (nh=\\w+) .*", "$1"));
      } else if (!line.contains("MP_UNREACH")) {
        theirs.add(line.replaceAll("^\\[..\\] \\d+ ", ""));
      }
    }
    assertThat(lines(update)).containsExactlyInAnyOrderElementsOf(theirs);
  }

  private static List<String> lines(Update update) {
    var lines = new ArrayList<String>();
    update.announced().forEach(route -> lines.add(line(route)));
    update.withdrawn().forEach(route -> lines.add(line(route).replaceAll(" labels=.*", "")));
    update.attributes().ifPresent(attributes -> lines.addAll(lines(attributes)));
    return lines;
  }

  private static List<String> lines(PathAttributes attributes) {
    var lines = new ArrayList<String>();
    lines.add("nh=" + hex(attributes.nextHop()));
    lines.add("ORIGIN len=1 0" + attributes.origin().ordinal());
    assertThat(attributes.asPath()).isEqualTo(AsPath.EMPTY);
    lines.add("AS_PATH len=0");
    attributes.med().ifPresent(med -> lines.add(String.format("MED len=4 %08x", med)));
    attributes
        .localPreference()
        .ifPresent(value -> lines.add(String.format("LOCAL_PREF len=4 %08x", value)));
    attributes.originatorId().ifPresent(id -> lines.add("ORIGINATOR_ID len=4 " + hex(id)));
    attributes.clusterList().forEach(id -> lines.add("CLUSTER_LIST len=4 " + hex(id)));
    lines.add(
        "EXTCOMM len="
            + attributes.extendedCommunities().size() * 8
            + attributes.extendedCommunities().stream()
                .map(community -> String.format(" %016x", community.value()))
                .collect(Collectors.joining()));
    attributes
        .pmsiTunnel()
        .ifPresent(
            tunnel ->
                lines.add(
                    String.format(
                        "PMSI len=9 flags=%02x type=%d label=%06x tunnel-id=%s",
                        tunnel.flags(), tunnel.type(), tunnel.label(), tunnel.identifier())));
    return lines;
  }

  private static String line(Route route) {
    int length = UpdatePacking.encodedLength(route) - 2;
    return switch ((EvpnRoute) route) {
      case EthernetAutoDiscovery r ->
          String.format(
              "T1 rd=%016x esi=%s etag=%d label=%06x len=%d",
              r.rd().value(), hex(r.esi()), r.tag(), r.label(), length);
      case MacIpAdvertisement r ->
          String.format(
              "T2 rd=%016x esi=%s etag=%d mac=%s iplen=%d ip=%s labels=['%06x'%s] len=%d",
              r.rd().value(),
              hex(r.esi()),
              r.tag(),
              r.mac(),
              r.ip().map(IpAddress::bits).orElse(0),
              r.ip().map(GoldenMessagesTest::hex).orElse(""),
              r.label(),
              r.label2().isPresent() ? String.format(", '%06x'", r.label2().getAsInt()) : "",
              length);
      case InclusiveMulticast r ->
          String.format(
              "T3 rd=%016x etag=%d iplen=%d orig=%s len=%d",
              r.rd().value(), r.tag(), r.originator().bits(), hex(r.originator()), length);
      case EthernetSegment r ->
          String.format(
              "T4 rd=%016x esi=%s iplen=%d orig=%s len=%d",
              r.rd().value(), hex(r.esi()), r.originator().bits(), hex(r.originator()), length);
      case IpPrefixRoute r ->
          String.format(
              "T5 rd=%016x esi=%s etag=%d plen=%d pfx=%s gw=%s label=%06x len=%d",
              r.rd().value(),
              hex(r.esi()),
              r.tag(),
              r.prefix().length(),
              hex(r.prefix().address()),
              hex(r.gateway()),
              r.label(),
              length);
      case MulticastRoute r -> r.toString();
      case EvpnRoute.UnknownEvpnRoute r -> r.toString();
    };
  }

  private static String hex(IpAddress address) {
    return Wire.hex(address.octets());
  }

  private static String hex(Esi esi) {
    return esi.toString().replace(":", "");
  }

  @Test
  void frrOpenFieldByField() {
    var open = open("frr8.4.4-open");
    assertThat(open.as()).isEqualTo(new AutonomousSystem(65000));
    assertThat(open.holdSeconds()).isEqualTo(180);
    assertThat(open.routerId()).isEqualTo(Ipv4Address.parse("198.51.100.2"));
    assertThat(open.capabilities())
        .containsExactly(
            new Capability.Multiprotocol(Family.L2VPN_EVPN),
            new Capability.Unknown(128, Octets.EMPTY),
            new Capability.RouteRefresh(),
            new Capability.EnhancedRouteRefresh(),
            new Capability.FourOctetAs(new AutonomousSystem(65000)),
            new Capability.ExtendedMessage(),
            new Capability.AddPath(
                List.of(new Capability.AddPathFamily(Family.L2VPN_EVPN, true, false))),
            new Capability.HostName("cB", ""),
            new Capability.GracefulRestart(true, true, 120, List.of()),
            new Capability.LongLivedGracefulRestart(
                List.of(new Capability.LongLivedFamily(Family.L2VPN_EVPN, true, 0))));
  }

  @Test
  void gobgpOpenHasAllCapabilitiesInOneParameter() {
    var open = open("gobgp4.8-open-with-gr");
    assertThat(open.holdSeconds()).isEqualTo(90);
    assertThat(open.capabilities())
        .contains(
            new Capability.GracefulRestart(
                false,
                false,
                120,
                List.of(new Capability.GracefulFamily(Family.L2VPN_EVPN, false))),
            new Capability.ExtendedMessage())
        .hasSize(8);
  }

  @Test
  void macIpWithTwoLabelsFieldByField() {
    var update = update("frr8.4.4-t2-mac-ipv4-two-labels-rmac");
    var route = (MacIpAdvertisement) update.announced().getFirst();
    assertThat(route.rd().toString()).isEqualTo("198.51.100.2:2");
    assertThat(route.esi()).isEqualTo(Esi.ZERO);
    assertThat(route.tag()).isZero();
    assertThat(route.mac()).isEqualTo(MacAddress.parse("02:00:5e:02:01:01"));
    assertThat(route.ip()).contains(IpAddress.parse("10.100.0.252"));
    assertThat(route.label()).isEqualTo(100);
    assertThat(route.label2()).isEqualTo(OptionalInt.of(900));
    assertThat(route)
        .hasToString("[2] 198.51.100.2:2 tag 0 02:00:5e:02:01:01 10.100.0.252 label 100/900");
    var attributes = update.attributes().orElseThrow();
    assertThat(attributes.nextHop()).isEqualTo(IpAddress.parse("198.51.100.2"));
    assertThat(attributes.localPreference()).isEqualTo(OptionalLong.of(100));
    assertThat(attributes.med()).isEmpty();
    assertThat(attributes.routeTargets())
        .containsExactly(RouteTarget.parse("65000:100"), RouteTarget.parse("65000:900"));
    assertThat(attributes.extendedCommunities())
        .contains(
            ExtendedCommunity.ENCAPSULATION_VXLAN,
            ExtendedCommunity.routersMac(MacAddress.parse("02:00:5e:02:09:01")));
  }

  @Test
  void mobilityAndStickiness() {
    var moved = update("frr8.4.4-t2-mobility-seq2").attributes().orElseThrow();
    assertThat(moved.macMobility()).contains(ExtendedCommunity.macMobility(false, 2));
    var sticky = update("frr8.4.4-t2-sticky-static").attributes().orElseThrow();
    assertThat(sticky.macMobility()).contains(ExtendedCommunity.macMobility(true, 0));
  }

  @Test
  void multicastWithIngressReplication() {
    var update = update("frr10.7.1-t3-imet");
    assertThat(update.announced().getFirst()).hasToString("[3] 198.51.100.2:2 tag 0 198.51.100.2");
    assertThat(update.attributes().orElseThrow().pmsiTunnel())
        .contains(PmsiTunnel.ingressReplication(100, IpAddress.parse("198.51.100.2")));
  }

  @Test
  void lengthTellsTheFamilyOfAPrefix() {
    var route = (IpPrefixRoute) update("gobgp3.10-t5-ipv6").announced().getFirst();
    assertThat(route.prefix()).hasToString("2001:db8::/32");
    var withGateway = (IpPrefixRoute) update("gobgp4.8-t5-ipv4-gw").announced().getFirst();
    assertThat(withGateway)
        .hasToString("[5] 198.51.100.1:900 tag 0 203.0.113.0/24 gateway 10.0.0.1 label 900");
  }

  @Test
  void segmentsAndMaximumTag() {
    var route = (EthernetAutoDiscovery) update("gobgp4.8-t1-ead-per-es").announced().getFirst();
    assertThat(route.tag()).isEqualTo(0xffff_ffffL);
    assertThat(route).hasToString("[1] 198.51.100.1:1 esi 01:aa:bb:cc:dd:ee:ff:00:64:00 tag max");
    assertThat(update("gobgp4.8-t4-es-import").announced().getFirst())
        .hasToString("[4] 198.51.100.1:1 esi 01:aa:bb:cc:dd:ee:ff:00:64:00 198.51.100.1");
  }

  @Test
  void withdrawalsAreKeysWhateverTheLabels() {
    var kept =
        (MacIpAdvertisement) update("gobgp4.8-withdraw-t2-label-kept").withdrawn().getFirst();
    assertThat(kept).isEqualTo(kept.key());
    var announced = update("frr8.4.4-t2-two-ipv6-nlri-two-labels").announced().getLast();
    var withdrawn = update("frr8.4.4-withdraw-t2-ipv6-one-zero-label").withdrawn().getFirst();
    assertThat(withdrawn).isEqualTo(announced.key());
  }

  @Test
  void reflectedAttributes() {
    var attributes = update("frr8.4.4-reflected-t2").attributes().orElseThrow();
    assertThat(attributes.originatorId()).contains(Ipv4Address.parse("10.200.0.2"));
    assertThat(attributes.clusterList()).containsExactly(Ipv4Address.parse("10.255.0.1"));
    assertThat(attributes.med()).isEqualTo(OptionalLong.of(0));
  }

  @Test
  void endOfRibAndHardReset() {
    assertThat(update("frr8.4.4-eor-evpn")).isEqualTo(Update.endOfRib(Family.L2VPN_EVPN));
    var name = "frr8.4.4-notification-hard-reset-wrapping-admin-shutdown";
    var message = ((Decoded.Good) new MessageCodec().decode(golden(name))).message();
    assertThat(NotificationText.describe((Notification) message))
        .isEqualTo("6/9 Cease/Hard Reset: 6/2 Cease/Administrative Shutdown: \"maintenance\"");
  }
}
