package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.policy.Change;
import io.weft.bgp.policy.Match;
import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.Rule;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.rib.NextHop;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.SessionOptions;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.wire.Family;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two FRRs of other ASes say one prefix; a third, in ours, hears of both paths. */
class ForeignPathsTest {
  private static final String PREFIX = "192.0.2.0/24";

  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private Ipv4Address one;
  private Ipv4Address two;
  private Ipv4Address taker;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-paths", directory);
    self = arena.address("10.99.0.1");
    one = arena.address("10.99.0.2");
    two = arena.address("10.99.0.3");
    taker = arena.address("10.99.0.4");
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  @Test
  void allPathsAreSentAndAPolicyTakesOneAndGivesItBack() throws Exception {
    var us = WeftSpeaker.passingOn(arena, self, config(peers(Optional.empty())));
    us.originate(List.of());
    frr("one", 65077, one, " network " + PREFIX + "\n");
    frr("two", 65078, two, " network " + PREFIX + "\n");
    var third = frr("taker", 65000, taker, "");
    Arena.await("both paths there", () -> hops(third), List.of(one.toString(), two.toString()));

    var none = new Rule("nothing", Match.ANY, Change.NONE, Verdict.REJECT);
    var policy = Optional.of(new Policy("closed", List.of(none), Verdict.ACCEPT));
    us.configure(config(peers(policy)));
    Arena.await("one path there", () -> hops(third), List.of(one.toString()));
    us.configure(config(peers(Optional.empty())));
    Arena.await("both paths again", () -> hops(third), List.of(one.toString(), two.toString()));
    assertThat(us.isUp(two)).isTrue();
    assertThat(us.peer(two).lastReason()).isEmpty();
  }

  private PeerConfig[] peers(Optional<Policy> forTwo) {
    var sending = SessionOptions.DEFAULT.withAddPath(AddPathMode.SEND);
    return new PeerConfig[] {
      peer(one, 65077),
      peer(two, 65078).withPolicies(forTwo, Optional.empty()),
      peer(taker, 65000).withOptions(sending)
    };
  }

  private static PeerConfig peer(Ipv4Address address, long as) {
    return new PeerConfig(
        address,
        new AutonomousSystem(as),
        false,
        true,
        List.of(Family.IPV4_UNICAST),
        Optional.empty(),
        NextHop.AUTOMATIC);
  }

  private SpeakerConfig config(PeerConfig... peers) {
    return new SpeakerConfig(
        WeftSpeaker.AS, self, List.of(peers), List.of(), true, 90, 60, 100, 10_000);
  }

  private FrrBgpd frr(String name, long as, Ipv4Address address, String more) throws Exception {
    var neighbour = " neighbor " + self;
    return FrrBgpd.start(
        arena,
        name,
        address,
        FrrBgpd.config(
            as,
            address,
            String.join(
                "\n",
                " no bgp network import-check",
                neighbour + " remote-as 65000",
                neighbour + " update-source " + address,
                neighbour + " timers connect 1",
                neighbour + (as == 65000 ? " description us" : " ebgp-multihop 4"),
                " address-family ipv4 unicast",
                neighbour + " activate",
                more + " exit-address-family\n")));
  }

  private static List<String> hops(FrrBgpd frr) throws Exception {
    var hops = new ArrayList<String>();
    for (var path : frr.vtysh("show bgp ipv4 unicast " + PREFIX + " json").path("paths")) {
      hops.add(path.path("nexthops").path(0).path("ip").asText());
    }
    return hops.stream().sorted().toList();
  }
}
