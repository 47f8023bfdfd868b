package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.bfd.BfdTransport;
import io.weft.agent.bfd.PathState;
import io.weft.bfd.BfdSettings;
import io.weft.bfd.BfdView.SessionView;
import io.weft.bfd.SessionState;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** BFD with FRR's bfdd over a veth between two namespaces. */
class BfdInteroperabilityTest {
  private static final IpAddress US = IpAddress.parse("10.99.0.1");
  private static final IpAddress FRR = IpAddress.parse("10.99.0.2");

  @TempDir Path directory;
  private final String ours = "bfdi-" + ProcessHandle.current().pid() + "-a";
  private final String theirs = "bfdi-" + ProcessHandle.current().pid() + "-b";
  private final LinkedBlockingQueue<PathState> changes = new LinkedBlockingQueue<>();
  private final List<AutoCloseable> open = new ArrayList<>();

  @BeforeEach
  void connect() throws Exception {
    assumeTrue(
        (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0,
        "needs root: makes network namespaces");
    assumeTrue(Files.exists(FrrDaemons.BFDD), "needs FRR's bfdd at " + FrrDaemons.BFDD);
    // FRR's daemons run as their own user, who must get to their directory below this one.
    Files.setPosixFilePermissions(
        directory, java.nio.file.attribute.PosixFilePermissions.fromString("rwxr-xr-x"));
    NetworkNamespaces.create(ours);
    NetworkNamespaces.create(theirs);
    try (var left = Rtnetlink.openIn(ours);
        var right = Rtnetlink.openIn(theirs)) {
      var pair = left.createVeth("link", LinkSettings.UP, "link", LinkSettings.UP, right);
      left.execute(new Request.AddAddress(Address.of(left.requireLink("link").index(), US, 24)));
      right.execute(new Request.AddAddress(Address.of(pair.peer().index(), FRR, 24)));
      left.setLink(left.requireLink("lo").index(), LinkSettings.UP);
      right.setLink(right.requireLink("lo").index(), LinkSettings.UP);
    }
  }

  @AfterEach
  void remove() throws Exception {
    for (var one : open.reversed()) {
      one.close();
    }
    NetworkNamespaces.deleteIfExists(ours);
    NetworkNamespaces.deleteIfExists(theirs);
  }

  private void link(LinkSettings settings) {
    try (var right = Rtnetlink.openIn(theirs)) {
      right.setLink(right.requireLink("link").index(), settings);
    }
  }

  private PathState awaitChange(boolean up) throws InterruptedException {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (System.nanoTime() < deadline) {
      var change = changes.poll(60, TimeUnit.SECONDS);
      if (change != null && change.up() == up) {
        return change;
      }
    }
    throw new AssertionError("path is not " + (up ? "up" : "down") + " after 60 s");
  }

  private void awaitStatus(FrrBfd frr, String status) throws Exception {
    await(frr, peer -> peer.path("status").asText().equals(status));
  }

  private JsonNode await(FrrBfd frr, Predicate<JsonNode> condition) throws Exception {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    JsonNode peer = frr.peer(US);
    while (!condition.test(peer)) {
      assertThat(System.nanoTime()).as("FRR says %s", peer).isLessThan(deadline);
      Thread.sleep(50);
      peer = frr.peer(US);
    }
    return peer;
  }

  private FrrBfd frr(boolean multihop) throws Exception {
    var frr =
        FrrBfd.start(
            theirs,
            directory.resolve("frr"),
            "bfd\n peer "
                + US
                + (multihop ? " multihop local-address " + FRR : "")
                + "\n  receive-interval 100\n  transmit-interval 100\n  detect-multiplier 3\n"
                + "  no shutdown\n exit\nexit\n");
    open.add(frr);
    return frr;
  }

  private BfdTransport transport(String namespace) {
    var transport = NetworkNamespaces.callIn(namespace, () -> new BfdTransport(changes::add));
    open.add(transport);
    return transport;
  }

  private static void sessions(BfdTransport bfd, List<BfdSettings> wanted) {
    assertThat(bfd.sessions(wanted)).isEmpty();
  }

  private static BfdSettings settings(boolean multihop) {
    return multihop
        ? BfdSettings.multihop(FRR, US, Duration.ofMillis(100), 3, 250)
        : BfdSettings.singleHop(FRR, US, Duration.ofMillis(100), 3);
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void upAgreeDownWhenCutAndUpAgain(boolean multihop) throws Exception {
    var frr = frr(multihop);
    var bfd = transport(ours);
    sessions(bfd, List.of(settings(multihop)));
    awaitChange(true);
    awaitStatus(frr, "up");
    // The poll sequence ends; and on a busy machine a session may have to come up again.
    var peer = await(frr, each -> isAgreed(each, bfd.view().sessions().getFirst()));
    assertThat(peer.path("remote-detect-multiplier").asInt()).isEqualTo(3);
    assertThat(peer.path("multihop").asBoolean()).isEqualTo(multihop);

    assertThat(millisToDetect(frr)).isBetween(150L, 700L);
  }

  private static boolean isAgreed(JsonNode peer, SessionView view) {
    return peer.path("status").asText().equals("up")
        && peer.path("remote-receive-interval").asInt() == 100
        && peer.path("remote-transmit-interval").asInt() == 100
        && view.state() == SessionState.UP
        && view.detectionMicros() == 300_000
        && view.transmitMicros() == 100_000
        && peer.path("id").asLong() == view.remoteDiscriminator()
        && peer.path("remote-id").asLong() == view.localDiscriminator();
  }

  /** Cuts the link, and gives it back. */
  private long millisToDetect(FrrBfd frr) throws Exception {
    changes.clear();
    long cut = System.nanoTime();
    link(LinkSettings.NONE.withUp(false));
    var down = awaitChange(false);
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - cut);
    assertThat(down.text()).contains("detection time expired");
    awaitStatus(frr, "down");
    link(LinkSettings.UP);
    awaitChange(true);
    awaitStatus(frr, "up");
    return millis;
  }

  @Test
  void frrIsToldWhenWeEndTheSession() throws Exception {
    var frr = frr(false);
    var bfd = transport(ours);
    sessions(bfd, List.of(settings(false)));
    awaitChange(true);
    awaitStatus(frr, "up");
    sessions(bfd, List.of());
    awaitStatus(frr, "down");
    assertThat(frr.peer(US).path("remote-diagnostic").asText())
        .containsIgnoringCase("administratively down");
  }

  /** Prints what the documentation says: how long detection takes; over the link alone. */
  @ParameterizedTest
  @ValueSource(ints = {50, 100})
  void detectionTakesTwoToThreeIntervals(int interval) throws Exception {
    var one = transport(ours);
    var two = transport(theirs);
    var each = Duration.ofMillis(interval);
    sessions(one, List.of(BfdSettings.singleHop(FRR, US, each, 3).on("link")));
    sessions(two, List.of(BfdSettings.singleHop(US, FRR, each, 3).on("link")));
    var millis = new long[10];
    for (int i = 0; i < millis.length; i++) {
      awaitChange(true);
      while (one.view().sessions().getFirst().state() != SessionState.UP
          || two.view().sessions().getFirst().state() != SessionState.UP) {
        Thread.sleep(10);
      }
      Thread.sleep(400 + i * 13L);
      changes.clear();
      long cut = System.nanoTime();
      link(LinkSettings.NONE.withUp(false));
      awaitChange(false);
      millis[i] = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - cut);
      Thread.sleep(500);
      changes.clear();
      link(LinkSettings.UP);
    }
    Arrays.sort(millis);
    System.out.println("BFD detection at 3 x " + interval + " ms: " + Arrays.toString(millis));
    assertThat(millis[millis.length / 2]).isBetween(interval * 18 / 10L, interval * 4L);
  }
}
