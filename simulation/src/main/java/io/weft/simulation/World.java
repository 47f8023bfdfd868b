package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerView;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeIntent;
import io.weft.overlay.node.NodeView;
import io.weft.overlay.node.TenantIntent;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SequencedSet;
import java.util.TreeMap;
import java.util.function.BiPredicate;
import java.util.function.Function;
import java.util.stream.Stream;

/**
 * Nodes {@code n1}, {@code n2}, ... and reflectors {@code r1}, {@code r2}, ... on one virtual
 * clock. The seed decides delays and what else is left to chance; the same seed and the same calls
 * give the same {@link #trace}. Invariants are checked after every event; a breach is an {@link
 * IllegalStateException} out of {@link #run}.
 */
public final class World {
  public static final AutonomousSystem AS = new AutonomousSystem(65_000);
  static final int NODES = 10 << 24; // 10.0.0.0
  static final int UNDERLAY_MTU = 1_500;
  private static final String STRANGER = "x1";
  private static final int STRANGER_ADDRESS = NODES | 255 << 8 | 1; // 10.0.255.1
  static final int HOLD_SECONDS = 90;
  static final int RESTART_SECONDS = 120;

  /** A node has chance of its own, so that it is the same whoever else has had some before. */
  private static final int NODE_SEED_SHIFT = 32;

  private final Timeline timeline;
  private final Trace trace;
  private final TreeMap<String, NodeMachine> nodes = new TreeMap<>();
  private final TreeMap<String, ReflectorMachine> reflectors = new TreeMap<>();
  private final Invariants invariants;
  private final LastWrite lastWrite = new LastWrite();
  private final StrangerMachine stranger;
  private final Links links;
  private final Peerings peerings;
  private final Vteps vteps;
  private List<TenantIntent> tenants;
  private long requests;

  /** How a world shall be. */
  public static final class Builder {
    private final long seed;
    private int nodes = 2;
    private int reflectors = 1;
    private Optional<Whereabouts> whereabouts = Optional.empty();
    private int sessions = Integer.MAX_VALUE;
    private boolean digest;
    private boolean constrained = true;
    private boolean dual;
    private boolean started = true;
    private Crew crew = Crew.ALONE;
    private Queues queues = Queues.OF_THE_DAEMONS;
    private boolean stored;
    private Function<Shared, SimulatedKernel> kernels = SimulatedKernel::new;
    private BiPredicate<Vni, Vni> oneSegment = Vni::equals;
    private final List<NetworkIntent> networks = new ArrayList<>();
    private final List<TenantIntent> tenants = new ArrayList<>();

    private Builder(long seed) {
      this.seed = seed;
    }

    public Builder nodes(int count) {
      nodes = count;
      return this;
    }

    public Builder reflectors(int count) {
      reflectors = count;
      return this;
    }

    /** In place of so many of both, those. */
    Builder at(Whereabouts those) {
      nodes = those.nodes().size();
      reflectors = those.reflectors().size();
      whereabouts = Optional.of(those);
      return this;
    }

    /**
     * With how many of the reflectors each node talks: node by node the next ones. When these are
     * not all, the reflectors talk with each other.
     */
    public Builder sessionsPerNode(int count) {
      sessions = count;
      return this;
    }

    /** Whether nodes say which routes they want (RFC 4684); at first they do. */
    public Builder constrained(boolean whether) {
      constrained = whether;
      return this;
    }

    /** Whether nodes have VTEPs of both families; at first they have those of IPv4. */
    Builder dual(boolean whether) {
      dual = whether;
      return this;
    }

    /** Keeps of the trace only what {@link World#traceSha256} says. */
    public Builder digestOnly() {
      digest = true;
      return this;
    }

    /** Who thinks for the machines; at first the thread that runs the world. */
    public Builder crew(Crew those) {
      crew = those;
      return this;
    }

    /** What may wait; at first as much as in the daemons. */
    Builder queues(Queues limits) {
      queues = limits;
      return this;
    }

    /** Makes the nodes' kernels; they share what they hold. */
    Builder kernels(Function<Shared, SimulatedKernel> maker) {
      kernels = maker;
      return this;
    }

    /** Whether two VNIs are of one segment; at first: when they are equal. */
    Builder oneSegment(BiPredicate<Vni, Vni> whether) {
      oneSegment = whether;
      return this;
    }

    /** Nodes share a store of addresses: {@link NodeMachine#storeWith} says which. */
    Builder stored() {
      stored = true;
      return this;
    }

    /** Nodes are down at first: {@link World#restart} starts them. */
    public Builder nodesDown() {
      started = false;
      return this;
    }

    /** A network that every node knows. */
    public Builder network(NetworkIntent network) {
      networks.add(network);
      return this;
    }

    /** A tenant that routes. */
    public Builder tenant(TenantIntent tenant) {
      tenants.add(tenant);
      return this;
    }

    /** Starts everything at the first instant. */
    public World build() {
      return new World(this);
    }
  }

  public static Builder builder(long seed) {
    return new Builder(seed);
  }

  private World(Builder builder) {
    var random = new SplitMix64(builder.seed);
    timeline = new Timeline(builder.crew);
    trace = new Trace(timeline, builder.digest);
    tenants = List.copyOf(builder.tenants);
    var shared = new Shared();
    var hearsay = new Hearsay();
    links = new Links(timeline, random, builder.queues);
    var around = new Surroundings(timeline, trace, links, shared, hearsay);
    vteps = new Vteps(builder.dual);
    var where =
        builder.whereabouts.orElseGet(
            () -> Whereabouts.of(builder.nodes, builder.reflectors, vteps));
    int sessions = Math.min(builder.sessions, builder.reflectors);
    peerings = new Peerings(builder.reflectors, sessions, builder.constrained);
    for (int i = 1; i <= builder.reflectors; i++) {
      var addresses = where.reflector(i);
      var config = peerings.ofReflector(i);
      var machine = new ReflectorMachine("r" + i, addresses, config, around);
      reflectors.put(machine.name, machine);
      addresses.forEach(address -> links.add(machine, address));
    }
    invariants = new Invariants(builder.oneSegment, hearsay);
    for (int i = 1; i <= builder.nodes; i++) {
      var machine =
          new NodeMachine(
              "n" + i,
              where.node(i),
              intent(i, builder.networks),
              new SplitMix64(builder.seed ^ (long) i << NODE_SEED_SHIFT),
              builder.kernels.apply(shared),
              new AddressConfig(builder.stored, List.of()),
              invariants,
              lastWrite,
              around);
      nodes.put(machine.name, machine);
      links.add(machine);
    }
    stranger =
        new StrangerMachine(
            STRANGER,
            new Ipv4Address(STRANGER_ADDRESS),
            reflectors.values().stream().map(machine -> machine.address).toList(),
            new SplitMix64(builder.seed ^ STRANGER_ADDRESS),
            around);
    links.add(stranger);
    reflectors.values().forEach(Machine::start);
    if (builder.started) {
      nodes.values().forEach(Machine::start);
    }
  }

  private NodeIntent intent(int node, List<NetworkIntent> networks) {
    return new NodeIntent(AS, peerings.ofNode(node), HOLD_SECONDS, RESTART_SECONDS, networks)
        .withTenants(tenants);
  }

  /** Address of the VTEP of node {@code n<number>}. */
  public static Ipv4Address vtep(int number) {
    return new Ipv4Address(NODES + number);
  }

  /** VTEPs of all nodes as they are at first. */
  Vteps vteps() {
    return vteps;
  }

  /** Names of all nodes. */
  public SequencedSet<String> nodes() {
    return Collections.unmodifiableSequencedSet(nodes.navigableKeySet());
  }

  /** Lets virtual time pass. */
  public void run(Duration duration) {
    timeline.runUntil(timeline.now() + duration.toNanos());
  }

  /** Time since the world began. */
  public Duration now() {
    return Duration.ofNanos(timeline.now());
  }

  /** Asks a node that is alive; the number is for {@link #answer}. */
  public long attach(String node, AttachRequest request) {
    give(node, new NodeEvent.AttachRequested(++requests, request));
    return requests;
  }

  /** What the node said to an attach call; empty while it has not. */
  public Optional<AttachResult> answer(String node, long request) {
    return node(node).attached(request);
  }

  /**
   * A node that is alive hears somebody behind a port that learns, by a frame that comes in now.
   *
   * @param ip that it says of itself, or empty
   */
  public void hear(
      String node, String namespace, String port, MacAddress mac, Optional<IpAddress> ip) {
    node(node).hear(namespace, port, mac, ip);
  }

  /** Asks a node that is alive; the number is for {@link #detached}. */
  public long detach(String node, String endpoint) {
    give(node, new NodeEvent.DetachRequested(++requests, endpoint));
    return requests;
  }

  /** Whether there was something to detach; empty while it is not gone yet. */
  public Optional<Boolean> detached(String node, long request) {
    return node(node).detached(request);
  }

  /** Gives all nodes these networks, also those that are down, for when they come back. */
  public void intend(List<NetworkIntent> networks) {
    nodes.forEach(
        (name, machine) -> machine.intend(intent(Integer.parseInt(name.substring(1)), networks)));
  }

  /** As {@link #intend(List)}, and these tenants. */
  public void intend(List<NetworkIntent> networks, List<TenantIntent> others) {
    tenants = List.copyOf(others);
    intend(networks);
  }

  /** As {@link #intend(List, List)}, one node. */
  void intend(String node, List<NetworkIntent> networks, List<TenantIntent> others) {
    tenants = List.copyOf(others);
    node(node).intend(intent(Integer.parseInt(node.substring(1)), networks));
  }

  /** A node that is alive hears of something. */
  void give(String node, NodeEvent event) {
    node(node).happen(event);
  }

  Timeline timeline() {
    return timeline;
  }

  Trace traceSink() {
    return trace;
  }

  /** A node's VTEP becomes this, and the underlay's MTU; its BGP connections stay. */
  public void underlay(String node, Ipv4Address vtep, int mtu) {
    node(node).underlay(List.of(vtep), mtu);
  }

  /** A node gets the VTEPs of the one of this number, which may be itself. */
  void become(String node, int number) {
    int own = Integer.parseInt(node.substring(1));
    node(node).underlay(vteps.of(own, number), UNDERLAY_MTU);
  }

  /** Kills the process of a node or reflector; a node's kernel goes on. */
  public void crash(String name) {
    machine(name).crash();
  }

  /** Cuts its power: its kernel is empty after that, and its peers hear nothing of it. */
  public void powerOff(String name) {
    machine(name).powerOff();
    Optional.ofNullable(nodes.get(name)).ifPresent(NodeMachine::reboot);
  }

  /** A process that is alive does not run until {@link #resume}. */
  public void pause(String name) {
    machine(name).pause();
  }

  /** It runs again, if it did not die meanwhile. */
  public void resume(String name) {
    machine(name).resume();
  }

  /** A process takes so much longer for each thing that comes; zero: not any more. */
  public void slow(String name, Duration step) {
    machine(name).slow(step.toNanos());
  }

  /** The clock of a process jumps forwards. */
  public void jump(String name, Duration by) {
    machine(name).jump(by.toNanos());
  }

  /** Starts it again. */
  public void restart(String name) {
    machine(name).start();
  }

  /** Nothing passes between the two any more, and neither hears of it. */
  public void cut(String a, String b) {
    links.cut(machine(a), machine(b));
  }

  /** A peer of another make comes to all reflectors; false when it is there already. */
  boolean invite(boolean malformed) {
    if (stranger.isAlive()) {
      return false;
    }
    stranger.speaks(malformed);
    stranger.start();
    return true;
  }

  /** It goes, without a word. */
  void expel() {
    stranger.crash();
  }

  /** The ways between machines, for those who harm them. */
  Links links() {
    return links;
  }

  /** Everything passes again; what was held back arrives. */
  public void heal(String a, String b) {
    links.heal(machine(a), machine(b));
  }

  /** Someone else removes an object from a node's kernel. */
  public void lose(String node, ForwardingKey key) {
    node(node).lose(key);
  }

  /** What a node's ports have joined now, in place of what they had. */
  public void join(String node, NodeEvent.GroupsSeen groups) {
    node(node).join(groups);
  }

  /** A node's kernel. */
  public SimulatedKernel kernel(String node) {
    return node(node).kernel();
  }

  /** What a node says of itself. */
  public NodeView view(String node) {
    return node(node).view();
  }

  /** What a reflector says of itself. */
  public SpeakerView reflector(String name) {
    return reflectorMachine(name).view();
  }

  ReflectorMachine reflectorMachine(String name) {
    return Optional.ofNullable(reflectors.get(name)).orElseThrow();
  }

  /**
   * Virtual time of the last write to any kernel, but for the end of what only stood for a moment
   * and what follows from it; zero before the first.
   */
  public Duration lastWrite() {
    timeline.comeBack();
    return Duration.ofNanos(lastWrite.nanos());
  }

  /** From now on this one hears of what is written to kernels, and nobody else. */
  void tellWrites(LastWrite.Listener listener) {
    lastWrite.tell(listener);
  }

  /** True when there is a node or reflector of this name, alive or not. */
  public boolean has(String name) {
    return nodes.containsKey(name) || reflectors.containsKey(name);
  }

  /** True while the process of a node or reflector runs. */
  public boolean isAlive(String name) {
    return machine(name).isAlive();
  }

  /** Address of a node's VTEP as it is now. */
  IpAddress vtepOf(String node) {
    return node(node).vteps().getFirst();
  }

  /** SHA-256 of what happened so far, for worlds that keep no more. */
  public String traceSha256() {
    timeline.comeBack();
    timeline.settle();
    return trace.hex();
  }

  /** The last lines of {@link #trace}, also of worlds that keep no more than its digest. */
  List<String> lastEvents() {
    return trace.last();
  }

  /** All that happened so far, a line each: seconds, who, what. */
  public List<String> trace() {
    timeline.comeBack();
    timeline.settle();
    return trace.lines();
  }

  /** Names of all nodes and reflectors. */
  List<String> machines() {
    return Stream.concat(nodes.keySet().stream(), reflectors.keySet().stream()).toList();
  }

  NodeMachine node(String name) {
    return Optional.ofNullable(nodes.get(name))
        .orElseThrow(() -> new IllegalArgumentException("there is no node " + name));
  }

  Machine machine(String name) {
    var reflector = Optional.<Machine>ofNullable(reflectors.get(name));
    return reflector.orElseGet(() -> node(name));
  }
}
