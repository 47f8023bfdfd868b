package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * One client of our reflector says odd things, each over a session of its own. The other clients,
 * FRR and GoBGP, must keep their sessions and hold exactly the good routes.
 *
 * <p>Every sender announces a route 1, a good route 2, then the odd UPDATE, then a route 3. So it
 * shows whether the odd UPDATE changed route 2, and whether the sender was heard after it.
 */
class HostileClientTest {
  private static final Pattern RD = Pattern.compile("rd:([0-9.:]+)");
  private static final String ORIGIN = "40010100";
  private static final String PATH = "400200";
  private static final String PREFERENCE = "40050400000064";
  private static final String TARGETS = "c010100002fde800000064030c000000000008";
  private static final String REST = ORIGIN + PATH + PREFERENCE + TARGETS;

  /** What is to come of route 2, and of the sender's session. */
  private enum Outcome {
    KEPT,
    GONE,
    RESET
  }

  /** {@code attributes} of the odd UPDATE; {@code end} is the NOTIFICATION that a reset says. */
  private record Odd(String name, Outcome outcome, String end, String attributes) {}

  @TempDir private Path directory;
  private Arena arena;
  private Ipv4Address self;
  private WeftSpeaker reflector;
  private FrrBgpd frr;
  private GoBgpd gobgp;

  @BeforeEach
  void start() throws Exception {
    arena = Arena.make("wio-hostile", directory);
    self = arena.address("10.99.0.1");
    reflector = WeftSpeaker.reflector(arena, self);
    reflector.originate(List.of());
    frr = FrrBgpd.client(arena, "frr", arena.address("10.99.0.2"), self);
    gobgp = GoBgpd.client(arena, "gobgp", arena.address("10.99.0.3"), self);
    Arena.await("FRR", () -> frr.isUp(self), true);
    Arena.await("GoBGP", () -> gobgp.isUp(self), true);
  }

  @AfterEach
  void stop() throws Exception {
    if (arena != null) {
      arena.close();
    }
  }

  @Test
  void oddUpdatesOfOneClientHurtNobodyElse() throws Exception {
    var atFrr = new TreeSet<String>();
    var atGoBgp = new TreeSet<String>();
    var ends = new TreeMap<String, String>();
    var senders = new TreeMap<String, RawPeer>();
    var before = new TreeSet<String>();
    var hosts = new TreeMap<String, String>();
    for (var odd : odds()) {
      var host = "10.99.1." + (hosts.size() + 1);
      var sender = RawPeer.connect(arena, arena.address(host), self);
      hosts.put(odd.name, host);
      senders.put(odd.name, sender);
      ends.put(odd.name, odd.end);
      sender.sendUpdate(reach(nlri(host, 1)) + REST);
      sender.sendUpdate(reach(nlri(host, 2)) + REST);
      before.addAll(List.of(host + ":1", host + ":2"));
    }
    // All have it, before it is said otherwise: what comes at once is passed on as its outcome.
    Arena.await("what FRR holds before", this::heldByFrr, before);
    for (var odd : odds()) {
      var host = hosts.get(odd.name);
      var sender = senders.get(odd.name);
      send(sender, odd.attributes.replace("@", rd(host)));
      if (odd.outcome != Outcome.RESET) {
        sender.sendUpdate(reach(nlri(host, 3)) + REST);
        for (int route : odd.outcome == Outcome.GONE ? new int[] {1, 3} : new int[] {1, 2, 3}) {
          atFrr.add(host + ":" + route);
          atGoBgp.add(host + ":" + route);
        }
      }
    }
    Arena.await("how the senders' sessions ended", () -> ends(senders), ends);
    Arena.await("what GoBGP holds", this::heldByGoBgp, atGoBgp);
    Arena.await("what FRR holds", this::heldByFrr, atFrr);
    assertNobodyElseWasHurt();
  }

  @Test
  void routesOfUnknownTypesArePassedOnWordForWord() throws Exception {
    var receiver = RawPeer.connect(arena, arena.address("10.99.1.1"), self);
    var sender = RawPeer.connect(arena, arena.address("10.99.1.2"), self);
    sender.sendUpdate(reach("c804deadbeef" + nlri("10.99.1.2", 1)) + REST);
    Arena.await(
        "what a peer holds that takes everything",
        () -> receiver.held().keySet().stream().map(Route::toString).sorted().toList(),
        List.of("[200] deadbeef", "[2] 10.99.1.2:1 tag 0 02:00:00:00:00:02 192.0.2.1"));
    sender.sendUpdate(reach(nlri("10.99.1.2", 3)) + REST);
    var known = List.of("10.99.1.2:1", "10.99.1.2:3");
    Arena.await("what FRR holds", this::heldByFrr, new TreeSet<>(known));
    Arena.await("GoBGP hears on", () -> gobgp.routes().toString().contains("10.99.1.2:3"), true);
    assertNobodyElseWasHurt();
  }

  private void assertNobodyElseWasHurt() throws Exception {
    assertThat(reflector.said(SpeakerEffect.PeerDown.class))
        .as("sessions of the good clients that ended")
        .noneMatch(down -> down.peer().toString().startsWith("10.99.0."));
    assertThat(frr.isUp(self)).isTrue();
    assertThat(gobgp.isUp(self)).isTrue();
  }

  private static void send(RawPeer sender, String attributes) throws IOException {
    sender.sendUpdate(attributes);
  }

  private static TreeMap<String, String> ends(TreeMap<String, RawPeer> senders) {
    var ends = new TreeMap<String, String>();
    senders.forEach((name, sender) -> ends.put(name, sender.end()));
    return ends;
  }

  private SortedSet<String> heldByFrr() throws IOException, InterruptedException {
    var held = new TreeSet<String>();
    frr.routes().keySet().forEach(key -> held.add(key.substring(0, key.indexOf(' '))));
    return held;
  }

  private SortedSet<String> heldByGoBgp() throws IOException, InterruptedException {
    var held = new TreeSet<String>();
    for (var key : gobgp.routes().keySet()) {
      var rd = RD.matcher(key);
      assertThat(rd.find()).as(key).isTrue();
      held.add(rd.group(1));
    }
    return held;
  }

  /** In what follows, @ stands for the sender's distinguisher of route 2. */
  private static List<Odd> odds() {
    var odds = new ArrayList<Odd>();
    var good = reach(nlri("@"));
    // The routes themselves.
    kept(odds, "two labels", reach(tail("@", 40, "30", "20", "c0000202") + "000384") + REST);
    kept(odds, "MAC length 40", reach(tail("@", 37, "28", "20", "c0000202")) + REST);
    kept(odds, "IP length 24", reach(tail("@", 37, "30", "18", "c0000202")) + REST);
    kept(odds, "route of 5 octets", reach("02050001020304") + REST);
    kept(odds, "one bad route before a good one", reach("0100" + nlri("@")) + REST);
    kept(odds, "the same route twice", reach(nlri("@") + nlri("@")) + REST);
    kept(odds, "prefix with ESI and gateway", reach(prefix("0102030405060708090a")) + REST);
    reset(odds, "route length 36 of 37", "3/9", reach("0224" + nlri("@").substring(4)) + REST);
    reset(odds, "route overruns", "3/9", reach("02ff" + nlri("@").substring(4)) + REST);
    gone(odds, "withdrawal with another label", unreach(nlri("@").replace("000064", "800000")));
    gone(odds, "withdrawal without label", unreach(nlri("@").replace("000064", "000000")));
    // MP_REACH_NLRI.
    kept(odds, "short length of MP_REACH", "800e" + good.substring(4).substring(2) + REST);
    kept(odds, "MP_REACH last", REST + good);
    kept(odds, "IPv6 next hop", reach("10", "20010db8" + "00".repeat(11) + "09") + REST);
    reset(odds, "next hop of 5 octets", "3/9", reach("05", "c633640101") + REST);
    reset(odds, "MP_REACH twice", "3/1", good + good + REST);
    gone(odds, "multicast next hop", reach("04", "e0000001") + REST);
    // FRR does not take it, and goes on with what it had.
    kept(odds, "loopback next hop", reach("04", "7f000009") + REST);
    kept(odds, "a family not agreed on", "900e000d000101" + "04c633640100" + "180a0000" + REST);
    // What is missing.
    gone(odds, "no LOCAL_PREF", good + ORIGIN + PATH + TARGETS);
    gone(odds, "no ORIGIN", good + PATH + PREFERENCE + TARGETS);
    gone(odds, "no AS_PATH", good + ORIGIN + PREFERENCE + TARGETS);
    kept(odds, "no extended communities", good + ORIGIN + PATH + PREFERENCE);
    // What is wrong.
    gone(odds, "ORIGIN 3", good + "40010103" + PATH + PREFERENCE + TARGETS);
    gone(odds, "ORIGIN optional", good + "c0010100" + PATH + PREFERENCE + TARGETS);
    gone(odds, "AS_PATH overruns", good + ORIGIN + "400204" + "0205fde8" + PREFERENCE + TARGETS);
    gone(odds, "own AS in AS_PATH", good + ORIGIN + "4002060201" + "0000fde8" + PREFERENCE);
    gone(odds, "LOCAL_PREF of 3 octets", good + ORIGIN + PATH + "400503000064" + TARGETS);
    gone(odds, "MED of 3 octets", good + REST + "800403000064");
    gone(
        odds, "communities of 12 octets", good + REST.replace(TARGETS, "c0100c" + "00".repeat(12)));
    kept(odds, "extended communities twice", good + REST + TARGETS);
    gone(odds, "COMMUNITIES of 5 octets", good + REST + "c008050000000001");
    gone(odds, "ORIGINATOR_ID of 3 octets", good + REST + "8009030a6301");
    gone(odds, "our cluster in CLUSTER_LIST", good + REST + "800a040a630001");
    gone(odds, "our identifier as ORIGINATOR_ID", good + REST + "8009040a630001");
    gone(odds, "PMSI of 4 octets", good + REST + "c0160400060000");
    gone(odds, "PMSI with 3 octets of address", good + REST + "c016080006000064c63364");
    gone(odds, "PMSI of an undefined type", good + REST + "c016090055000064c6336401");
    kept(odds, "AGGREGATOR of 3 octets", good + REST + "c00703000001");
    kept(odds, "ATOMIC_AGGREGATE of 1 octet", good + REST + "40060100");
    kept(odds, "MAC mobility at its end", good + REST.replace(TARGETS, mobility("ffffffff")));
    kept(odds, "unknown transitive attribute", good + REST + "c0c804deadbeef");
    kept(odds, "unknown non-transitive attribute", good + REST + "80c904deadbeef");
    gone(odds, "unknown well-known attribute", good + REST + "40ca04deadbeef");
    gone(odds, "attribute overruns behind the routes", good + REST + "c0c8ff00");
    reset(odds, "attribute overruns before the routes", "3/1", "c0c8ff00" + good);
    return odds;
  }

  private static void kept(List<Odd> odds, String name, String attributes) {
    odds.add(new Odd(name, Outcome.KEPT, "", attributes));
  }

  private static void gone(List<Odd> odds, String name, String attributes) {
    odds.add(new Odd(name, Outcome.GONE, "", attributes));
  }

  private static void reset(List<Odd> odds, String name, String end, String attributes) {
    odds.add(new Odd(name, Outcome.RESET, end, attributes));
  }

  /** Route distinguisher {@code host:2} less the type and the number. */
  private static String rd(String host) {
    int value = 0;
    for (byte octet : IpAddress.parse(host).octets()) {
      value = value << 8 | octet & 0xff;
    }
    return String.format("%08x", value);
  }

  private static String nlri(String host, int route) {
    return tail(rd(host), 37, "30", "20", "c00002" + String.format("%02x", route))
        .replace("0002" + "00".repeat(14), String.format("%04x", route) + "00".repeat(14));
  }

  private static String nlri(String rd) {
    return tail(rd, 37, "30", "20", "c0000202");
  }

  /** A MAC/IP route with RD {@code rd:2} and VNI 100. */
  private static String tail(String rd, int length, String macBits, String ipBits, String ip) {
    return String.format("02%02x", length)
        + "0001"
        + rd
        + "0002"
        + "00".repeat(14)
        + macBits
        + "020000000002"
        + ipBits
        + ip
        + "000064";
  }

  private static String prefix(String esi) {
    return "0522"
        + "0001"
        + "@"
        + "0004"
        + esi
        + "00000000"
        + "18"
        + "0a050000"
        + "0a000001"
        + "000384";
  }

  private static String mobility(String sequence) {
    return "c010180002fde800000064030c00000000000806000000" + sequence;
  }

  private static String reach(String routes) {
    return attribute("900e", "00194604c633640100" + routes);
  }

  /** With another next hop, for route 2. */
  private static String reach(String length, String nextHop) {
    return attribute("900e", "001946" + length + nextHop + "00" + nlri("@"));
  }

  private static String unreach(String routes) {
    return attribute("900f", "001946" + routes);
  }

  /** Lengths count @ as the four octets that it stands for. */
  private static String attribute(String type, String value) {
    int digits = value.replace("@", "00000000").length();
    return type + String.format("%04x", digits / 2) + value;
  }
}
