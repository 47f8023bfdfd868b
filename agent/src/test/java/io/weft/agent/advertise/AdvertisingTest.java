package io.weft.agent.advertise;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.node.AdvertisedNetwork;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class AdvertisingTest {
  private static final long SECOND = 1_000_000_000L;
  private static final MacAddress A = MacAddress.parse("02:00:00:00:00:0a");
  private static final MacAddress B = MacAddress.parse("02:00:00:00:00:0b");

  private final Advertising advertising = new Advertising();
  private long now = -5 * SECOND; // the clock may have any value

  private static AdvertisedNetwork network(
      int mtu, boolean autonomous, String prefix, Map<MacAddress, String> ports) {
    return new AdvertisedNetwork(
        "web", "weft-red", mtu, List.of(IpPrefix.parse(prefix)), autonomous, new TreeMap<>(ports));
  }

  private static AdvertisedNetwork network(Map<MacAddress, String> ports) {
    return network(1450, false, "fd00:1::/64", ports);
  }

  private void at(int second) {
    now = (second - 5) * SECOND;
    advertising.timePassed(now);
  }

  private List<String> ports() {
    return advertising.drain().stream().map(Advertising.Sending::port).toList();
  }

  @Test
  void eachEndpointHearsItWhenItComesSoonAfterAndNowAndThen() {
    advertising.networks(now, List.of(network(Map.of(A, "a"))));
    assertThat(ports()).containsExactly("a");
    at(10);
    assertThat(ports()).isEmpty();
    advertising.networks(now, List.of(network(Map.of(A, "a", B, "b"))));
    assertThat(ports()).as("only the new one").containsExactly("b");
    at(16);
    assertThat(ports()).containsExactly("a");
    at(32);
    assertThat(ports()).containsExactly("a", "b");
    at(600);
    assertThat(ports()).containsExactly("b");
    at(631);
    assertThat(ports()).isEmpty();
    at(632);
    assertThat(ports()).containsExactly("a");
  }

  @Test
  void whoAsksIsAnsweredAtOnceButNotMoreOftenThanInThreeSeconds() {
    advertising.networks(now, List.of(network(Map.of(A, "a", B, "b"))));
    ports();
    at(5);
    for (int i = 0; i < 100; i++) {
      advertising.solicited("weft-red", A);
      at(5);
    }
    assertThat(ports()).containsExactly("a");
    at(7);
    assertThat(ports()).isEmpty();
    at(8);
    assertThat(ports()).containsExactly("a");
    advertising.solicited("weft-red", MacAddress.parse("02:00:00:00:00:0c"));
    advertising.solicited("weft-blue", B);
    at(12);
    assertThat(ports()).as("nobody of ours asked").isEmpty();
  }

  @Test
  void whatChangesIsSaidAtOnceWithThePrefixThatWent() {
    advertising.networks(now, List.of(network(Map.of(A, "a"))));
    ports();
    now += SECOND;
    advertising.networks(now, List.of(network(1400, false, "fd00:2::/64", Map.of(A, "a"))));
    var frame = advertising.drain().getFirst().frame().toString();
    assertThat(frame)
        .contains("0501000000000578")
        .contains("03044080" + "00278d00" + "00093a80" + "00000000" + "fd000002" + "0".repeat(24))
        .contains("03044080" + "00000000" + "00000000" + "00000000" + "fd000001" + "0".repeat(24));
    advertising.networks(now, List.of(network(1400, false, "fd00:2::/64", Map.of(A, "a"))));
    assertThat(ports()).as("the same again").isEmpty();
  }

  @Test
  void whoIsNoLongerServedHearsThatTheRouterIsGone() {
    advertising.networks(now, List.of(network(Map.of(A, "a"))));
    assertThat(lifetime(advertising.drain().getFirst().frame())).isEqualTo(9000);
    advertising.networks(now, List.of());
    var last = advertising.drain();
    assertThat(last).hasSize(1);
    assertThat(lifetime(last.getFirst().frame())).isZero();
    assertThat(last.getFirst().frame().toString()).doesNotContain("fd000001");
    assertThat(advertising.nextDeadline()).isEmpty();
  }

  private static int lifetime(Octets frame) {
    return frame.at(60) << 8 | frame.at(61);
  }

  /** Octets as tshark 4.0 reads them: checksum good, flags, options. */
  @Test
  void theFrameIsWhole() {
    var frame = RouterFrame.of(network(1450, true, "fd00:1::/64", Map.of()), List.of());
    assertThat(frame)
        .isEqualTo(
            Octets.parse(
                ("333300000001 00005e000101 86dd 6000000000403aff"
                        + "fe800000000000000000000000000001 ff020000000000000000000000000001"
                        + "8600a5b240002328 0000000000000000"
                        + "010100005e000101 05010000000005aa"
                        + "030440c0 00278d00 00093a80 00000000 fd000001000000000000000000000000")
                    .replace(" ", "")));
  }

  @Test
  void onlyPrefixesOf64BitsAreAutonomousAndNoMtuIsBelow1280() {
    var frame = RouterFrame.of(network(1200, true, "fd00:1::/80", Map.of()), List.of()).toString();
    assertThat(frame).contains("03045080").doesNotContain("05010000000004b0");
  }
}
