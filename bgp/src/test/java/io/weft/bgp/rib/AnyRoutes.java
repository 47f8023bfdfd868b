package io.weft.bgp.rib;

import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.NlriParts;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteBlock;
import io.weft.bgp.wire.RouteText;
import io.weft.net.Ipv4Address;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;

/** Routes of all forms and lengths, few enough that they meet, and attributes for them. */
final class AnyRoutes {
  private final Random random;

  AnyRoutes(Random random) {
    this.random = random;
  }

  Route route() {
    return random.nextInt(5) > 0
        ? evpnRoute()
        : RouteText.parse(
            random.nextBoolean()
                ? "10.%d.0.0/%d".formatted(random.nextInt(4), 16 + random.nextInt(3))
                : "2001:db8:%d::/48".formatted(random.nextInt(4)));
  }

  List<Route> evpnRoutes() {
    var routes = new ArrayList<Route>();
    for (int i = random.nextInt(12); i >= 0; i--) {
      routes.add(evpnRoute());
    }
    return routes;
  }

  private Route evpnRoute() {
    int number = random.nextInt(10);
    int other = random.nextInt(3);
    return RouteText.parse(
        switch (random.nextInt(6)) {
          case 0 -> "[3] 10.0.0.1:%d tag 0 10.0.0.%d".formatted(number, 1 + other);
          case 1 -> "[5] 10.0.0.1:7 tag 0 10.0.%d.0/24 label %d".formatted(number, 1 + other);
          case 2 -> "[9] " + "%02x".formatted(number).repeat(number * 25);
          case 3 ->
              "[1] 10.0.0.1:1 esi 00:11:22:33:44:55:66:77:88:%02x tag 0 label %d"
                  .formatted(number, 1 + other);
          default ->
              "[2] 10.0.0.1:7 tag 0 02:00:00:00:00:%02x%s label %s"
                  .formatted(
                      number,
                      number % 2 == 0 ? " 10.0.0.9" : "",
                      List.of("5", "6", "5/7").get(other));
        });
  }

  static RouteBlock block(List<Route> routes) {
    var parts = new NlriParts();
    var block = new RouteBlock.Builder(1);
    for (var route : routes) {
      parts.split(route);
      block.add(
          Arrays.copyOf(parts.key(), parts.keyLength()),
          Arrays.copyOf(parts.rest(), parts.restLength()));
    }
    return block.build();
  }

  PathAttributes attributes() {
    int number = random.nextInt(6);
    var communities =
        number < 3
            ? List.<ExtendedCommunity>of()
            : List.of(ExtendedCommunity.macMobility(false, number));
    var made =
        PathAttributes.originated(
                new Ipv4Address(10 << 24 | random.nextInt(2)), communities, Optional.empty())
            .withLocalPreference(OptionalLong.of(100 + random.nextInt(2)));
    return random.nextInt(5) == 0 ? made.withCommunities(List.of(Community.NO_LLGR)) : made;
  }
}
