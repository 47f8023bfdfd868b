package io.weft.agent.learning;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.learning.NeighbourFrame.Said;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.Vni;
import io.weft.overlay.node.HostBinding;
import io.weft.overlay.node.HostQuestion;
import io.weft.overlay.node.LearningPort;
import java.util.Arrays;
import java.util.Optional;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What frames say of who sent them, and what is asked and told. */
class NeighbourFrameTest {
  private static final MacAddress MAC = MacAddress.parse("52:54:00:00:00:07");
  private static final MacAddress BRIDGE = MacAddress.parse("02:00:00:00:00:01");
  private static final IpAddress V4 = IpAddress.parse("192.168.1.50");
  private static final IpAddress V6 = IpAddress.parse("fd00:1::50");
  private static final LearningPort PORT = new LearningPort("weft-red", "ep1", new Vni(100));

  private static Octets told(IpAddress ip) {
    return NeighbourFrame.of(new HostBinding("weft-red", "br100", BRIDGE, MAC, ip));
  }

  private static Octets question(IpAddress ip, Optional<IpAddress> from) {
    return NeighbourFrame.of(new HostQuestion(PORT, MAC, ip, from, BRIDGE));
  }

  /** As the host itself would say it. */
  private static Octets said(IpAddress ip) {
    return NeighbourFrame.of(new HostBinding("weft-red", "br100", MAC, MAC, ip));
  }

  @Test
  void whoSpeaksOfItselfIsHeard() {
    assertThat(NeighbourFrame.read(said(V4))).contains(new Said(MAC, V4));
    assertThat(NeighbourFrame.read(said(V6))).contains(new Said(MAC, V6));
    var short6 = Octets.of(Arrays.copyOf(said(V6).toArray(), 14 + 40 + 24)); // without an option
    assertThat(NeighbourFrame.read(short6)).contains(new Said(MAC, V6));
  }

  @Test
  void whatIsToldComesFromTheBridgeAndIsHeardOnNoNode() {
    for (var ip : new IpAddress[] {V4, V6}) {
      assertThat(Arrays.copyOfRange(told(ip).toArray(), 6, 12)).isEqualTo(BRIDGE.octets());
      assertThat(NeighbourFrame.read(told(ip))).isEmpty();
    }
  }

  @Test
  void aGratuitousRequestHasTheseOctets() {
    assertThat(told(V4))
        .isEqualTo(
            Octets.parse(
                "ffffffffffff020000000001080600010800060400015254"
                    + "00000007c0a80132000000000000c0a80132"));
  }

  @Test
  void aQuestionWithAGatewaySaysWhoAsksAndOneWithoutSaysNothing() {
    var gateway = IpAddress.parse("192.168.1.1");
    assertThat(NeighbourFrame.read(question(V4, Optional.of(gateway))))
        .contains(new Said(BRIDGE, gateway));
    assertThat(NeighbourFrame.read(question(V4, Optional.empty()))).isEmpty();
    var linkLocal = IpAddress.parse("fe80::1");
    assertThat(NeighbourFrame.read(question(V6, Optional.of(linkLocal))))
        .contains(new Said(BRIDGE, linkLocal));
    assertThat(NeighbourFrame.read(question(V6, Optional.empty()))).isEmpty();
  }

  @Test
  void whoSpeaksForAnotherMacSaysNothing() {
    for (var ip : new IpAddress[] {V4, V6}) {
      var frame = said(ip).toArray();
      frame[11] = 1; // the Ethernet source
      assertThat(NeighbourFrame.read(Octets.of(frame))).isEmpty();
    }
  }

  @Test
  void anyOctetsAreReadOrPassedOver() {
    var random = new SplittableRandom(3);
    for (var whole : new Octets[] {said(V4), said(V6), question(V6, Optional.empty())}) {
      for (int length = 0; length < whole.length(); length++) {
        var _ = NeighbourFrame.read(Octets.of(Arrays.copyOf(whole.toArray(), length)));
      }
      for (int i = 0; i < 5_000; i++) {
        var octets = whole.toArray();
        for (int changes = random.nextInt(1, 6); changes > 0; changes--) {
          octets[random.nextInt(octets.length)] = (byte) random.nextInt(256);
        }
        NeighbourFrame.read(Octets.of(octets))
            .ifPresent(said -> assertThat(said.ip().bits()).isIn(32, 128));
      }
    }
  }
}
