package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.Test;

class RouteTextTest {
  private static final List<RouteDistinguisher> RDS =
      List.of(
          RouteDistinguisher.parse("10.0.0.1:1"),
          RouteDistinguisher.parse("65000:4294967295"),
          RouteDistinguisher.parse("4200000000:7"),
          RouteDistinguisher.parse("65000L:7"),
          new RouteDistinguisher(0x0003_0000_0000_0001L),
          new RouteDistinguisher(-1));
  private static final List<Esi> ESIS =
      List.of(Esi.ZERO, new Esi(0x0011_2233_4455_6677L, 0x8899), new Esi(-1, 0xffff));
  private static final List<IpAddress> ADDRESSES =
      List.of(
          IpAddress.parse("10.1.1.1"),
          IpAddress.parse("fd00::1"),
          IpAddress.parse("::ffff:1.2.3.4"));
  private static final List<IpPrefix> PREFIXES =
      List.of(
          IpPrefix.parse("0.0.0.0/0"), IpPrefix.parse("10.1.0.0/16"), IpPrefix.parse("fd00::/64"));

  private final Random random = new Random(7);

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private long tag() {
    return any(List.of(0L, 1L, 0xffff_fffeL, 0xffff_ffffL));
  }

  private int label() {
    return any(List.of(0, 100, 0xff_ffff));
  }

  private Route anyRoute(int kind) {
    return switch (kind) {
      case 1 -> new EvpnRoute.EthernetAutoDiscovery(any(RDS), any(ESIS), tag(), label());
      case 2 -> {
        int label = label();
        yield new EvpnRoute.MacIpAdvertisement(
            any(RDS),
            any(ESIS),
            tag(),
            new MacAddress(random.nextLong() & 0xffff_ffff_ffffL),
            random.nextBoolean() ? Optional.empty() : Optional.of(any(ADDRESSES)),
            label,
            label == 0 || random.nextBoolean() ? OptionalInt.empty() : OptionalInt.of(label()));
      }
      case 3 -> new EvpnRoute.InclusiveMulticast(any(RDS), tag(), any(ADDRESSES));
      case 4 -> new EvpnRoute.EthernetSegment(any(RDS), any(ESIS), any(ADDRESSES));
      case 5 -> {
        var prefix = any(PREFIXES);
        var gateway =
            random.nextBoolean()
                ? prefix.address().masked(0)
                : IpAddress.parse(prefix.address().isIpv4() ? "10.0.0.9" : "fd00::9");
        yield new EvpnRoute.IpPrefixRoute(any(RDS), any(ESIS), tag(), prefix, gateway, label());
      }
      case 6 ->
          new EvpnRoute.UnknownEvpnRoute(
              any(List.of(0, 11, 255)), any(List.of(Octets.EMPTY, Octets.parse("00ff"))));
      case 7 -> new UnicastRoute(any(PREFIXES));
      default ->
          any(
              List.of(
                  RouteTargetMembership.DEFAULT,
                  RouteTargetMembership.of(
                      new AutonomousSystem(65000), RouteTarget.parse("10.0.0.1:7"))));
    };
  }

  /** parse(print(x)) = x, for whole routes and for keys. */
  @Test
  void whatIsPrintedIsReadAgain() {
    for (int i = 0; i < 8_000; i++) {
      var route = anyRoute(i % 8 + 1);
      assertThat(RouteText.parse(route.toString())).isEqualTo(route);
      assertThat(RouteText.parse(route.key().toString())).isEqualTo(route.key());
    }
  }

  @Test
  void asPeopleTypeIt() {
    assertThat(RouteText.parse(" [2]  10.0.0.1:1 tag 0 02:00:00:00:00:01  10.1.1.1 "))
        .hasToString("[2] 10.0.0.1:1 tag 0 02:00:00:00:00:01 10.1.1.1");
  }

  @Test
  void whatIsWrongIsSaid() {
    refused("", "the prefix is missing");
    refused("hello", "is not a prefix");
    refused("[x] 1:1", "'[x]' is not a route type in brackets");
    refused("[2]", "the route distinguisher is missing");
    refused("[2] here", "'here' is not a route distinguisher");
    refused("[2] 10.0.0.1:65536 tag 0", "65536 is out of 0..65535");
    refused("[2] 65536:65536 tag 0", "65536 is out of 0..65535");
    refused("[2] 1:1", "'tag' is missing");
    refused("[2] 1:1 tag 4294967296 x", "tag '4294967296' is out of 0..4294967295");
    refused("[2] 1:1 tag 0", "the MAC is missing");
    refused("[2] 1:1 tag 0 02:00:00:00:00:01 label 16777216", "label '16777216' is out of");
    refused("[2] 1:1 tag 0 02:00:00:00:00:01 label 1/2/3", "there are 3 labels");
    refused("[3] 1:1 tag 0 10.0.0.1 more", "'more' is too much");
    refused("[4] 1:1 10.0.0.1", "'esi' is missing");
    refused("[4] 1:1 esi 00:11 10.0.0.1", "is not an ESI");
    refused("rt:65000:1", "'rt:TARGET for AS NUMBER' is one");
  }

  private static void refused(String text, String words) {
    assertThatThrownBy(() -> RouteText.parse(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(words);
  }

  /** Any text gives a route or an IllegalArgumentException. */
  @Test
  void anyTextIsRefusedInWords() {
    var good = anyRoute(2).toString();
    for (int i = 0; i < 5_000; i++) {
      var text = new StringBuilder(random.nextBoolean() ? good : anyRoute(i % 8 + 1).toString());
      int at = random.nextInt(text.length());
      text.replace(
          at,
          Math.min(text.length(), at + random.nextInt(4)),
          any(List.of(" ", ":", "9", "x", "")));
      try {
        assertThat(RouteText.parse(text.toString())).isNotNull();
      } catch (IllegalArgumentException e) {
        assertThat(e.getMessage()).isNotBlank();
      }
    }
  }
}
