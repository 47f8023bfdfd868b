package io.weft.simulation;

import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.MulticastChannel;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/**
 * A fabric and what is done to it: acts, each made good when its time is over, and the pods' calls,
 * which are followed every {@link #STEP_MILLIS}. It keeps the script of what was done.
 */
final class Stage {
  /** How often pods' calls are followed, and the run looks whether it goes on. */
  static final long STEP_MILLIS = 100;

  /** Nodes are not told in the order of their numbers: a prime above the most nodes. */
  private static final int NODE_STRIDE = 10_007;

  private final FabricSize size;
  private final long seed;
  private final World world;
  private final Pods pods;
  private final FabricIntent intent;
  private final Groups groups;
  private final TreeMap<Long, List<Act>> planned = new TreeMap<>();
  private final TreeMap<Long, List<Runnable>> remedies = new TreeMap<>();
  private final TreeSet<String> troubled = new TreeSet<>();
  private final List<Script.Line> done = new ArrayList<>();

  /** All nodes are down. */
  Stage(FabricSize size, long seed, Function<World.Builder, World.Builder> settings) {
    this.size = size;
    this.seed = seed;
    var builder =
        World.builder(seed)
            .nodes(size.nodes())
            .reflectors(size.reflectors())
            .sessionsPerNode(2)
            .nodesDown()
            .constrained(size.constrained())
            .dual(size.dual())
            .digestOnly();
    this.intent = new FabricIntent(size);
    intent.networks().forEach(builder::network);
    intent.tenants().forEach(builder::tenant);
    this.world = settings.apply(builder.oneSegment(FabricIntent::isSame)).build();
    this.pods = new Pods(size, intent, world);
    this.groups = new Groups(world);
  }

  World world() {
    return world;
  }

  Pods pods() {
    return pods;
  }

  /** What a pod has joined. */
  SortedSet<MulticastChannel> joined(String pod) {
    return groups.of(pod);
  }

  /** What was done so far. */
  Script script() {
    return new Script(size, seed, done);
  }

  /** Asks for an act at its time, which is not over. */
  void plan(long millis, Act act) {
    planned.computeIfAbsent(millis, _ -> new ArrayList<>()).add(act);
  }

  /** True when nothing is left to do. */
  boolean isEmpty() {
    return planned.isEmpty();
  }

  /** True when nothing is left to make good. */
  boolean isOver() {
    return remedies.isEmpty();
  }

  /** Lets the next {@link #STEP_MILLIS} pass, with all that is planned in them. */
  void step() {
    long end = now() + STEP_MILLIS;
    for (long next = next(end); next < end; next = next(end)) {
      passUntil(next);
      act(next);
    }
    passUntil(end);
    pods.follow();
    groups.follow();
    pods.hosts().speak();
    world.timeline().settle();
    act(end);
  }

  private long next(long end) {
    long next = planned.isEmpty() ? end : planned.firstKey();
    return Math.min(end, remedies.isEmpty() ? next : Math.min(next, remedies.firstKey()));
  }

  private void passUntil(long millis) {
    world.run(Duration.ofMillis(millis).minus(world.now()));
  }

  private long now() {
    return world.now().toMillis();
  }

  private void act(long millis) {
    while (!remedies.isEmpty() && remedies.firstKey() <= millis) {
      remedies.pollFirstEntry().getValue().forEach(Runnable::run);
      world.timeline().settle();
    }
    while (!planned.isEmpty() && planned.firstKey() <= millis) {
      planned.pollFirstEntry().getValue().forEach(this::act);
    }
  }

  private void later(long millis, Runnable remedy) {
    remedies.computeIfAbsent(now() + millis, _ -> new ArrayList<>()).add(remedy);
  }

  /**
   * Does it now; false when it cannot be done. What machines think of it is over then, so that a
   * look at them, which leaves no line in the script, changes nothing.
   */
  boolean act(Act act) {
    boolean acts = perform(act);
    world.timeline().settle();
    if (acts) {
      done.add(new Script.Line(now(), act));
    }
    return acts;
  }

  private boolean perform(Act act) {
    return switch (act) {
      case Act.Start(var node) -> {
        boolean down = world.has(node) && !world.isAlive(node);
        if (down) {
          world.restart(node);
        }
        yield down;
      }
      case Act.Create(var pod, int node, int network, var ip) ->
          node <= size.nodes()
              && network < size.networks()
              && pods.create(new Pods.Pod(pod, network, ip, node));
      case Act.Remove(var pod) -> present(pod).map(this::remove).isPresent();
      case Act.Move(var pod, int node, long millis) -> {
        var from = goer(pod, node);
        from.ifPresent(
            p -> {
              pods.move(p, node);
              whileGoing(p, millis, () -> pods.leave(p));
            });
        yield from.isPresent();
      }
      case Act.Kill(var pod) -> present(pod).filter(this::kill).isPresent();
      case Act.Crash(var machine, long millis) -> {
        boolean alive = world.has(machine) && world.isAlive(machine);
        if (alive) {
          world.crash(machine);
          pods.crashed(machine);
          later(millis, () -> world.restart(machine));
        }
        yield alive;
      }
      case Act.Cut(var one, var other, long millis) ->
          trouble(
              "cut " + one + " " + other,
              world.has(one) && world.has(other),
              millis,
              () -> world.cut(one, other),
              () -> world.heal(one, other));
      case Act.Lose(var node, var key) -> {
        boolean there = world.has(node) && world.kernel(node).has(key);
        if (there) {
          world.lose(node, key);
        }
        yield there;
      }
      case Act.Refuse(var node, var kind, long millis) ->
          trouble(
              "refuse " + node + " " + kind,
              world.has(node),
              millis,
              () -> world.kernel(node).refuse(kind),
              () -> world.kernel(node).allow(kind));
      case Act.Alter(var node, var key) ->
          world.has(node)
              && world
                  .kernel(node)
                  .observe(key)
                  .object()
                  .flatMap(Alterations::altered)
                  .filter(object -> world.node(node).plant(object))
                  .isPresent();
      case Act.Plant(var node, var key) ->
          world.has(node)
              && !world.kernel(node).has(key)
              && Alterations.planted(key)
                  .filter(object -> world.node(node).plant(object))
                  .isPresent();
      case Act.Visit(var pod, int node, long millis) -> {
        var from = goer(pod, node);
        from.ifPresent(
            p -> {
              var visitor = p.on(node);
              pods.visit(visitor);
              whileGoing(p, millis, () -> pods.leave(visitor));
            });
        yield from.isPresent();
      }
      case Act.Twin(var pod, int node, long millis) -> {
        var from = goer(pod, node);
        from.ifPresent(
            p -> {
              var twin = p.twinOn(node);
              pods.visit(twin);
              whileGoing(p, millis, () -> pods.leave(twin));
            });
        yield from.isPresent();
      }
      case Act.Intend(var part, int network, int version, long spread) -> {
        boolean changes =
            network < size.networks()
                && version >= 0
                && version < FabricIntent.VERSIONS
                && intent.change(part, network, version);
        if (changes) {
          tellIntent(spread);
        }
        yield changes;
      }
      case Act.Join(var pod, var channel) ->
          size.multicast() && present(pod).isPresent() && groups.join(pod, channel);
      case Act.Hear(var host, var pod) -> pods.hosts().come(host, pod);
      case Act.Leave(var pod, var channel) -> groups.leave(pod, channel);
      case Act.Stranger(boolean malformed, long millis) -> {
        boolean comes = world.invite(malformed);
        if (comes) {
          later(millis, world::expel);
        }
        yield comes;
      }
      case Act.CutWay _,
          Act.Degrade _,
          Act.Reset _,
          Act.Slow _,
          Act.Pause _,
          Act.Jump _,
          Act.Power _,
          Act.Deafen _,
          Act.Vtep _ ->
          machine(act);
    };
  }

  /** Each node is told what is true when its turn comes. */
  private void tellIntent(long spreadMillis) {
    for (int number = 1; number <= size.nodes(); number++) {
      var node = "n" + (1 + (number * NODE_STRIDE) % size.nodes());
      later(
          spreadMillis * number / size.nodes(),
          () -> world.intend(node, intent.networks(), intent.tenants()));
    }
  }

  /** What is done to machines and the ways between them. */
  private boolean machine(Act act) {
    return switch (act) {
      case Act.CutWay(var from, var to, long millis) ->
          trouble(
              "way " + from + " " + to,
              world.has(from) && world.has(to),
              millis,
              () -> world.links().cutWay(world.machine(from), world.machine(to)),
              () -> world.links().healWay(world.machine(from), world.machine(to)));
      case Act.Degrade(var one, var other, int loss, long delay, long millis) ->
          trouble(
              "degrade " + one + " " + other,
              world.has(one) && world.has(other),
              millis,
              () -> degrade(one, other, loss, delay),
              () -> degrade(one, other, 0, 0));
      case Act.Reset(var one, var other) ->
          world.has(one)
              && world.has(other)
              && world.links().reset(world.machine(one), world.machine(other));
      case Act.Slow(var machine, long step, long millis) ->
          trouble(
              "slow " + machine,
              world.has(machine),
              millis,
              () -> world.slow(machine, Duration.ofMillis(step)),
              () -> world.slow(machine, Duration.ZERO));
      case Act.Pause(var machine, long millis) ->
          trouble(
              "pause " + machine,
              isAlive(machine),
              millis,
              () -> world.pause(machine),
              () -> world.resume(machine));
      case Act.Jump(var machine, long millis) -> {
        boolean there = world.has(machine);
        if (there) {
          world.jump(machine, Duration.ofMillis(millis));
        }
        yield there;
      }
      case Act.Power(var machine, long millis) -> {
        boolean alive = isAlive(machine);
        if (alive) {
          world.powerOff(machine);
          pods.lostPower(machine);
          later(millis, () -> world.restart(machine));
        }
        yield alive;
      }
      case Act.Deafen(var node, long millis) ->
          trouble(
              "deafen " + node,
              world.has(node),
              millis,
              () -> world.node(node).deafen(),
              () -> world.node(node).hearAgain());
      case Act.Vtep(var node, int number, long millis) ->
          trouble(
              "vtep " + node,
              world.has(node) && !node.equals("n" + number),
              millis,
              () -> world.become(node, number),
              () -> world.become(node, Integer.parseInt(node.substring(1))));
      default -> throw new IllegalArgumentException(act + " is done to no machine");
    };
  }

  private void degrade(String one, String other, int lossPercent, long delayMillis) {
    world
        .links()
        .degrade(world.machine(one), world.machine(other), lossPercent, delayMillis * 1_000_000);
  }

  private boolean isAlive(String machine) {
    return world.has(machine) && world.isAlive(machine);
  }

  /** Lasts for a while; false when it cannot be, or is so already. */
  private boolean trouble(
      String name, boolean possible, long millis, Runnable harm, Runnable remedy) {
    if (!possible || !troubled.add(name)) {
      return false;
    }
    harm.run();
    later(
        millis,
        () -> {
          remedy.run();
          troubled.remove(name);
        });
    return true;
  }

  /** A pod that may go to that node: it is elsewhere, and in one place only. */
  private Optional<Pods.Pod> goer(String pod, int node) {
    return present(pod)
        .filter(p -> p.node() != node && node <= size.nodes())
        .filter(p -> !troubled.contains("going " + p.name()));
  }

  private void whileGoing(Pods.Pod pod, long millis, Runnable end) {
    trouble("going " + pod.name(), true, millis, () -> {}, end);
  }

  private Optional<Pods.Pod> present(String pod) {
    return pods.find(pod);
  }

  private boolean remove(Pods.Pod pod) {
    pods.remove(pod);
    return true;
  }

  private boolean kill(Pods.Pod pod) {
    var node = "n" + pod.node();
    for (var object : world.kernel(node).objects(Kind.PORT)) {
      if (object instanceof EndpointPort port && port.endpoint().equals(pod.name())) {
        world.lose(node, port.key());
        pods.died(pod);
        return true;
      }
    }
    return false;
  }

  /** What is not as it should be now, nobody doing anything. */
  List<String> differences() {
    var looks =
        List.of(
            new Reachability(size, world, pods),
            new AddressTables(size, intent, world, pods),
            new Contents(size, intent, world, pods),
            new GroupCopies(intent, world, pods, groups),
            new Beliefs(world));
    var differences = new ArrayList<>(Look.differences(world, size.nodes(), looks));
    differences.addAll(Leftovers.of(world));
    return differences;
  }
}
