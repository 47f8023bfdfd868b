package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.Message.Update;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class UpdatePackingTest {
  private static final PathAttributes ATTRIBUTES =
      PathAttributes.originated(
          IpAddress.parse("10.0.0.1"),
          List.of(
              ExtendedCommunity.ENCAPSULATION_VXLAN,
              ExtendedCommunity.of(RouteTarget.parse("65000:100"))),
          Optional.empty());

  private static List<MacIpAdvertisement> routes(int count) {
    var routes = new ArrayList<MacIpAdvertisement>();
    for (int i = 0; i < count; i++) {
      routes.add(
          new MacIpAdvertisement(
              RouteDistinguisher.of(Ipv4Address.parse("10.0.0.1"), 100),
              Esi.ZERO,
              0,
              new MacAddress(0x0200_0000_0000L + i),
              Optional.of(new Ipv4Address(0x0a00_0000 + i)),
              100,
              OptionalInt.empty()));
    }
    return routes;
  }

  private static List<Update> sent(List<Message> messages) {
    return messages.stream().map(message -> Wire.good(Wire.internal().encode(message))).toList();
  }

  private static PathAttributes withUnknown(int length) {
    return new PathAttributes(
        ATTRIBUTES.origin(),
        ATTRIBUTES.asPath(),
        ATTRIBUTES.nextHop(),
        ATTRIBUTES.med(),
        ATTRIBUTES.localPreference(),
        ATTRIBUTES.originatorId(),
        ATTRIBUTES.clusterList(),
        ATTRIBUTES.extendedCommunities(),
        ATTRIBUTES.pmsiTunnel(),
        List.of(new UnknownAttribute(0xe0, 200, Octets.of(new byte[length]))));
  }

  @Test
  void aboutAHundredRoutesInOneMessage() {
    var routes = routes(1_000);
    var updates = sent(UpdatePacking.announce(ATTRIBUTES, routes));
    assertThat(updates).hasSize(10);
    assertThat(updates.getFirst().announced()).hasSizeBetween(94, 105);
    assertThat(updates.stream().flatMap(u -> u.announced().stream()).toList()).isEqualTo(routes);
  }

  @Test
  void withdrawalsKeepOrder() {
    var routes = routes(500);
    var updates = sent(UpdatePacking.withdraw(routes));
    assertThat(updates).hasSize(5);
    assertThat(updates.stream().flatMap(u -> u.withdrawn().stream()).toList())
        .isEqualTo(routes.stream().map(MacIpAdvertisement::key).toList());
  }

  @Test
  void nothingGivesNoMessage() {
    assertThat(UpdatePacking.announce(ATTRIBUTES, List.of())).isEmpty();
    assertThat(UpdatePacking.withdraw(List.of())).isEmpty();
  }

  @Test
  void everyFillingOfAMessageUpToTheLastOctet() {
    int fullest = 0;
    for (int length = 0; length < 60; length++) {
      for (var message : UpdatePacking.announce(withUnknown(300 + length), routes(150))) {
        fullest = Math.max(fullest, Wire.internal().encode(message).length);
      }
    }
    assertThat(fullest).isEqualTo(Message.MAX_LENGTH);
  }

  @Test
  void routesThatDoNotFitAreWithdrawn() {
    var routes = routes(3);
    for (int length = 3_960; length < 4_090; length++) {
      var messages = UpdatePacking.announce(withUnknown(length), routes);
      int routesSaid = 0;
      for (var message : messages) {
        var update = (Update) message;
        assertThat(Wire.internal().encode(update).length).isLessThanOrEqualTo(4096);
        assertThat(update.faults().isEmpty()).isEqualTo(update.withdrawn().isEmpty());
        routesSaid += update.announced().size() + update.withdrawn().size();
      }
      assertThat(routesSaid).isEqualTo(3);
    }
    var last = (Update) UpdatePacking.announce(withUnknown(4_089), routes).getFirst();
    assertThat(last.announced()).isEmpty();
    assertThat(last.withdrawn()).hasSize(3);
  }

  @Test
  void anyRoutesWithAnyAttributesFitWhateverThePeer() {
    for (long seed = 0; seed < 300; seed++) {
      var random = new SplittableRandom(seed);
      var generator = new Messages(random);
      var routes = new ArrayList<Route>();
      for (int i = random.nextInt(400); i > 0; i--) {
        routes.add(generator.route());
      }
      for (var theirs : List.of(Wire.open(65000, true), Wire.open(65000, false))) {
        var codec = Wire.codec(Wire.open(65000, true), theirs);
        var announced = new ArrayList<Route>();
        for (var message : UpdatePacking.announce(generator.attributes(), routes)) {
          announced.addAll(Wire.good(codec, codec.encode(message)).announced());
        }
        assertThat(announced).as("seed %d", seed).isEqualTo(routes);
      }
    }
  }
}
