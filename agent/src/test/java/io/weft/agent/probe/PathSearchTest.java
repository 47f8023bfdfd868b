package io.weft.agent.probe;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.probe.PathState.Passes;
import io.weft.agent.probe.PathState.Place;
import io.weft.agent.probe.PathState.TooNarrow;
import io.weft.agent.probe.PathState.Unknown;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import io.weft.overlay.node.Tunnel;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.IntFunction;
import org.junit.jupiter.api.Test;

/** Paths of every kind, without a kernel. */
class PathSearchTest {
  private static final Tunnel TUNNEL =
      new Tunnel(IpAddress.parse("10.0.0.1"), IpAddress.parse("10.0.0.2"), 1450);
  private static final IpAddress ROUTER = IpAddress.parse("10.1.0.1");
  private static final EchoResult REPLY = new EchoResult.Reply(1);
  private static final EchoResult NOTHING = new EchoResult.NoReply();

  private final List<Integer> asked = new ArrayList<>();

  private PathState look(IntFunction<EchoResult> path) {
    return look(OptionalInt.empty(), OptionalInt.empty(), false, path);
  }

  private PathState look(
      OptionalInt own, OptionalInt guess, boolean wasSilent, IntFunction<EchoResult> path) {
    return PathSearch.look(
        TUNNEL,
        own,
        guess,
        wasSilent,
        octets -> {
          asked.add(octets);
          return path.apply(octets);
        });
  }

  private static IntFunction<EchoResult> upTo(int mtu, EchoResult otherwise) {
    return octets -> octets <= mtu ? REPLY : otherwise;
  }

  private static EchoResult tooBig(int mtu) {
    return new EchoResult.TooBig(OptionalInt.of(mtu), Optional.of(ROUTER));
  }

  @Test
  void onePacketOfTheOuterSizeProvesAGoodPath() {
    assertThat(look(upTo(1500, NOTHING))).isEqualTo(new Passes(TUNNEL));
    assertThat(asked).containsExactly(1500);
  }

  @Test
  void theOverheadIsThatOfTheFamily() {
    var tunnel = new Tunnel(IpAddress.parse("fd00::1"), IpAddress.parse("fd00::2"), 1430);
    assertThat(tunnel.outerMtu()).isEqualTo(1500);
    assertThat(new TooNarrow(tunnel, 1400, new Place.Silent()).overlayPasses()).isEqualTo(1330);
  }

  @Test
  void aRouterThatSaysItsMtuIsBelievedOnceThatSizePasses() {
    assertThat(look(upTo(1400, tooBig(1400))))
        .isEqualTo(new TooNarrow(TUNNEL, 1400, new Place.Behind(ROUTER)));
    assertThat(asked).containsExactly(1500, 68, 1400);
  }

  @Test
  void theNarrowestOfSeveralRoutersIsNamed() {
    var second = IpAddress.parse("10.2.0.1");
    var state =
        look(
            octets ->
                octets > 1400
                    ? tooBig(1400)
                    : octets > 1300
                        ? new EchoResult.TooBig(OptionalInt.of(1300), Optional.of(second))
                        : REPLY);
    assertThat(state).isEqualTo(new TooNarrow(TUNNEL, 1300, new Place.Behind(second)));
    assertThat(asked).containsExactly(1500, 68, 1400, 1300);
  }

  @Test
  void aRouterThatLiesIsNotBelieved() {
    assertThat(look(upTo(1280, tooBig(1400))))
        .isInstanceOfSatisfying(
            TooNarrow.class, narrow -> assertThat(narrow.passes()).isEqualTo(1280));
    assertThat(look(upTo(1280, tooBig(0))))
        .isInstanceOfSatisfying(
            TooNarrow.class, narrow -> assertThat(narrow.passes()).isEqualTo(1280));
  }

  @Test
  void whereNobodySaysAnythingTheSizeIsSearched() {
    for (int mtu : new int[] {68, 69, 576, 1399, 1400, 1498, 1499}) {
      asked.clear();
      assertThat(look(upTo(mtu, NOTHING)))
          .isEqualTo(new TooNarrow(TUNNEL, mtu, new Place.Silent()));
      assertThat(asked).hasSizeLessThan(30);
    }
  }

  @Test
  void theSizeOfTheLastTimeSparesTheSearch() {
    assertThat(look(OptionalInt.empty(), OptionalInt.of(1400), false, upTo(1400, NOTHING)))
        .isEqualTo(new TooNarrow(TUNNEL, 1400, new Place.Silent()));
    assertThat(asked).containsExactly(1500, 1500, 1500, 68, 1400, 1401, 1401);
    assertThat(look(OptionalInt.empty(), OptionalInt.of(1400), false, upTo(1300, NOTHING)))
        .isEqualTo(new TooNarrow(TUNNEL, 1300, new Place.Silent()));
  }

  @Test
  void silenceIsNoFinding() {
    assertThat(look(_ -> NOTHING)).isInstanceOf(Unknown.class);
    assertThat(asked).containsExactly(1500, 1500, 1500, 68, 68, 68);
    asked.clear();
    assertThat(look(OptionalInt.empty(), OptionalInt.empty(), true, _ -> NOTHING))
        .isInstanceOf(Unknown.class);
    assertThat(asked).as("once silent, one small packet is enough").containsExactly(68);
    assertThat(look(OptionalInt.empty(), OptionalInt.empty(), true, upTo(1500, NOTHING)))
        .isEqualTo(new Passes(TUNNEL));
  }

  @Test
  void whatCannotBeSentIsNoFinding() {
    assertThat(look(_ -> new EchoResult.Failed("ENETUNREACH")))
        .isEqualTo(new Unknown(TUNNEL, "ENETUNREACH"));
  }

  @Test
  void losingOneOrTwoPacketsIsNoFinding() {
    var results = new ArrayList<>(List.of(NOTHING, NOTHING, REPLY));
    assertThat(look(_ -> results.removeFirst())).isEqualTo(new Passes(TUNNEL));
  }

  @Test
  void theNodesOwnRouteNeedsNoPacket() {
    var own = look(OptionalInt.of(1499), OptionalInt.empty(), false, _ -> REPLY);
    assertThat(own).isEqualTo(new TooNarrow(TUNNEL, 1499, new Place.Here()));
    assertThat(asked).isEmpty();
    assertThat(look(OptionalInt.of(1500), OptionalInt.empty(), false, _ -> REPLY))
        .isEqualTo(new Passes(TUNNEL));
  }
}
