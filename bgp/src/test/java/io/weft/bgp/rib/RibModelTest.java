package io.weft.bgp.rib;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.rib.Candidate.Standing;
import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import io.weft.bgp.wire.RouteText;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Random;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * The table of columns against a map of lists: whatever is done, in whatever order, both hold the
 * same paths, tell of the same changes, and free what they held.
 */
class RibModelTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final List<Family> FAMILIES =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST);

  /** A path as the model has it; {@code ours} is the identifier by which we speak of it. */
  private record Path(
      int peer,
      long theirs,
      int ours,
      Source source,
      Route route,
      PathAttributes received,
      PathAttributes kept,
      Standing standing) {
    Path stands(Standing next) {
      return new Path(peer, theirs, ours, source, route, received, kept, next);
    }

    Path with(PathAttributes nextReceived, PathAttributes nextKept) {
      return new Path(peer, theirs, ours, source, route, nextReceived, nextKept, standing);
    }

    boolean isUnconfirmed() {
      return standing != Standing.CURRENT;
    }

    /** What a picture of it shows. */
    String shown() {
      return text(source, theirs, ours, route, received, kept, standing == Standing.STALE);
    }

    /** What somebody sees who hears of it. */
    List<Object> said() {
      return List.of(source, route, kept);
    }
  }

  private final Rib rib = new Rib();
  private final List<RoutesIn> peers = new ArrayList<>();
  private final Map<Route, List<Path>> model = new LinkedHashMap<>();

  /** The paths of what was touched, as they were before. */
  private final Map<Route, List<Path>> former = new LinkedHashMap<>();

  private List<RibChange> lastChanges = List.of();
  private Random random = new Random(0);
  private AnyRoutes any = new AnyRoutes(random);

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void holdsAndTellsWhatTheModelDoes(long seed) {
    random = new Random(seed);
    any = new AnyRoutes(random);
    for (int peer = 0; peer < 4; peer++) {
      peers.add(new RoutesIn(source(peer, 0)));
    }
    for (int round = 0; round < 3_000; round++) {
      if (random.nextInt(100) == 0) {
        announceMany();
      }
      disturb(random.nextInt(4));
      if (random.nextInt(3) == 0) {
        compareChanges();
      }
      if (random.nextInt(50) == 0) {
        compareTables();
      }
    }
    for (int peer = 0; peer < 4; peer++) {
      rib.removeAll(peers.get(peer));
      removeIf(peer, _ -> true);
    }
    compareChanges();
    compareTables();
    assertThat(rib.size().attributeSets()).isZero();
  }

  private void disturb(int peer) {
    var from = peers.get(peer);
    var families = FAMILIES.subList(random.nextInt(2), 1 + random.nextInt(3));
    families = families.isEmpty() ? List.of(Family.L2VPN_EVPN) : families;
    var family = families.getFirst();
    switch (random.nextInt(24)) {
      case 0 -> {
        rib.markStale(from);
        markStale(peer);
      }
      case 1 -> {
        var lasting = families;
        rib.markStale(from, lasting);
        removeIf(peer, path -> !lasting.contains(path.route.family()));
        markStale(peer);
      }
      case 2 -> {
        rib.await(from, family);
        replaceIf(
            peer,
            path -> path.standing == Standing.CURRENT && path.route.family().equals(family),
            path -> path.stands(Standing.AWAITED));
      }
      case 3 -> {
        rib.removeStale(from, family);
        removeIf(peer, path -> path.isUnconfirmed() && path.route.family().equals(family));
      }
      case 4 -> {
        var retained = families;
        rib.retainStale(from, retained);
        removeIf(peer, path -> path.isUnconfirmed() && !retained.contains(path.route.family()));
      }
      case 5 -> {
        rib.removeStale(from);
        removeIf(peer, Path::isUnconfirmed);
      }
      case 6 -> {
        if (random.nextInt(5) == 0) {
          rib.removeAll(from);
          removeIf(peer, _ -> true);
        }
      }
      case 7 -> from.announcedBy(source(peer, random.nextInt(3)));
      case 8 -> outlive(peer, families);
      case 9 -> judge(peer, random.nextInt(5));
      case 10, 11, 12 -> announceBlock(peer);
      case 13, 14 -> withdrawBlock(peer);
      case 15, 16, 17 -> {
        long pathId = pathId();
        var route = any.route();
        rib.withdraw(from, route, pathId);
        removeIf(peer, path -> path.theirs == pathId && path.route.key().equals(route.key()));
      }
      default -> announceOne(peer);
    }
  }

  private long pathId() {
    return random.nextInt(3) > 0 ? 0 : random.nextInt(100) * 0x2_00_00_01L;
  }

  private void announceOne(int peer) {
    var route = any.route();
    long pathId = pathId();
    var received = any.attributes();
    var kept = random.nextInt(3) > 0 ? received : any.attributes();
    boolean taken = rib.announce(peers.get(peer), new Rib.Announced(route, pathId, received), kept);
    assertThat(announce(peer, route, pathId, received, kept)).isEqualTo(taken);
  }

  /** Many paths of one peer to one route, and many routes that soon go again. */
  private void announceMany() {
    int peer = random.nextInt(4);
    var from = peers.get(peer);
    var attributes = any.attributes();
    var crowded = any.route();
    for (long pathId = 1; pathId <= Rib.MAX_PATHS_OF_PEER + 2; pathId++) {
      boolean taken =
          rib.announce(from, new Rib.Announced(crowded, pathId, attributes), attributes);
      assertThat(announce(peer, crowded, pathId, attributes, attributes)).isEqualTo(taken);
    }
    var routes = new ArrayList<Route>();
    int length = random.nextInt(250);
    for (int i = 0; i < 300; i++) {
      routes.add(RouteText.parse("[9] " + "%04x".formatted(i) + "5a".repeat(length)));
    }
    rib.announceAll(from, AnyRoutes.block(routes), attributes);
    routes.forEach(route -> announce(peer, route, 0, attributes, attributes));
    if (random.nextBoolean()) {
      compareChanges();
    }
    rib.withdrawAll(from, AnyRoutes.block(routes));
    routes.forEach(
        route -> removeIf(peer, path -> path.theirs == 0 && path.route.key().equals(route.key())));
  }

  private void announceBlock(int peer) {
    var routes = any.evpnRoutes();
    var attributes = any.attributes();
    rib.announceAll(peers.get(peer), AnyRoutes.block(routes), attributes);
    routes.forEach(route -> announce(peer, route, 0, attributes, attributes));
  }

  private void withdrawBlock(int peer) {
    var routes = any.evpnRoutes();
    rib.withdrawAll(peers.get(peer), AnyRoutes.block(routes));
    routes.forEach(
        route -> removeIf(peer, path -> path.theirs == 0 && path.route.key().equals(route.key())));
  }

  private void outlive(int peer, List<Family> families) {
    rib.outlive(peers.get(peer), families);
    removeIf(
        peer,
        path ->
            path.isUnconfirmed()
                && (!families.contains(path.route.family()) || path.kept.has(Community.NO_LLGR)));
    replaceIf(
        peer,
        Path::isUnconfirmed,
        path -> path.with(lastResort(path.received), lastResort(path.kept)));
  }

  private static PathAttributes lastResort(PathAttributes attributes) {
    var communities = new LinkedHashSet<>(attributes.communities());
    communities.add(Community.LLGR_STALE);
    return attributes.withCommunities(List.copyOf(communities));
  }

  private void judge(int peer, int hated) {
    rib.judge(
        peers.get(peer),
        path -> Optional.of(path.received()).filter(_ -> likes(path.route(), hated)));
    removeIf(peer, path -> !likes(path.route, hated));
    replaceIf(peer, _ -> true, path -> path.with(path.received, path.received));
  }

  private static boolean likes(Route route, int hated) {
    return Math.floorMod(route.toString().length(), 5) != hated;
  }

  // The model.

  private void touch(Route key) {
    former.computeIfAbsent(key, _ -> List.copyOf(model.getOrDefault(key, List.of())));
  }

  private boolean announce(
      int peer, Route route, long pathId, PathAttributes received, PathAttributes kept) {
    var key = route.key();
    touch(key);
    var paths = model.computeIfAbsent(key, _ -> new ArrayList<>());
    var source = peers.get(peer).source();
    for (int i = 0; i < paths.size(); i++) {
      var path = paths.get(i);
      if (path.peer == peer && path.theirs == pathId) {
        paths.set(
            i, new Path(peer, pathId, path.ours, source, route, received, kept, Standing.CURRENT));
        return true;
      }
    }
    if (pathId != 0
        && paths.stream().filter(path -> path.peer == peer).count() >= Rib.MAX_PATHS_OF_PEER) {
      return false;
    }
    int ours = 1;
    while (isTaken(paths, ours)) {
      ours++;
    }
    paths.add(new Path(peer, pathId, ours, source, route, received, kept, Standing.CURRENT));
    return true;
  }

  private static boolean isTaken(List<Path> paths, int ours) {
    return paths.stream().anyMatch(path -> path.ours == ours);
  }

  private void removeIf(int peer, Predicate<Path> condition) {
    for (var entry : List.copyOf(model.entrySet())) {
      Predicate<Path> meant = path -> path.peer == peer && condition.test(path);
      if (entry.getValue().stream().anyMatch(meant)) {
        touch(entry.getKey());
        entry.getValue().removeIf(meant);
        if (entry.getValue().isEmpty()) {
          model.remove(entry.getKey());
        }
      }
    }
  }

  private void replaceIf(int peer, Predicate<Path> condition, UnaryOperator<Path> change) {
    for (var entry : model.entrySet()) {
      touch(entry.getKey());
      entry
          .getValue()
          .replaceAll(
              path -> path.peer == peer && condition.test(path) ? change.apply(path) : path);
    }
  }

  private void markStale(int peer) {
    removeIf(peer, path -> path.standing == Standing.STALE);
    replaceIf(peer, _ -> true, path -> path.stands(Standing.STALE));
  }

  // Comparison.

  private void compareChanges() {
    // What was told last can still be named, whatever has happened since.
    lastChanges.forEach(RibModelTest::name);
    var expected = new ArrayList<String>();
    former.forEach(
        (key, before) -> {
          var after = model.getOrDefault(key, List.of());
          boolean differs = !chosen(before).equals(chosen(after));
          if (differs || !said(before).equals(said(after))) {
            boolean best = !first(chosen(before)).equals(first(chosen(after)));
            expected.add(key + " " + shown(before) + " " + shown(after) + " " + best);
          }
        });
    former.clear();
    lastChanges = rib.takeChanges();
    var told = new ArrayList<String>();
    for (var change : lastChanges) {
      assertThat(change.key()).isEqualTo(change.key().key());
      assertThat(change.before()).isEqualTo(BestPath.of(change.pathsBefore()));
      assertThat(change.after()).isEqualTo(BestPath.of(change.pathsAfter()));
      told.add(name(change));
    }
    assertThat(told).containsExactlyInAnyOrderElementsOf(expected);
    for (int peer = 0; peer < peers.size(); peer++) {
      int number = peer;
      var in = peers.get(peer);
      assertThat(in.size()).isEqualTo(count(path -> path.peer == number));
      assertThat(in.staleSize())
          .isEqualTo(count(path -> path.peer == number && path.standing == Standing.STALE));
      assertThat(in.unconfirmed())
          .isEqualTo(count(path -> path.peer == number && path.isUnconfirmed()));
    }
  }

  private static Optional<Object> first(List<Object> chosen) {
    return chosen.stream().findFirst();
  }

  private int count(Predicate<Path> condition) {
    return (int) model.values().stream().flatMap(List::stream).filter(condition).count();
  }

  private void compareTables() {
    var entries = new LinkedHashMap<Route, String>();
    for (var entry : rib.entries()) {
      assertThat(entry.best()).isEqualTo(BestPath.of(entry.candidates()));
      var before = entries.put(entry.key(), texts(entry.candidates()));
      assertThat(before).isNull();
      assertThat(texts(rib.entry(entry.key()).orElseThrow().candidates()))
          .isEqualTo(texts(entry.candidates()));
    }
    var expected = new LinkedHashMap<Route, String>();
    model.forEach((key, paths) -> expected.put(key, shown(paths)));
    expected.values().removeIf("[]"::equals);
    assertThat(entries).isEqualTo(expected);
    for (int i = 0; i < 5; i++) {
      var key = any.route().key();
      assertThat(rib.entry(key).isPresent()).isEqualTo(expected.containsKey(key));
    }
  }

  private static String name(RibChange change) {
    return change.key()
        + " "
        + texts(change.pathsBefore())
        + " "
        + texts(change.pathsAfter())
        + " "
        + change.isOfBest();
  }

  private static String shown(List<Path> paths) {
    return paths.stream().map(Path::shown).toList().toString();
  }

  private static String texts(List<Candidate> paths) {
    return paths.stream()
        .map(
            path ->
                text(
                    path.source(),
                    path.receivedPathId(),
                    path.pathId(),
                    path.route(),
                    path.received(),
                    path.attributes(),
                    path.isStale()))
        .toList()
        .toString();
  }

  private static String text(
      Source source,
      long theirs,
      int ours,
      Route route,
      PathAttributes received,
      PathAttributes kept,
      boolean stale) {
    return source
        + " "
        + theirs
        + " as "
        + ours
        + " "
        + route
        + " "
        + Objects.hash(received, kept)
        + (stale ? " stale" : "");
  }

  private static List<Object> said(List<Path> paths) {
    return paths.stream().<Object>map(path -> List.of(path.ours, path.said())).toList();
  }

  /** The decision process, as far as the attributes that are played with here go. */
  private static List<Object> chosen(List<Path> paths) {
    Comparator<Path> upToCost =
        Comparator.comparing((Path path) -> path.kept.has(Community.LLGR_STALE))
            .thenComparing(path -> -mobility(path))
            .thenComparing(path -> -path.kept.localPreference().orElse(100))
            .thenComparing(path -> path.source.kind() != Source.Kind.EXTERNAL);
    Comparator<Path> tie =
        Comparator.comparing((Path path) -> path.source.routerId())
            .thenComparing(path -> path.standing == Standing.STALE)
            .thenComparing(path -> path.source.address())
            .thenComparing(Path::theirs);
    var sorted = paths.stream().sorted(upToCost.thenComparing(tie)).toList();
    var byNextHop = new LinkedHashMap<IpAddress, Object>();
    sorted.stream()
        .filter(path -> upToCost.compare(path, sorted.getFirst()) == 0)
        .filter(path -> path == sorted.getFirst() || !(path.route instanceof EvpnRoute))
        .forEach(path -> byNextHop.putIfAbsent(path.kept.nextHop(), path.said()));
    return List.copyOf(byNextHop.values());
  }

  private static long mobility(Path path) {
    return path.kept.macMobility().map(ExtendedCommunity::mobilitySequence).orElse(0L);
  }

  // What is played with.

  private static Source source(int peer, int incarnation) {
    var kind = peer == 3 ? Source.Kind.EXTERNAL : Source.Kind.CLIENT;
    return new Source(
        new Ipv4Address(10 << 24 | peer), new Ipv4Address(1 + (peer + incarnation) % 5), AS, kind);
  }
}
