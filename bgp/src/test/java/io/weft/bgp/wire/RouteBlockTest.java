package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Update;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Routes that stay octets say what the same routes say as objects; a failing seed is described. */
class RouteBlockTest {
  private static final int SEEDS = 5_000;

  private final NlriParts parts = new NlriParts();

  private static Route route(long seed) {
    var random = new SplittableRandom(seed);
    if (random.nextInt(5) > 0) {
      return new Messages(random).route();
    }
    boolean ipv4 = random.nextBoolean();
    var address = new byte[ipv4 ? 4 : 16];
    random.nextBytes(address);
    int length = random.nextInt(address.length * 8 + 1);
    return new UnicastRoute(new IpPrefix(IpAddress.of(address).masked(length), length));
  }

  private byte[] key() {
    return Arrays.copyOf(parts.key(), parts.keyLength());
  }

  private byte[] rest() {
    return Arrays.copyOf(parts.rest(), parts.restLength());
  }

  @Test
  void keyAndRestAreTheWholeRoute() {
    for (long seed = 0; seed < SEEDS; seed++) {
      var route = route(seed);
      parts.split(route);
      assertThat(NlriParts.route(key(), rest())).as("seed %d", seed).isEqualTo(route);
      assertThat(NlriParts.route(key(), new byte[0])).as("seed %d", seed).isEqualTo(route.key());
      assertThat(NlriParts.family(parts.key(), 0)).isEqualTo(route.family());
    }
  }

  @Test
  void keysAreEqualWhereTheRoutesKeysAre() {
    Map<Octets, Route> seen = new HashMap<>();
    for (long seed = 0; seed < SEEDS; seed++) {
      var route = route(seed);
      parts.split(route);
      var key = Octets.of(key());
      parts.split(route.key());
      assertThat(Octets.of(key())).as("seed %d", seed).isEqualTo(key);
      var before = seen.putIfAbsent(key, route.key());
      assertThat(before == null || before.equals(route.key())).as("seed %d", seed).isTrue();
    }
    assertThat(seen).hasSizeGreaterThan(SEEDS / 2);
  }

  @Test
  void aBlockIsTheListOfItsRoutes() {
    int blocks = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      var message = new Messages(new SplittableRandom(seed)).next();
      if (message instanceof Update update
          && Wire.internal().decode(Wire.internal().encode(update))
              instanceof Decoded.Good(Update decoded)) {
        assertThat(decoded).as("seed %d", seed).isEqualTo(update);
        var again = Wire.internal().encode(decoded);
        assertThat(Wire.internal().decode(again))
            .as("seed %d", seed)
            .isEqualTo(new Decoded.Good(update));
        blocks += decoded.announced() instanceof RouteBlock ? 1 : 0;
      }
    }
    assertThat(blocks).isPositive();
  }

  /** Whatever the octets: each route is taken, or left out with its fault, as if it came alone. */
  @Test
  void anyOctetsAreTheRoutesThatTheyAreOneByOne() {
    int blocks = 0;
    int faults = 0;
    for (long seed = 0; seed < SEEDS; seed++) {
      var random = new SplittableRandom(seed);
      var nlri = new OctetWriter();
      var good = new ArrayList<Route>();
      int bad = 0;
      for (int i = random.nextInt(4); i >= 0; i--) {
        var one = anyNlri(random);
        nlri.bytes(one);
        try {
          good.add(EvpnRouteCodec.decode(one[0] & 0xff, new OctetReader(one, 2, one.length - 2)));
        } catch (MalformedInput e) {
          bad++;
        }
      }
      var hex = Wire.hex(nlri.toArray());
      var announced = Wire.good(Wire.update(Wire.MANDATORY + Wire.reach(hex)));
      assertThat(announced.announced()).as("seed %d", seed).isEqualTo(good);
      assertThat(announced.faults()).as("seed %d", seed).hasSize(bad);
      var withdrawn = Wire.good(Wire.update(Wire.unreach(hex)));
      assertThat(withdrawn.withdrawn())
          .as("seed %d", seed)
          .isEqualTo(good.stream().map(Route::key).toList());
      assertThat(withdrawn.faults()).as("seed %d", seed).hasSize(bad);
      if (announced.announced() instanceof RouteBlock block) {
        blocks++;
        for (int i = 0; i < block.size(); i++) {
          parts.split(good.get(i));
          var key = key();
          var rest = rest();
          parts.split(block.octets(), block.start(i));
          assertThat(key()).as("seed %d", seed).isEqualTo(key);
          assertThat(rest()).as("seed %d", seed).isEqualTo(rest);
        }
      }
      faults += bad;
    }
    assertThat(blocks).isGreaterThan(SEEDS / 10);
    assertThat(faults).isGreaterThan(SEEDS / 10);
  }

  /** A framed NLRI: of a route, or with one octet or the length of its body changed. */
  private static byte[] anyNlri(SplittableRandom random) {
    var route = new Messages(random).route();
    while (!(route instanceof EvpnRoute evpn) || evpn instanceof EvpnRoute.IpPrefixRoute) {
      route = new Messages(random).route();
    }
    var out = new OctetWriter();
    EvpnRouteCodec.encode(evpn, out);
    var nlri = out.toArray();
    switch (random.nextInt(8)) {
      case 0 ->
          nlri[nlri.length - 1 - random.nextInt(Math.max(1, nlri.length - 2))] ^=
              (byte) (1 << random.nextInt(8));
      case 1 -> nlri = Arrays.copyOf(nlri, Math.max(2, nlri.length - 6 + random.nextInt(12)));
      case 2 -> nlri[0] = (byte) (random.nextInt(5) + 6 * random.nextInt(2));
      default -> {}
    }
    nlri[1] = (byte) (nlri.length - 2);
    return nlri;
  }

  @Test
  void blocksAreCutWhereAMessageIsFull() {
    var builder = new RouteBlock.Builder(1);
    var routes = new ArrayList<Route>();
    for (int i = 0; i < 1000; i++) {
      var route =
          RouteText.parse(
              "[2] 10.0.0.1:7 tag 0 02:00:00:00:%02x:%02x label 9".formatted(i >> 8, i & 255));
      routes.add(route);
      parts.split(route);
      builder.add(parts.key(), 0, parts.keyLength(), parts.rest(), 0, parts.restLength());
    }
    var block = builder.build();
    assertThat(block).isEqualTo(routes);
    var attributes =
        PathAttributes.originated(IpAddress.parse("10.0.0.1"), List.of(), Optional.empty());
    assertThat(UpdatePacking.announce(attributes, block, Message.MAX_LENGTH))
        .isEqualTo(UpdatePacking.announce(attributes, routes));
    assertThat(UpdatePacking.withdraw(block, Message.MAX_LENGTH))
        .isEqualTo(UpdatePacking.withdraw(routes.stream().map(Route::key).toList()));
    for (var message : UpdatePacking.announce(attributes, block, Message.MAX_LENGTH)) {
      assertThat(Wire.internal().encode(message).length).isBetween(39, Message.MAX_LENGTH);
    }
  }
}
