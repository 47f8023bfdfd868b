package io.weft.simulation;

import io.weft.bgp.speaker.PeerConfig;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.bgp.speaker.SpeakerView;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.node.NetworkIntent;
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

/**
 * Nodes {@code n1}, {@code n2}, ... and reflectors {@code r1}, {@code r2}, ... on one virtual
 * clock. The seed decides delays and what else is left to chance; the same seed and the same calls
 * give the same {@link #trace}. Invariants are checked after every event; a breach is an {@link
 * IllegalStateException} out of {@link #run}.
 */
public final class World {
  public static final AutonomousSystem AS = new AutonomousSystem(65_000);
  private static final int NODES = 10 << 24; // 10.0.0.0
  private static final int REFLECTORS = NODES | 1 << 16; // 10.1.0.0
  private static final int HOLD_SECONDS = 90;
  private static final int RESTART_SECONDS = 120;

  private final Timeline timeline = new Timeline();
  private final Trace trace = new Trace(timeline);
  private final TreeMap<String, NodeMachine> nodes = new TreeMap<>();
  private final TreeMap<String, ReflectorMachine> reflectors = new TreeMap<>();
  private final Links links;
  private List<TenantIntent> tenants;
  private List<PeerConfig> peers = List.of();
  private long requests;

  /** How a world shall be. */
  public static final class Builder {
    private final long seed;
    private int nodes = 2;
    private int reflectors = 1;
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
    tenants = List.copyOf(builder.tenants);
    links = new Links(timeline, trace, random);
    var found = new ArrayList<PeerConfig>();
    for (int i = 1; i <= builder.reflectors; i++) {
      var address = new Ipv4Address(REFLECTORS + i);
      found.add(new PeerConfig(address, AS, false, false));
      var machine =
          new ReflectorMachine("r" + i, address, reflector(address), timeline, trace, links);
      reflectors.put(machine.name, machine);
      links.add(machine);
    }
    peers = List.copyOf(found);
    var invariants = new Invariants();
    for (int i = 1; i <= builder.nodes; i++) {
      var machine =
          new NodeMachine(
              "n" + i,
              vtep(i),
              intent(builder.networks),
              random,
              invariants,
              timeline,
              trace,
              links);
      nodes.put(machine.name, machine);
      links.add(machine);
    }
    reflectors.values().forEach(Machine::start);
    nodes.values().forEach(Machine::start);
  }

  private static SpeakerConfig reflector(Ipv4Address address) {
    var clients = List.of(PeerRange.clients(new IpPrefix(new Ipv4Address(NODES), 16), AS));
    return new SpeakerConfig(
        AS, address, List.of(), clients, true, HOLD_SECONDS, RESTART_SECONDS, 60_000, 10_000_000);
  }

  private NodeIntent intent(List<NetworkIntent> networks) {
    return new NodeIntent(AS, peers, HOLD_SECONDS, RESTART_SECONDS, networks).withTenants(tenants);
  }

  /** Address of the VTEP of node {@code n<number>}. */
  public static Ipv4Address vtep(int number) {
    return new Ipv4Address(NODES + number);
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
    node(node).attach(++requests, request);
    return requests;
  }

  /** What the node said to an attach call; empty while it has not. */
  public Optional<AttachResult> answer(String node, long request) {
    return node(node).attached(request);
  }

  /** Asks a node that is alive; the number is for {@link #detached}. */
  public long detach(String node, String endpoint) {
    node(node).detach(++requests, endpoint);
    return requests;
  }

  /** Whether there was something to detach; empty while it is not gone yet. */
  public Optional<Boolean> detached(String node, long request) {
    return node(node).detached(request);
  }

  /** Gives all nodes these networks, also those that are down, for when they come back. */
  public void intend(List<NetworkIntent> networks) {
    nodes.values().forEach(machine -> machine.intend(intent(networks)));
  }

  /** As {@link #intend(List)}, and these tenants. */
  public void intend(List<NetworkIntent> networks, List<TenantIntent> others) {
    tenants = List.copyOf(others);
    intend(networks);
  }

  /** A node's VTEP becomes this, and the underlay's MTU; its BGP connections stay. */
  public void underlay(String node, Ipv4Address vtep, int mtu) {
    node(node).underlay(vtep, mtu);
  }

  /** Kills the process of a node or reflector; a node's kernel goes on. */
  public void crash(String name) {
    machine(name).crash();
  }

  /** Starts it again. */
  public void restart(String name) {
    machine(name).start();
  }

  /** Nothing passes between the two any more, and neither hears of it. */
  public void cut(String a, String b) {
    links.cut(machine(a), machine(b));
  }

  /** Everything passes again; what was held back arrives. */
  public void heal(String a, String b) {
    links.heal(machine(a), machine(b));
  }

  /** Someone else removes an object from a node's kernel. */
  public void lose(String node, ForwardingKey key) {
    node(node).lose(key);
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
    return Optional.ofNullable(reflectors.get(name)).orElseThrow().view();
  }

  /** All that happened so far, a line each: seconds, who, what. */
  public List<String> trace() {
    return trace.lines();
  }

  private NodeMachine node(String name) {
    return Optional.ofNullable(nodes.get(name))
        .orElseThrow(() -> new IllegalArgumentException("there is no node " + name));
  }

  private Machine machine(String name) {
    var reflector = Optional.<Machine>ofNullable(reflectors.get(name));
    return reflector.orElseGet(() -> node(name));
  }
}
