package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.policy.Policy;
import io.weft.bgp.policy.Verdict;
import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.SpeakerView.PeerView;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.AsPath;
import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteTargetMembership;
import io.weft.bgp.wire.RouteText;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A reflector with peers of every kind, who say the same keys, come, go, and ask: after each step
 * each of them holds exactly what the rules give for it alone, and was told nothing in vain. All
 * messages pass through octets, as on a connection.
 */
class BroadcastPropertyTest {
  private static final long NOBODY = -1;
  private static final List<RouteTarget> TARGETS = List.of(World.RED, World.BLUE);
  private static final AutonomousSystem OTHER = new AutonomousSystem(65_100);

  private record Held(Route route, PathAttributes attributes) {}

  private enum Kind {
    CLIENT,
    NON_CLIENT,
    EXTERNAL
  }

  /** What a peer is, and what stands between it and the reflector. */
  private static final class Peer {
    final int host;
    final Kind kind;
    final Ipv4Address routerId;
    final List<Family> families;
    final boolean plain;

    long connection = NOBODY;
    MessageCodec ours = new MessageCodec();
    MessageCodec theirs = new MessageCodec();
    final Map<Route, Held> held = new LinkedHashMap<>();
    final Set<RouteTargetMembership> memberships = new LinkedHashSet<>();

    /** It has said all that it wants, or need not. */
    boolean ready;

    /** In this step it may be told again what it knows. */
    boolean mayBeRetold;

    Peer(int host, Kind kind, int routerId, boolean constrained, boolean plain) {
      this.host = host;
      this.kind = kind;
      this.routerId = id(routerId);
      this.families =
          constrained
              ? List.of(Family.L2VPN_EVPN, Family.ROUTE_TARGET)
              : List.of(Family.L2VPN_EVPN);
      this.plain = plain;
    }

    boolean isInternal() {
      return kind != Kind.EXTERNAL;
    }

    AutonomousSystem as() {
      return isInternal() ? World.AS : OTHER;
    }

    /** Of some the routes are judged one by one, by a policy that lets all pass. */
    PeerConfig config() {
      var all = new Policy("all", List.of(), Verdict.ACCEPT);
      return new PeerConfig(address(host), as(), kind == Kind.CLIENT, true)
          .withFamilies(families)
          .withPolicies(
              Optional.of(all).filter(_ -> host == 2),
              Optional.of(all).filter(_ -> host == 4 || host == 6));
    }

    Message.Open open() {
      var reflector =
          new PeerConfig(address(9), World.AS, false, false)
              .withFamilies(families)
              .withAs(PeerAs.of(World.AS));
      var config =
          new SpeakerConfig(as(), routerId, List.of(), List.of(), true, 90, 120, 100, 1000);
      var all = Offer.of(config, reflector, false);
      return new Message.Open(
          all.as(),
          all.holdSeconds(),
          all.routerId(),
          all.capabilities().stream().filter(capability -> !plain || isBasic(capability)).toList());
    }

    private static boolean isBasic(Capability capability) {
      return !(capability instanceof Capability.GracefulRestart)
          && !(capability instanceof Capability.ExtendedMessage);
    }

    boolean wants(PathAttributes attributes) {
      return !families.contains(Family.ROUTE_TARGET)
          || memberships.contains(RouteTargetMembership.DEFAULT)
          || memberships.stream()
              .flatMap(membership -> membership.target().stream())
              .anyMatch(attributes.routeTargets()::contains);
    }
  }

  private final List<Peer> peers =
      List.of(
          new Peer(1, Kind.CLIENT, 1, true, false),
          new Peer(2, Kind.CLIENT, 2, true, false),
          new Peer(3, Kind.CLIENT, 3, false, true),
          new Peer(4, Kind.CLIENT, 4, false, false),
          new Peer(5, Kind.NON_CLIENT, 5, true, false),
          new Peer(6, Kind.NON_CLIENT, 6, false, false),
          new Peer(7, Kind.EXTERNAL, 7, false, false),
          new Peer(8, Kind.EXTERNAL, 1, false, true)); // the identifier of a client: lawful

  private final Speaker speaker =
      new Speaker(
          new SpeakerConfig(
              World.AS,
              id(9),
              peers.stream().map(Peer::config).toList(),
              List.of(),
              true,
              90,
              120,
              100,
              10_000));
  private final List<SpeakerEvent> batch = new ArrayList<>();
  private Random random = new Random(0);
  private long lastConnection;
  private int relabelled;

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12})
  void eachPeerHoldsWhatIsMeantForIt(long seed) {
    random = new Random(seed);
    batch.add(new SpeakerEvent.OriginationCompleted());
    peers.forEach(this::comeUp);
    step();
    for (int round = 0; round < 600; round++) {
      for (int i = random.nextInt(6); i >= 0; i--) {
        disturb(peers.get(random.nextInt(peers.size())));
      }
      step();
    }
    assertThat(relabelled).as("routes of which only the label was new").isPositive();
  }

  // What happens.

  private void disturb(Peer peer) {
    if (peer.connection == NOBODY) {
      comeUp(peer);
      return;
    }
    switch (random.nextInt(30)) {
      case 0 -> goDown(peer);
      case 1 -> {
        goDown(peer);
        comeUp(peer); // in the same step
      }
      case 2 -> {
        peer.mayBeRetold = true;
        hear(peer, new Message.RouteRefresh(Family.L2VPN_EVPN, 0));
      }
      case 3, 4 -> {
        if (peer.families.contains(Family.ROUTE_TARGET)) {
          changeMemberships(peer);
        }
      }
      case 5 -> {
        if (peer.families.contains(Family.ROUTE_TARGET) && !peer.ready) {
          endMemberships(peer);
        }
      }
      case 6 -> hear(peer, Message.Update.endOfRib(Family.L2VPN_EVPN));
      case 7 ->
          batch.add(World.originate(attributes(9, 0).withClusterList(List.of()), route(), route()));
      case 8 ->
          batch.add(
              new SpeakerEvent.OriginatedRoutesRemoved(List.of(route().key(), route().key())));
      case 9, 10, 11, 12, 13, 14 -> hear(peer, Message.Update.withdraw(keys()));
      case 15 -> {
        // Both in one UPDATE, the same keys perhaps: what is announced counts.
        var routes = routes();
        hear(
            peer,
            new Message.Update(
                keys(), routes, Optional.of(attributes(peer)), Optional.empty(), List.of()));
      }
      default -> hear(peer, Message.Update.announce(attributes(peer), routes()));
    }
  }

  private void comeUp(Peer peer) {
    peer.connection = ++lastConnection;
    peer.ours = new MessageCodec();
    peer.theirs = new MessageCodec();
    peer.ready = !peer.families.contains(Family.ROUTE_TARGET);
    batch.add(new SpeakerEvent.Accepted(peer.connection, address(peer.host)));
    step();
    hear(peer, peer.open());
    hear(peer, new Message.Keepalive());
    peer.mayBeRetold = true;
    if (!peer.ready) {
      changeMemberships(peer);
      if (random.nextBoolean()) {
        endMemberships(peer);
      }
    }
  }

  private void goDown(Peer peer) {
    batch.add(new SpeakerEvent.Disconnected(peer.connection, "reset"));
    peer.connection = NOBODY;
    peer.ready = false;
    peer.held.clear();
    peer.memberships.clear();
  }

  private void endMemberships(Peer peer) {
    peer.ready = true;
    peer.mayBeRetold = true;
    hear(peer, Message.Update.endOfRib(Family.ROUTE_TARGET));
  }

  private void changeMemberships(Peer peer) {
    peer.mayBeRetold = true;
    var membership =
        random.nextInt(4) == 0
            ? RouteTargetMembership.DEFAULT
            : RouteTargetMembership.of(World.AS, TARGETS.get(random.nextInt(TARGETS.size())));
    if (random.nextBoolean()) {
      peer.memberships.add(membership);
      var attributes = PathAttributes.originated(peer.routerId, List.of(), Optional.empty());
      hear(peer, Message.Update.announce(attributes, List.of(membership)));
    } else {
      peer.memberships.remove(membership);
      hear(peer, Message.Update.withdraw(List.of(membership)));
    }
  }

  private void hear(Peer peer, Message message) {
    var decoded = peer.ours.decode(peer.theirs.encode(message));
    assertThat(decoded).isInstanceOf(Decoded.Good.class);
    batch.add(new SpeakerEvent.MessageReceived(peer.connection, decoded));
  }

  private List<Route> routes() {
    int many = random.nextInt(20) == 0 ? 120 : 1 + random.nextInt(6);
    return IntStream.range(0, many).mapToObj(_ -> route()).toList();
  }

  private List<Route> keys() {
    return routes().stream().<Route>map(Route::key).toList();
  }

  private Route route() {
    return switch (random.nextInt(8)) {
      case 0 -> RouteText.parse("[3] 10.0.0.1:1 tag 0 10.0.0." + (1 + random.nextInt(3)));
      case 1 ->
          RouteText.parse(
              "[5] 10.0.0.1:1 tag 0 10.1.%d.0/24 label %d"
                  .formatted(random.nextInt(3), 1 + random.nextInt(2)));
      default -> mac(1, random.nextInt(12), 100 + random.nextInt(2));
    };
  }

  /** Few, so that runs of routes share them and they come again. */
  private PathAttributes attributes(Peer peer) {
    var made = attributes(1 + random.nextInt(2), random.nextInt(6));
    return switch (peer.kind) {
      case CLIENT -> made;
      case NON_CLIENT ->
          random.nextInt(3) > 0
              ? made
              : made.withOriginatorId(Optional.of(id(1 + random.nextInt(3))))
                  .withClusterList(List.of(id(99)));
      case EXTERNAL ->
          made.withLocalPreference(OptionalLong.empty())
              .withAsPath(new AsPath(List.of(new AsPath.Segment(false, List.of(OTHER.value())))))
              .withMed(random.nextInt(3) > 0 ? OptionalLong.empty() : OptionalLong.of(7));
    };
  }

  private static PathAttributes attributes(int nextHop, int form) {
    var communities = new ArrayList<ExtendedCommunity>();
    if (form % 3 != 0) {
      communities.add(ExtendedCommunity.of(TARGETS.get(form % 2)));
    }
    if (form == 5) {
      communities.add(ExtendedCommunity.macMobility(false, 3));
    }
    return PathAttributes.originated(address(nextHop), communities, Optional.empty())
        .withCommunities(
            switch (form) {
              case 3 -> List.of(Community.NO_EXPORT);
              case 4 -> List.of(Community.NO_ADVERTISE);
              default -> List.of();
            });
  }

  // What comes of it.

  private void step() {
    var effects = speaker.step(0, List.copyOf(batch));
    batch.clear();
    for (var effect : effects) {
      if (effect instanceof SpeakerEffect.Send(long connection, List<Message> messages)) {
        var to = peers.stream().filter(peer -> peer.connection == connection).findFirst();
        to.ifPresent(peer -> take(peer, messages));
      }
    }
    var view = speaker.view();
    for (var peer : peers) {
      if (peer.connection != NOBODY) {
        var due = peer.ready && isEstablished(view, peer) ? due(peer, view.routes()) : Map.of();
        assertThat(peer.held).as("peer %d", peer.host).isEqualTo(due);
        assertThat(of(view, peer).sent()).as("peer %d", peer.host).isEqualTo(due.size());
      }
      peer.mayBeRetold = peer.mayBeRetold && !(peer.ready && isEstablished(view, peer));
    }
  }

  private static PeerView of(SpeakerView view, Peer peer) {
    return view.peers().stream()
        .filter(one -> one.address().equals(address(peer.host)))
        .findFirst()
        .orElseThrow();
  }

  private static boolean isEstablished(SpeakerView view, Peer peer) {
    return of(view, peer).state().equals("Established");
  }

  private void take(Peer peer, List<Message> messages) {
    Set<Route> seen = new LinkedHashSet<>();
    for (var message : messages) {
      var octets = peer.ours.encode(message);
      var decoded = peer.theirs.decode(octets);
      assertThat(decoded).isInstanceOf(Decoded.Good.class);
      if (decoded instanceof Decoded.Good(Message.Update update)) {
        assertThat(octets.length).isLessThanOrEqualTo(peer.plain ? 4096 : 65535);
        update.withdrawn().forEach(route -> take(peer, route, Optional.empty(), seen));
        update.announced().forEach(route -> take(peer, route, update.attributes(), seen));
      }
    }
  }

  private void take(Peer peer, Route route, Optional<PathAttributes> attributes, Set<Route> seen) {
    if (!route.family().equals(Family.L2VPN_EVPN)) {
      return;
    }
    var next = attributes.map(said -> new Held(route, said));
    var before = Optional.ofNullable(peer.held.get(route.key()));
    if (!peer.mayBeRetold) {
      assertThat(next).as("told in vain: %s to %d", route, peer.host).isNotEqualTo(before);
      assertThat(seen.add(route.key())).as("told twice: %s to %d", route, peer.host).isTrue();
    }
    if (next.isPresent() && before.isPresent()) {
      relabelled += next.get().attributes.equals(before.get().attributes) ? 1 : 0;
    }
    next.ifPresentOrElse(
        said -> peer.held.put(route.key(), said), () -> peer.held.remove(route.key()));
  }

  // The rules, for one peer and one route at a time.

  private Map<Route, Held> due(Peer to, List<RouteView> routes) {
    var due = new LinkedHashMap<Route, Held>();
    for (var route : routes) {
      if (route.best() && to.wants(route.attributes())) {
        var from =
            peers.stream()
                .filter(peer -> route.peer().equals(Optional.of(address(peer.host))))
                .findFirst();
        told(to, from, route.attributes())
            .ifPresent(told -> due.put(route.route().key(), new Held(route.route(), told)));
      }
    }
    return due;
  }

  private static Optional<PathAttributes> told(
      Peer to, Optional<Peer> from, PathAttributes attributes) {
    if (from.equals(Optional.of(to))
        || from.isPresent() && from.get().kind == Kind.NON_CLIENT && to.kind == Kind.NON_CLIENT
        || attributes.has(Community.NO_ADVERTISE)
        || attributes.has(Community.NO_EXPORT) && !to.isInternal()) {
      return Optional.empty();
    }
    if (!to.isInternal()) {
      var numbers = new ArrayList<Long>();
      numbers.add(World.AS.value());
      attributes.asPath().segments().forEach(segment -> numbers.addAll(segment.numbers()));
      return Optional.of(
          attributes
              .withAsPath(new AsPath(List.of(new AsPath.Segment(false, numbers))))
              .withMed(OptionalLong.empty())
              .withLocalPreference(OptionalLong.empty())
              .withOriginatorId(Optional.empty())
              .withClusterList(List.of()));
    }
    if (from.isEmpty() || !from.get().isInternal()) {
      return Optional.of(attributes);
    }
    var originator = attributes.originatorId().orElse(from.get().routerId);
    var clusters = new ArrayList<Ipv4Address>();
    clusters.add(id(9));
    clusters.addAll(attributes.clusterList());
    return originator.equals(to.routerId)
        ? Optional.empty()
        : Optional.of(
            attributes.withOriginatorId(Optional.of(originator)).withClusterList(clusters));
  }
}
