package io.weft.agent.discovery;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.agent.discovery.RouterMessage.Advertisement;
import io.weft.agent.discovery.RouterMessage.Solicitation;
import io.weft.net.IpAddress;
import io.weft.net.MalformedInput;
import io.weft.net.Octets;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

final class RouterDiscoveryTest {
  private static final long SECOND = 1_000_000_000L;
  private static final IpAddress ONE = IpAddress.parse("fe80::1");
  private static final IpAddress TWO = IpAddress.parse("fe80::2");

  /** As FRR 8.4.4 sends it on an unnumbered link: source link address, lifetime 1800. */
  private static final Octets FROM_FRR =
      Octets.parse("8600abcd4000070800000000000000000101aabbcc000102");

  private final RouterDiscovery discovery = new RouterDiscovery("eth0", 0);

  private static Octets advertisement(int lifetime) {
    return RouterMessage.encode(new Advertisement(lifetime));
  }

  private void hear(long now, IpAddress from, int lifetime) {
    discovery.received(now, from, 255, advertisement(lifetime));
  }

  @Test
  void bothIsSaidAtTheStart() {
    assertThat(discovery.drain()).containsExactly(new Advertisement(30), new Solicitation());
    discovery.timePassed(4 * SECOND);
    assertThat(discovery.drain()).as("nobody is found").containsExactly(new Solicitation());
    discovery.timePassed(discovery.nextDeadline());
    discovery.timePassed(10 * SECOND);
    assertThat(discovery.drain()).containsExactly(new Solicitation(), new Advertisement(30));
  }

  @Test
  void theFirstRouterIsKeptUntilItsLifetimeRunsOut() {
    hear(SECOND, ONE, 30);
    assertThat(discovery.neighbour()).contains(IpAddress.parseWithZone("fe80::1%eth0"));
    for (int i = 0; i < 1000; i++) {
      hear(2 * SECOND, ONE.plus(1 + i), 9000);
    }
    assertThat(discovery.neighbour()).contains(IpAddress.parseWithZone("fe80::1%eth0"));
    assertThat(discovery.rival()).contains(IpAddress.parseWithZone("fe80::2%eth0"));
    discovery.timePassed(31 * SECOND - 1);
    assertThat(discovery.neighbour()).isPresent();
    discovery.timePassed(31 * SECOND);
    assertThat(discovery.neighbour()).isEmpty();
    hear(32 * SECOND, TWO, 30);
    assertThat(discovery.neighbour()).contains(IpAddress.parseWithZone("fe80::2%eth0"));
  }

  @Test
  void aRouterThatSaysSoIsNoLonger() {
    hear(SECOND, ONE, 30);
    hear(SECOND, TWO, 0);
    assertThat(discovery.neighbour()).isPresent();
    hear(SECOND, ONE, 0);
    assertThat(discovery.neighbour()).isEmpty();
  }

  @Test
  void aNewRouterAndWhoeverAsksAreAnsweredAtMostOnceASecond() {
    discovery.drain();
    hear(SECOND / 2, ONE, 30);
    assertThat(discovery.drain()).isEmpty();
    assertThat(discovery.nextDeadline()).isEqualTo(SECOND);
    for (int i = 0; i < 100; i++) {
      discovery.received(
          SECOND, IpAddress.parse("::"), 255, RouterMessage.encode(new Solicitation()));
    }
    assertThat(discovery.drain()).containsExactly(new Advertisement(30));
    discovery.timePassed(2 * SECOND);
    assertThat(discovery.drain()).containsExactly(new Advertisement(30));
  }

  @ParameterizedTest
  @CsvSource({"fe80::1, 254", "fe80::1, -1", "2001:db8::1, 255", "::, 255", "10.0.0.1, 255"})
  void routersFromElsewhereAreIgnored(String from, int hopLimit) {
    discovery.received(1, IpAddress.parse(from), hopLimit, advertisement(30));
    assertThat(discovery.neighbour()).isEmpty();
    assertThat(discovery.ignored()).isEqualTo(1);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "86",
        "8600",
        "8601000000001e000000000000000000",
        "860000000000001e00000000000000",
        "860000000000001e00000000000000000100",
        "860000000000001e0000000000000000010112",
        "87000000000000",
        "88000000000000000000000000"
      })
  void whatIsNotWholeIsIgnored(String hex) {
    var octets = Octets.parse(hex);
    assertThatThrownBy(() -> RouterMessage.decode(octets)).isInstanceOf(MalformedInput.class);
    discovery.received(1, ONE, 255, octets);
    assertThat(discovery.neighbour()).isEmpty();
  }

  @Test
  void anyOctetsGiveAMessageOrAFault() {
    var random = new Random(4861);
    for (int i = 0; i < 20_000; i++) {
      var octets = new byte[random.nextInt(64)];
      random.nextBytes(octets);
      if (octets.length > 1) {
        octets[0] = (byte) (133 + random.nextInt(2));
        octets[1] = 0;
      }
      discovery.received(i, ONE, 255, Octets.of(octets));
    }
    assertThat(discovery.ignored()).isPositive();
  }

  @Test
  void anAdvertisementOfAnotherRouter() throws Exception {
    assertThat(RouterMessage.decode(FROM_FRR)).isEqualTo(new Advertisement(1800));
    assertThat(RouterMessage.decode(advertisement(30))).isEqualTo(new Advertisement(30));
    assertThat(advertisement(30).length()).isEqualTo(16);
  }
}
