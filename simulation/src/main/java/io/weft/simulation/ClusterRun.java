package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.net.VniRange;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.cluster.ClusterObject;
import io.weft.overlay.cluster.Verdict;
import io.weft.overlay.cluster.VniOwner;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeEvent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;
import java.util.SortedMap;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * A cluster on one virtual clock: two controllers give VNIs to networks over an API server, nodes
 * take addresses out of blocks and claims that the same server keeps, pods come and go, and things
 * happen to all of them. No VNI and no address may ever be two's, and when nothing happens any
 * more, everybody has what it should have.
 */
public final class ClusterRun {
  private static final int NODES = 4;
  private static final int CONTROLLERS = 2;
  private static final int NETWORKS = 4;
  private static final int MOST_PODS = 24;
  private static final long STEP_MILLIS = 100;
  private static final Duration MOST_TO_SETTLE = Duration.ofMinutes(15);
  private static final VniRange POOL = new VniRange(new Vni(10), new Vni(24));
  private static final Verdict GOOD = new Verdict(Optional.empty(), true, "a segment");

  /** How a node sees the API. */
  private final class NodeSight implements ApiServer.Listener {
    final String node;
    ApiServer.Client client;
    Optional<List<NetworkIntent>> told = Optional.empty();

    NodeSight(String node) {
      this.node = node;
      this.client = api.connect(this);
    }

    @Override
    public void seen() {
      if (world.isAlive(node)) {
        var networks = networks(client);
        if (!told.equals(Optional.of(networks))) {
          told = Optional.of(networks);
          world.intend(node, networks, List.of());
        }
        world.give(node, new NodeEvent.AddressesSeen(client.addresses()));
      }
    }

    @Override
    public void away() {
      if (world.isAlive(node)) {
        world.give(node, new NodeEvent.AddressesUnreadable("the API server is away"));
      }
    }

    void write(AddressWrite write) {
      var asked = client;
      asked.write(
          write,
          outcome -> {
            if (asked == client && world.isAlive(node)) {
              world.give(node, new NodeEvent.AddressWritten(write, outcome));
            }
          });
    }
  }

  private final long seed;
  private final LastEvents acts = new LastEvents(40);
  private final SplitMix64 random;
  private final World world;
  private final ApiServer api;
  private final List<ControllerProcess> controllers = new ArrayList<>();
  private final TreeMap<String, NodeSight> sights = new TreeMap<>();
  private final TreeMap<String, ClusterPod> pods = new TreeMap<>();
  private final TreeMap<String, List<IpAddress>> claimed = new TreeMap<>();
  private final TreeMap<Long, List<Runnable>> remedies = new TreeMap<>();
  private final TreeMap<ClusterFault, Integer> counts = new TreeMap<>();
  private final SortedSet<ClusterFault> faults;
  private long uids;
  private long shared;
  private long podNames;

  /** {@code faults}: what happens by chance. */
  public ClusterRun(long seed, Set<ClusterFault> faults) {
    this.seed = seed;
    this.random = new SplitMix64(~seed);
    this.faults = new TreeSet<>(faults);
    world = World.builder(seed).nodes(NODES).reflectors(2).stored().digestOnly().build();
    api =
        new ApiServer(
            world.timeline(), new SplitMix64(seed ^ 1), () -> ClusterInvariants.checkStore(api()));
    for (int i = 1; i <= CONTROLLERS; i++) {
      controllers.add(new ControllerProcess("c" + i, world.timeline(), world.traceSink(), api));
    }
    for (var node : world.nodes()) {
      var sight = new NodeSight(node);
      sights.put(node, sight);
      world.storeWith(node, sight::write);
    }
    for (int i = 0; i < NETWORKS; i++) {
      put("net" + i, Optional.empty());
    }
    controllers.forEach(ControllerProcess::start);
  }

  private ApiServer api() {
    return api;
  }

  /** How often each fault happened. */
  public SortedMap<ClusterFault, Integer> counts() {
    return counts;
  }

  /** How often an address was seen at two holders of its claim, every 100 ms. */
  long shared() {
    return shared;
  }

  /** SHA-256 of what happened. */
  public String traceSha256() {
    return world.traceSha256();
  }

  /**
   * Runs it with faults for so long, and until all is well; what did not hold, and what happened
   * last: nothing is best.
   */
  public List<String> run(Duration faultTime) {
    try {
      pass(Duration.ofSeconds(40), false);
      pass(faultTime, true);
      // Of two that ask for one VNI only one can have it.
      objects().forEach(object -> put(object.name(), Optional.empty()));
      var found = settle();
      return found.isEmpty() ? found : told(found, acts.lines());
    } catch (RuntimeException e) { // of a brain as well
      var lines = new ArrayList<>(acts.lines());
      lines.add("and of the trace:");
      lines.addAll(world.lastEvents());
      return told(List.of("%s s: %s".formatted(world.now().toMillis() / 1e3, e)), lines);
    }
  }

  private List<String> told(List<String> violations, List<String> last) {
    var all = new ArrayList<>(violations);
    all.add("seed %d; what happened last:\n  %s".formatted(seed, String.join("\n  ", last)));
    return all;
  }

  private void act(String who, String what) {
    acts.add(world.now().toNanos(), who, what);
  }

  private void pass(Duration time, boolean harm) {
    var until = world.now().plus(time);
    var nextFault = world.now();
    while (world.now().compareTo(until) < 0) {
      step();
      if (random.below(5) == 0) {
        churn();
      }
      if (harm && world.now().compareTo(nextFault) >= 0) {
        happen();
        nextFault = world.now().plusMillis(random.below(4_000));
      }
    }
  }

  private List<String> settle() {
    var until = world.now().plus(MOST_TO_SETTLE);
    var found = List.of("it never settled");
    while (!found.isEmpty() && world.now().compareTo(until) < 0) {
      for (int i = 0; i < 50; i++) {
        step();
      }
      found = remedies.isEmpty() ? differences() : found;
    }
    return found;
  }

  private void step() {
    world.run(Duration.ofMillis(STEP_MILLIS));
    while (!remedies.isEmpty() && remedies.firstKey() <= world.now().toMillis()) {
      remedies.pollFirstEntry().getValue().forEach(Runnable::run);
    }
    follow();
    shared += ClusterInvariants.checkPorts(world, api.addresses());
  }

  private void later(long millis, Runnable remedy) {
    long at = world.now().toMillis() + millis;
    remedies.computeIfAbsent(at, _ -> new ArrayList<>()).add(remedy);
  }

  // ---- Networks ---------------------------------------------------------------------------

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

  private List<ClusterObject> objects() {
    return api.objects();
  }

  private static List<NetworkIntent> networks(ApiServer.Client client) {
    var networks = new ArrayList<NetworkIntent>();
    for (var object : client.objects()) {
      object
          .owner()
          .flatMap(VniOwner::status)
          .ifPresent(vni -> networks.add(network(object.name(), vni)));
    }
    return networks;
  }

  private static NetworkIntent network(String name, Vni vni) {
    var target = RouteTarget.automatic(World.AS, vni);
    return new NetworkIntent(
        name,
        Optional.of("t-" + name),
        vni,
        List.of(IpPrefix.parse("192.168.1.0/25")),
        List.of(target),
        List.of(target),
        OptionalInt.empty());
  }

  // ---- Pods -------------------------------------------------------------------------------

  private void churn() {
    if (pods.size() < MOST_PODS && random.below(3) > 0) {
      boolean claims = random.below(4) == 0;
      boolean first = random.below(2) == 0;
      var name = claims ? "vm" + random.below(4) + (first ? "a" : "b") : "p" + podNames++;
      int network = claims ? name.charAt(2) % NETWORKS : (int) random.below(NETWORKS);
      int node = 1 + (int) random.below(NODES);
      var pod = new ClusterPod(name, node, network, claims, false, 0, false);
      if (!claims || pods.values().stream().noneMatch(other -> isBeside(other, pod))) {
        pods.putIfAbsent(name, pod);
      }
    } else if (!pods.isEmpty()) {
      var pod = List.copyOf(pods.values()).get((int) random.below(pods.size()));
      if (pod.up() && !pod.goes()) {
        pods.put(pod.name(), pod.leaves());
      }
    }
  }

  /** Two holders of a claim are on two nodes. */
  private static boolean isBeside(ClusterPod other, ClusterPod pod) {
    return other.claims() && other.claim().equals(pod.claim()) && other.node() == pod.node();
  }

  private void follow() {
    for (var pod : List.copyOf(pods.values())) {
      var node = "n" + pod.node();
      if (pod.up() && !pod.goes()) {
        continue;
      }
      if (pod.request() == 0) {
        if (world.isAlive(node)) {
          pods.put(pod.name(), pod.asked(ask(pod, node)));
        }
      } else if (pod.goes()) {
        if (world.detached(node, pod.request()).isPresent()) {
          pods.remove(pod.name());
          act(pod.name(), "has left " + node);
        }
      } else {
        world.answer(node, pod.request()).ifPresent(answer -> hear(pod, answer));
      }
    }
  }

  private long ask(ClusterPod pod, String node) {
    if (pod.goes()) {
      return world.detach(node, pod.name());
    }
    var request =
        new AttachRequest(
            pod.name(),
            "net" + pod.network(),
            "/run/netns/" + pod.name(),
            "eth0",
            Optional.empty(),
            List.of());
    return world.attach(node, pod.claims() ? request.withClaim(pod.claim(), true) : request);
  }

  private void hear(ClusterPod pod, AttachResult answer) {
    switch (answer) {
      case AttachResult.Refused _ -> pods.put(pod.name(), pod.asked(0)); // it asks again
      case Attached attached -> {
        pods.put(pod.name(), pod.isUp());
        act(pod.name(), "is on n" + pod.node());
        var addresses =
            attached.addresses().stream().map(AttachResult.HostAddress::address).toList();
        if (pod.claims()) {
          var before = claimed.putIfAbsent(pod.claim(), addresses);
          if (before != null && !before.equals(addresses)) {
            throw new IllegalStateException(
                "claim %s had %s and has %s".formatted(pod.claim(), before, addresses));
          }
        }
      }
    }
  }

  // ---- Faults -----------------------------------------------------------------------------

  private long millis(long leastSeconds, long mostSeconds) {
    return 1_000 * leastSeconds + random.below(1_000 * (mostSeconds - leastSeconds) + 1);
  }

  private void happen() {
    var kinds = List.copyOf(faults);
    if (kinds.isEmpty()) {
      return;
    }
    var fault = kinds.get((int) random.below(kinds.size()));
    boolean done =
        switch (fault) {
          case API_AWAY -> api.isHere() && during(millis(1, 60), api::goAway, api::comeBack);
          case STALE_WATCH ->
              withClient(
                  client -> {
                    client.lag(millis(1, 30) * 1_000_000);
                    later(millis(5, 60), () -> client.lag(0));
                  });
          case WATCH_EXPIRED -> withClient(ApiServer.Client::expire);
          case API_CONFLICT -> {
            for (int i = 0; i < 20; i++) {
              later(250L * i, this::touchAll);
            }
            yield true;
          }
          case CONTROLLER_CRASH -> {
            var one = controllers.get((int) random.below(controllers.size()));
            yield one.isAlive() && during(millis(1, 40), one::crash, one::start);
          }
          case NODE_CRASH -> {
            var node = "n" + (1 + random.below(NODES));
            yield world.isAlive(node)
                && during(millis(1, 20), () -> crash(node), () -> restart(node));
          }
          case CLOCK_JUMP -> {
            controllers
                .get((int) random.below(controllers.size()))
                .jump(random.below(120_001) - 60_000);
            yield true;
          }
          case INTENT_CHANGE -> change();
        };
    if (done) {
      counts.merge(fault, 1, Integer::sum);
      act("fault", fault.toString());
    }
  }

  private boolean during(long millis, Runnable harm, Runnable remedy) {
    harm.run();
    later(millis, remedy);
    return true;
  }

  /** Does something to the watch of a node or a controller that runs; false: none watches. */
  private boolean withClient(Consumer<ApiServer.Client> harm) {
    var all = new ArrayList<ApiServer.Client>();
    sights.values().forEach(sight -> all.add(sight.client));
    controllers.stream().filter(ControllerProcess::isAlive).forEach(c -> all.add(c.client()));
    all.removeIf(client -> !client.isWatching()); // as that of a process that is down
    if (all.isEmpty()) {
      return false;
    }
    harm.accept(all.get((int) random.below(all.size())));
    return true;
  }

  private void touchAll() {
    objects().forEach(o -> put(o.name(), o.owner().flatMap(VniOwner::given)));
  }

  private void crash(String node) {
    act(node, "crashes");
    world.crash(node);
    sight(node).client.close();
    pods.replaceAll(
        (_, pod) ->
            node.equals("n" + pod.node()) && (!pod.up() || pod.goes()) ? pod.asked(0) : pod);
  }

  private NodeSight sight(String node) {
    return Optional.ofNullable(sights.get(node)).orElseThrow();
  }

  /** It reads anew; until then it has the copy that the former process kept, or none. */
  private void restart(String node) {
    var sight = sight(node);
    sight.told = Optional.empty();
    sight.client = api.connect(sight);
    boolean forgets = random.below(2) == 0;
    if (forgets) {
      world.loseIntent(node);
    }
    act(node, forgets ? "starts without a copy" : "starts with its copy");
    world.restart(node);
  }

  /** Networks with pods keep their names; others come and go. False: nothing has changed. */
  private boolean change() {
    var given =
        random.below(2) == 0
            ? Optional.<Vni>empty()
            : Optional.of(new Vni(POOL.first().value() + (int) random.below(15)));
    return switch ((int) random.below(3)) {
      case 0 -> change("net" + random.below(NETWORKS), given);
      case 1 -> change("more" + random.below(3), given);
      default -> {
        var some = objects().stream().filter(object -> object.name().startsWith("more")).toList();
        some.stream().findFirst().ifPresent(api::remove);
        yield !some.isEmpty();
      }
    };
  }

  private boolean change(String name, Optional<Vni> given) {
    boolean isSo =
        objects().stream()
            .filter(object -> object.name().equals(name))
            .anyMatch(object -> object.owner().flatMap(VniOwner::given).equals(given));
    if (!isSo) {
      act(name, "asks for " + given.map(vni -> "VNI " + vni).orElse("any VNI"));
      put(name, given);
    }
    return !isSo;
  }

  private List<String> differences() {
    var found = new ArrayList<String>();
    for (var object : objects()) {
      var owner = object.owner().orElseThrow();
      if (owner.status().isEmpty()) {
        found.add(object.subject() + " has no VNI");
      }
    }
    if (controllers.stream().filter(ControllerProcess::leads).count() != 1) {
      found.add("there is not one leader: " + api.lease());
    }
    pods.values().stream()
        .filter(pod -> !pod.up() || pod.goes())
        .forEach(pod -> found.add(pod + " waits"));
    found.addAll(ClusterInvariants.ports(world, ClusterInvariants.places(api, pods.values())));
    found.addAll(ClusterInvariants.active(world));
    found.addAll(ClusterInvariants.ways(world));
    return found;
  }
}
