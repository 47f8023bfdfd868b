package io.weft.simulation;

import io.weft.net.Vni;
import io.weft.net.VniRange;
import io.weft.overlay.cluster.ClusterObject;
import io.weft.overlay.cluster.Verdict;
import io.weft.overlay.cluster.VniOwner;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * A cluster on one virtual clock and what is done to it: acts, each made good when its time is
 * over. It keeps the script of what was done. No VNI and no address may ever be two's, and when
 * nothing happens any more, everybody has what it should have.
 */
final class ClusterStage {
  static final int NODES = 4;
  static final int CONTROLLERS = 2;
  static final int NETWORKS = 4;

  /** VNIs that are given to networks. */
  static final VniRange POOL = new VniRange(new Vni(10), new Vni(24));

  private static final long STEP_MILLIS = 100;
  private static final int STEPS_BETWEEN_LOOKS = 50;
  private static final Duration MOST_TO_SETTLE = Duration.ofMinutes(15);
  private static final Verdict GOOD = new Verdict(Optional.empty(), true, "a segment");

  private final long seed;
  private final LastEvents acts = new LastEvents(40);
  private final World world;
  private final ApiServer api;
  private final TreeMap<String, ControllerProcess> controllers = new TreeMap<>();
  private final TreeMap<String, NodeSight> sights = new TreeMap<>();
  private final ClusterPods pods;
  private final TreeMap<Long, List<Runnable>> remedies = new TreeMap<>();
  private final List<ClusterScript.Line> done = new ArrayList<>();
  private long uids;
  private long shared;

  /** All begin, with a few networks and no pod. */
  ClusterStage(long seed, Function<World.Builder, World.Builder> settings) {
    this.seed = seed;
    var builder = World.builder(seed).nodes(NODES).reflectors(2).stored().digestOnly();
    world = settings.apply(builder).build();
    api =
        new ApiServer(
            world.timeline(), new SplitMix64(seed ^ 1), () -> ClusterInvariants.checkStore(api()));
    for (int i = 1; i <= CONTROLLERS; i++) {
      var name = "c" + i;
      controllers.put(name, new ControllerProcess(name, world.timeline(), world.traceSink(), api));
    }
    for (var node : world.nodes()) {
      var sight = new NodeSight(node, world, api);
      sights.put(node, sight);
      world.node(node).storeWith(sight::write);
    }
    pods = new ClusterPods(world, node -> sight(node).client().isCopy(), acts);
    for (int i = 0; i < NETWORKS; i++) {
      put("net" + i, Optional.empty());
    }
    controllers.values().forEach(ControllerProcess::start);
  }

  private ApiServer api() {
    return api;
  }

  World world() {
    return world;
  }

  ClusterPods pods() {
    return pods;
  }

  /** How often an address was seen at two holders of its claim, every 100 ms. */
  long shared() {
    return shared;
  }

  long millis() {
    return world.now().toMillis();
  }

  /** What was done so far, after which all must become well. */
  ClusterScript script(long millis) {
    return new ClusterScript(seed, millis, done);
  }

  /** What happened last, a line each. */
  List<String> last() {
    return acts.lines();
  }

  /** Does what the script says, and nothing else; what does not hold. */
  List<String> run(ClusterScript script) {
    try {
      var left = new ArrayDeque<>(script.lines());
      while (millis() < script.millis() || !left.isEmpty()) {
        step();
        while (!left.isEmpty() && left.getFirst().millis() <= millis()) {
          act(left.removeFirst().act());
        }
      }
      askForAny();
      return settle();
    } catch (RuntimeException e) { // of a brain as well
      world.timeline().abandon(e);
      return List.of(failure(e));
    }
  }

  /** A line about what broke off a run. */
  String failure(RuntimeException why) {
    return "%s s: %s".formatted(world.now().toMillis() / 1e3, why);
  }

  /** Of two that ask for one VNI only one can have it: nobody asks any more. */
  void askForAny() {
    objects().stream()
        .filter(object -> object.owner().flatMap(VniOwner::given).isPresent())
        .forEach(object -> act(new ClusterAct.Ask(object.name(), Optional.empty())));
  }

  /** Waits until all is well; what is not. */
  List<String> settle() {
    var until = world.now().plus(MOST_TO_SETTLE);
    var found = List.of("it never settled");
    while (!found.isEmpty() && world.now().compareTo(until) < 0) {
      for (int i = 0; i < STEPS_BETWEEN_LOOKS; i++) {
        step();
      }
      found = remedies.isEmpty() ? differences() : found;
    }
    return found;
  }

  /** Lets 100 ms pass. */
  void step() {
    world.run(Duration.ofMillis(STEP_MILLIS));
    while (!remedies.isEmpty() && remedies.firstKey() <= millis()) {
      remedies.pollFirstEntry().getValue().forEach(Runnable::run);
    }
    pods.follow();
    world.timeline().settle();
    shared += ClusterInvariants.checkPorts(world, api.addresses());
  }

  private void later(long millis, Runnable remedy) {
    remedies.computeIfAbsent(millis() + millis, _ -> new ArrayList<>()).add(remedy);
  }

  // ---- Acts ---------------------------------------------------------------------------------

  /** Does it now; false when it cannot be done. What machines think of it is over then. */
  boolean act(ClusterAct act) {
    boolean acts = perform(act);
    world.timeline().settle();
    if (acts) {
      done.add(new ClusterScript.Line(millis(), act));
      this.acts.add(world.now().toNanos(), "act", act.text());
    }
    return acts;
  }

  private boolean perform(ClusterAct act) {
    return switch (act) {
      case ClusterAct.Come(var pod, int node, int network) ->
          node >= 1
              && node <= NODES
              && network >= 0
              && network < NETWORKS
              && pods.come(pod, node, network);
      case ClusterAct.Go(var pod) -> pods.go(pod);
      case ClusterAct.ApiAway(long millis) ->
          api.isHere() && during(millis, api::goAway, api::comeBack);
      case ClusterAct.Stale(var process, long lag, long millis) -> {
        var client = watching(process);
        client.ifPresent(c -> during(millis, () -> c.lag(lag * 1_000_000), () -> c.lag(0)));
        yield client.isPresent();
      }
      case ClusterAct.Expire(var process) -> {
        var client = watching(process);
        client.ifPresent(ApiServer.Client::expire);
        yield client.isPresent();
      }
      case ClusterAct.Touch() -> {
        objects().forEach(o -> put(o.name(), o.owner().flatMap(VniOwner::given)));
        yield true;
      }
      case ClusterAct.CrashController(var name, long millis) ->
          controller(name)
              .filter(ControllerProcess::isAlive)
              .filter(one -> during(millis, one::crash, one::start))
              .isPresent();
      case ClusterAct.CrashNode(var node, boolean copy, long millis) ->
          sights.containsKey(node)
              && world.isAlive(node)
              && during(millis, () -> crash(node), () -> restart(node, copy));
      case ClusterAct.Power(var node, long millis) ->
          sights.containsKey(node)
              && world.isAlive(node)
              && during(millis, () -> powerOff(node), () -> restart(node, true));
      case ClusterAct.Jump(var name, long millis) -> {
        controller(name).ifPresent(one -> one.jump(millis));
        yield controller(name).isPresent();
      }
      case ClusterAct.Ask(var network, var vni) -> {
        boolean changes = !isSo(network, vni);
        if (changes) {
          put(network, vni);
        }
        yield changes;
      }
      case ClusterAct.Remove(var network) -> {
        var object = objects().stream().filter(each -> each.name().equals(network)).findFirst();
        object.ifPresent(api::remove);
        yield object.isPresent();
      }
    };
  }

  private boolean during(long millis, Runnable harm, Runnable remedy) {
    harm.run();
    later(millis, remedy);
    return true;
  }

  private Optional<ControllerProcess> controller(String name) {
    return Optional.ofNullable(controllers.get(name));
  }

  /** Nodes and controllers that watch: not one that is down, or has yet to list. */
  List<String> watching() {
    return Stream.concat(sights.keySet().stream(), controllers.keySet().stream())
        .filter(process -> watching(process).isPresent())
        .toList();
  }

  private Optional<ApiServer.Client> watching(String process) {
    return Optional.ofNullable(sights.get(process))
        .map(NodeSight::client)
        .or(() -> controller(process).filter(ControllerProcess::isAlive).map(c -> c.client()))
        .filter(ApiServer.Client::isWatching);
  }

  private void crash(String node) {
    world.crash(node);
    sight(node).close();
    pods.crashed(node);
  }

  private void powerOff(String node) {
    world.powerOff(node);
    sight(node).close();
    pods.lostPower(node);
  }

  private NodeSight sight(String node) {
    return Optional.ofNullable(sights.get(node)).orElseThrow();
  }

  /** It reads anew; where the server is away, it goes on with the copy. */
  private void restart(String node, boolean copy) {
    sight(node).begin(copy);
    world.node(node).loseIntent();
    world.restart(node);
  }

  // ---- Networks -----------------------------------------------------------------------------

  private void put(String name, Optional<Vni> given) {
    var old = objects().stream().filter(object -> object.name().equals(name)).findFirst();
    var version = api.nextVersion();
    var uid = old.map(ClusterObject::uid).orElseGet(() -> "u" + ++uids);
    var preferred = new Vni(POOL.first().value() + name.charAt(name.length() - 1) % 3);
    var owner =
        new VniOwner(
            "Network/" + name,
            uid,
            version,
            given,
            POOL,
            preferred,
            old.flatMap(ClusterObject::owner).flatMap(VniOwner::status));
    api.put(
        new ClusterObject(
            "Network",
            name,
            uid,
            version,
            old.map(ClusterObject::generation).orElse(0L) + 1,
            Optional.of(owner),
            GOOD,
            old.map(ClusterObject::conditions).orElse(List.of())));
  }

  List<ClusterObject> objects() {
    return api.objects();
  }

  private boolean isSo(String name, Optional<Vni> given) {
    return objects().stream()
        .filter(object -> object.name().equals(name))
        .anyMatch(object -> object.owner().flatMap(VniOwner::given).equals(given));
  }

  private List<String> differences() {
    var found = new ArrayList<String>();
    for (var object : objects()) {
      var owner = object.owner().orElseThrow();
      if (owner.status().isEmpty()) {
        found.add(object.subject() + " has no VNI");
      }
    }
    if (controllers.values().stream().filter(ControllerProcess::leads).count() != 1) {
      found.add("there is not one leader: " + api.lease());
    }
    pods.all().stream()
        .filter(pod -> !pod.up() || pod.goes())
        .forEach(pod -> found.add(pod + " waits"));
    found.addAll(ClusterInvariants.ports(world, ClusterInvariants.places(api, pods.all())));
    found.addAll(ClusterInvariants.active(world));
    found.addAll(ClusterInvariants.ways(world));
    found.addAll(Look.differences(world, world.nodes().size(), List.of(new Beliefs(world))));
    found.addAll(Leftovers.of(world));
    return found;
  }
}
