package io.weft.agent.record;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.agent.loop.Brain;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.Decoded;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.forwarding.Segment;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.Node;
import io.weft.overlay.node.NodeConfig;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.Underlay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Two nodes and a reflector in this process; one of the nodes is recorded. */
class ReplayTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65_000);
  private static final Ipv4Address REFLECTOR = Ipv4Address.parse("10.0.0.254");
  private static final long MEBIBYTE = 1 << 20;

  @TempDir private Path directory;
  private long now = 1;
  private long connections;
  private final ArrayDeque<Runnable> work = new ArrayDeque<>();
  private final Speaker reflector =
      new Speaker(
          new SpeakerConfig(
              AS,
              REFLECTOR,
              List.of(),
              List.of(PeerRange.clients(IpPrefix.parse("10.0.0.0/24"), AS)),
              true,
              90,
              120,
              10,
              10_000));
  private final ArrayList<Host> hosts = new ArrayList<>();

  /** A node over a kernel that does all it is told. */
  private final class Host {
    final Ipv4Address vtep;
    final Brain<NodeEvent, NodeEffect> brain;
    long connection;
    long requests;

    Host(Ipv4Address vtep, Brain<NodeEvent, NodeEffect> brain) {
      this.vtep = vtep;
      this.brain = brain;
      hosts.add(this);
    }

    void give(NodeEvent event) {
      for (var effect : brain.step(now++, List.of(event))) {
        switch (effect) {
          case NodeEffect.ApplyChanges(long batch, _) ->
              work.add(() -> give(new NodeEvent.ChangesApplied(batch, List.of())));
          case NodeEffect.Bgp(SpeakerEffect.Connect(var peer)) -> work.add(() -> connect(peer));
          case NodeEffect.Bgp(SpeakerEffect.Send(long number, var messages)) ->
              messages.forEach(
                  message ->
                      work.add(
                          () ->
                              reflect(
                                  new SpeakerEvent.MessageReceived(
                                      number, new Decoded.Good(message)))));
          default -> {}
        }
      }
    }

    private void connect(IpAddress peer) {
      connection = ++connections;
      give(new NodeEvent.Bgp(new SpeakerEvent.Connected(connection, peer)));
      reflect(new SpeakerEvent.Accepted(connection, vtep));
    }

    void start() {
      give(new NodeEvent.IntentChanged(intent(50)));
      give(new NodeEvent.UnderlayChanged(Optional.of(new Underlay(vtep, vtep, 1500)), ""));
      give(new NodeEvent.KernelObserved(List.of()));
      settle();
    }

    void attach(String name, int address) {
      give(
          new NodeEvent.AttachRequested(
              ++requests,
              new AttachRequest(
                  name,
                  "net1",
                  "/run/netns/" + name,
                  "eth0",
                  Optional.of(new MacAddress(0x0200_0000_0000L + address)),
                  List.of(new Ipv4Address(0xc0a8_0100 + address)))));
      settle();
    }

    void detach(String name) {
      give(new NodeEvent.DetachRequested(++requests, name));
      settle();
    }
  }

  private void reflect(SpeakerEvent event) {
    for (var effect : reflector.step(now++, event)) {
      if (effect instanceof SpeakerEffect.Send(long number, var messages)) {
        for (var host : hosts) {
          if (host.connection == number) {
            messages.forEach(
                message ->
                    work.add(
                        () ->
                            host.give(
                                new NodeEvent.Bgp(
                                    new SpeakerEvent.MessageReceived(
                                        number, new Decoded.Good(message))))));
          }
        }
      }
    }
  }

  private void settle() {
    while (!work.isEmpty()) {
      work.remove().run();
    }
  }

  private static NodeIntent intent(int networks) {
    var all = new ArrayList<NetworkIntent>();
    for (int i = 1; i <= networks; i++) {
      var vni = new Vni(i);
      var target = List.of(RouteTarget.automatic(AS, vni));
      all.add(
          new NetworkIntent(
              "net" + i,
              Optional.of("red"),
              vni,
              List.of(IpPrefix.parse("192.168.1.0/24")),
              List.copyOf(target),
              target,
              OptionalInt.empty(),
              List.of()));
    }
    return new NodeIntent(AS, List.of(new PeerConfig(REFLECTOR, AS, false, false)), 90, 120, all);
  }

  private static Brain<NodeEvent, NodeEffect> brain(Node node) {
    return new Brain<>() {
      @Override
      public List<NodeEffect> step(long nowNanos, NodeEvent event) {
        return node.step(nowNanos, event);
      }

      @Override
      public OptionalLong nextDeadline() {
        return node.nextDeadline();
      }

      @Override
      public NodeEvent deadlineReached() {
        return new NodeEvent.DeadlineReached();
      }
    };
  }

  private final Node recorded = new Node(new NodeConfig("n1", "weft-", 100));

  private Recorder record(long octets) throws Exception {
    var recorder =
        new RecordingPlace(directory, octets)
            .begin(recorded, new NodeConfig("n1", "weft-", 100), brain(recorded));
    var one = new Host(Ipv4Address.parse("10.0.0.1"), recorder);
    var other =
        new Host(
            Ipv4Address.parse("10.0.0.2"), brain(new Node(new NodeConfig("n2", "weft-", 100))));
    reflect(new SpeakerEvent.OriginationCompleted());
    one.start();
    other.start();
    one.attach("here", 10);
    other.attach("there", 11);
    awaitWritten(recorder);
    return recorder;
  }

  /** Else the recorder may leave out steps, as it should where the disk is too slow for them. */
  private static void awaitWritten(Recorder recorder) throws InterruptedException {
    long end = System.nanoTime() + 60_000_000_000L;
    while (!recorder.isIdle()) {
      assertThat(System.nanoTime() - end).as("it does not write").isNegative();
      Thread.sleep(1);
    }
  }

  /** Behind a snapshot the pods' own ends are not known, as after a restart. */
  private static List<String> names(Node node) {
    return node.view().endpoints().stream().map(each -> each.endpoint().name()).toList();
  }

  private void assertSame(Node replayed) {
    assertThat(replayed.standing()).isEqualTo(recorded.standing()).isNotEmpty();
    assertThat(names(replayed)).isEqualTo(names(recorded)).isNotEmpty();
    assertThat(replayed.view().networks()).isEqualTo(recorded.view().networks());
    assertThat(replayed.view().converged()).isTrue();
    assertThat(replayed.bgp().orElseThrow().status().established()).isEqualTo(1);
  }

  @Test
  void theBrainComesToTheSameStateAndShowsItAtEachStep() throws Exception {
    record(64 * MEBIBYTE).close();
    var replay = Replay.play(directory, Long.MAX_VALUE);
    assertThat(replay.node().view()).isEqualTo(recorded.view());
    assertSame(replay.node());
    long last = replay.last().orElseThrow().number();
    assertThat(Replay.play(directory, 1).node().view().endpoints()).isEmpty();
    assertThat(Replay.play(directory, last - 1).last().orElseThrow().number()).isEqualTo(last - 1);
  }

  @Test
  void whatIsTooOldGoesAndReplayBeginsAtASnapshot() throws Exception {
    var recorder = record(MEBIBYTE);
    for (int i = 0; i < 300; i++) {
      hosts.getFirst().give(new NodeEvent.IntentChanged(intent(50 + i % 2)));
      settle();
      if (i == 200) {
        hosts.get(1).attach("late", 12);
        hosts.getFirst().attach("lately", 13);
        hosts.getFirst().detach("here");
      }
      awaitWritten(recorder);
    }
    hosts.getFirst().attach("last", 14);
    awaitWritten(recorder);
    recorder.close();
    assertThat(Segments.list(directory).getFirst().toString()).doesNotEndWith("00000001.jsonl");
    assertThat(size()).isLessThan(MEBIBYTE + MEBIBYTE / 2);
    assertSame(Replay.play(directory, Long.MAX_VALUE).node());
  }

  /** What it is given faster than it writes it leaves out, and begins anew from a snapshot. */
  @Test
  void whatComesAtOnceTakesNoMoreThanHalfAsMuchRoomAgain() throws Exception {
    var recorder = record(MEBIBYTE);
    for (int i = 0; i < 400; i++) {
      hosts.getFirst().give(new NodeEvent.IntentChanged(intent(50 + i % 2)));
      settle();
    }
    awaitWritten(recorder);
    hosts.getFirst().attach("last", 14);
    awaitWritten(recorder);
    recorder.close();
    assertThat(size()).isLessThan(MEBIBYTE + MEBIBYTE / 2);
    assertSame(Replay.play(directory, Long.MAX_VALUE).node());
  }

  @Test
  void aSnapshotKnowsThatTheNodeIsDrainedAndWhatPortsHaveJoined() throws Exception {
    var recorder = record(MEBIBYTE);
    var one = hosts.getFirst();
    var segment = new Segment("weft-red", 1);
    var port = new TreeSet<>(List.of("port"));
    var group = IpAddress.parse("239.1.2.3");
    one.give(
        new NodeEvent.GroupsSeen(segment, new TreeMap<>(Map.of(MulticastChannel.of(group), port))));
    one.give(new NodeEvent.DrainChanged(true));
    long end = System.nanoTime() + 30_000_000_000L;
    for (int i = 0; first().endsWith("00000001.jsonl"); i++) {
      one.give(new NodeEvent.IntentChanged(intent(50 + i % 2)));
      settle();
      assertThat(System.nanoTime() - end).isNegative();
      awaitWritten(recorder);
    }
    awaitWritten(recorder);
    recorder.close();
    var node = Replay.play(directory, Long.MAX_VALUE).node();
    assertThat(node.drained()).isTrue();
    assertThat(node.announced()).isZero();
    assertThat(node.groups()).isEqualTo(recorded.groups());
    assertThat(node.groups())
        .anyMatch(view -> view.joined().equals(Map.of(MulticastChannel.of(group), port)));
  }

  private String first() throws IOException {
    return Segments.list(directory).getFirst().toString();
  }

  /** How many segments were begun, with those that are gone. */
  private long begun() throws IOException {
    var last = Segments.list(directory).getLast().getFileName().toString();
    return Long.parseLong(last.replaceAll("[^0-9]", ""));
  }

  /** A snapshot that is more than the eighth that a segment should have. */
  @Test
  void aLargeNodeIsNotWrittenDownAsAWholeAtEachStep() throws Exception {
    var recorder = record(MEBIBYTE);
    hosts.getFirst().give(new NodeEvent.IntentChanged(intent(600)));
    settle();
    for (int i = 0; i < 200; i++) {
      hosts.getFirst().give(new NodeEvent.UnderlayChanged(underlay(), ""));
      settle();
      awaitWritten(recorder);
    }
    recorder.close();
    assertThat(recorder.problems()).isEmpty();
    assertThat(Files.size(Segments.list(directory).getLast())).isGreaterThan(MEBIBYTE / 8);
    assertThat(begun()).isBetween(2L, 4L);
    assertThat(size()).isLessThan(MEBIBYTE + MEBIBYTE / 2);
    assertSame(Replay.play(directory, Long.MAX_VALUE).node());
  }

  @Test
  void aNodeWhoseSnapshotIsTooLargeIsRecordedNoFurtherAndThatIsSaid() throws Exception {
    var recorder = record(MEBIBYTE);
    hosts.getFirst().give(new NodeEvent.IntentChanged(intent(2_500)));
    settle();
    long end = System.nanoTime() + 30_000_000_000L;
    while (recorder.problems().isEmpty()) {
      hosts.getFirst().give(new NodeEvent.UnderlayChanged(underlay(), ""));
      assertThat(System.nanoTime() - end).isNegative();
      Thread.sleep(2);
    }
    settle();
    recorder.close();
    assertThat(recorder.problems().getFirst())
        .contains("has ended, the agent goes on", "half of the 1 MiB", "--record-mebibytes");
    assertThat(recorded.view().networks()).hasSize(2_500);
    assertThat(size()).isLessThan(2 * MEBIBYTE);
    Replay.play(directory, Long.MAX_VALUE); // what was written is whole
  }

  private static Optional<Underlay> underlay() {
    var vtep = Ipv4Address.parse("10.0.0.1");
    return Optional.of(new Underlay(vtep, vtep, 1500));
  }

  private long size() throws IOException {
    long size = 0;
    for (var segment : Segments.list(directory)) {
      size += Files.size(segment);
    }
    return size;
  }

  @Test
  void whatIsDamagedIsSaid() throws Exception {
    assertThatThrownBy(() -> Replay.play(directory, 1)).hasMessageContaining("no recording");
    record(64 * MEBIBYTE).close();
    var segment = Segments.list(directory).getFirst();
    Files.writeString(segment, "{\"at\":7,\"events\":", StandardOpenOption.APPEND);
    assertThat(Replay.play(directory, Long.MAX_VALUE).node().view()).isEqualTo(recorded.view());
    Files.writeString(segment, "\n{}\n", StandardOpenOption.APPEND);
    assertThatThrownBy(() -> Replay.play(directory, Long.MAX_VALUE))
        .hasMessageContaining("is damaged");
  }
}
