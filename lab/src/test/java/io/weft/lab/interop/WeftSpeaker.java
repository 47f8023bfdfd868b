package io.weft.lab.interop;

import io.weft.agent.bgp.BgpTransport;
import io.weft.agent.bgp.PeerTransport;
import io.weft.agent.bgp.SpeakerBrain;
import io.weft.agent.loop.EventLoop;
import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.Speaker;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.OriginatedRoute;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import java.io.Closeable;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;

/** Weft's speaker with its loop and its sockets, as a daemon has them. Peers connect to it. */
final class WeftSpeaker implements Closeable {
  static final AutonomousSystem AS = new AutonomousSystem(65000);

  private final Speaker speaker;
  private final EventLoop<SpeakerEvent, SpeakerEffect> loop;
  private final BgpTransport transport;
  private final List<SpeakerEffect> effects = new CopyOnWriteArrayList<>();

  private WeftSpeaker(Speaker speaker, SpeakerConfig config) {
    this.speaker = speaker;
    loop =
        new EventLoop<>("speaker " + config.routerId(), new SpeakerBrain(speaker), this::carryOut);
    transport = new BgpTransport(loop::putAll);
  }

  /** A reflector whose clients come from {@link Arena#SPEAKERS}. */
  static WeftSpeaker reflector(Arena arena, Ipv4Address address) throws IOException {
    var clients = List.of(PeerRange.clients(Arena.SPEAKERS, AS));
    var config = new SpeakerConfig(AS, address, List.of(), clients, true, 90, 120, 100, 10_000);
    return start(arena, address, config);
  }

  /** A speaker that is no reflector, and that keeps every route. */
  static WeftSpeaker node(
      Arena arena,
      Ipv4Address address,
      AutonomousSystem as,
      int holdSeconds,
      int restartSeconds,
      PeerConfig... peers)
      throws IOException {
    var config =
        new SpeakerConfig(
            as, address, List.of(peers), List.of(), true, holdSeconds, restartSeconds, 100, 10_000);
    return start(arena, address, config);
  }

  /** A node that keeps only what it imports, which is nothing at first. */
  static WeftSpeaker importing(Arena arena, Ipv4Address address, Ipv4Address peer)
      throws IOException {
    var peers = List.of(peer(peer, AS));
    var config = new SpeakerConfig(AS, address, peers, List.of(), false, 90, 20, 100, 10_000);
    return start(arena, address, config);
  }

  static PeerConfig peer(IpAddress address, AutonomousSystem as) {
    return new PeerConfig(address, as, false, true);
  }

  /** Whatever it is told to be. */
  static WeftSpeaker start(Arena arena, Ipv4Address address, SpeakerConfig config)
      throws IOException {
    return start(arena, address, new Speaker(config), config);
  }

  /** One that only passes routes on, also those that are not of EVPN. */
  static WeftSpeaker passingOn(Arena arena, Ipv4Address address, SpeakerConfig config)
      throws IOException {
    return start(arena, address, Speaker.reflector(config), config);
  }

  private static WeftSpeaker start(
      Arena arena, Ipv4Address address, Speaker speaker, SpeakerConfig config) throws IOException {
    var made = new WeftSpeaker(speaker, config);
    // What a listening socket accepts is in its namespace too.
    NetworkNamespaces.<Boolean, IOException>callIn(
        arena.namespace(),
        () -> {
          made.transport.listen(address);
          return true;
        });
    made.loop.start();
    made.loop.put(new SpeakerEvent.DeadlineReached());
    return arena.with(made);
  }

  private void carryOut(SpeakerEffect effect) {
    effects.add(effect);
    transport.carryOut(effect);
  }

  /** From now on connections must have this, and no others. */
  void secure(PeerTransport... peers) {
    transport.configure(List.of(peers));
  }

  /** Announces, and says End-of-RIB. */
  void originate(List<OriginatedRoute> routes) {
    loop.put(new SpeakerEvent.RoutesOriginated(routes));
    loop.put(new SpeakerEvent.OriginationCompleted());
  }

  void configure(SpeakerConfig config) {
    loop.put(new SpeakerEvent.ConfigChanged(config));
  }

  void remove(Route... routes) {
    loop.put(new SpeakerEvent.OriginatedRoutesRemoved(List.of(routes)));
  }

  void importTargets(RouteTarget... targets) {
    loop.put(new SpeakerEvent.ImportTargetsChanged(List.of(targets)));
  }

  SpeakerView view() {
    return loop.ask(speaker::view).orTimeout(10, TimeUnit.SECONDS).join();
  }

  List<RouteView> bestRoutes() {
    return view().routes().stream().filter(RouteView::best).toList();
  }

  PeerView peer(IpAddress address) {
    return view().peers().stream()
        .filter(p -> p.address().equals(address))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no peer " + address + " in " + view().peers()));
  }

  boolean isUp(IpAddress address) {
    return view().peers().stream()
        .anyMatch(p -> p.address().equals(address) && p.state().equals("Established"));
  }

  /** Everything that the speaker ever wanted done, of one kind. */
  <T extends SpeakerEffect> List<T> said(Class<T> kind) {
    return effects.stream().filter(kind::isInstance).map(kind::cast).toList();
  }

  /** Goes without a word, as when the process is killed. */
  @Override
  public void close() throws IOException {
    loop.close();
    transport.close();
  }
}
