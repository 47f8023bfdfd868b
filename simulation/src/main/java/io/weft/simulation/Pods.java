package io.weft.simulation;

import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;

/**
 * The pods of a fabric: where each shall be, and what was asked of nodes to get it there. As a
 * container runtime does, it asks again when a node dies before it answers. All tenants use the
 * same addresses and MACs.
 */
final class Pods {
  private static final int FIRST_HOST = 10;
  private static final long MACS = 0x0a58_0000_0000L;
  private static final long TWIN_MACS = 0x0a59_0000_0000L;
  private static final String TWIN = "-twin";

  /** The ports of one in so many learn, where some do. */
  private static final int LEARNING = 4;

  /** Pods of one network; no more find an address. */
  static final int MOST_IN_NETWORK = FabricIntent.HOSTS - FIRST_HOST - 1;

  /** A pod and the node where it shall be, from 1. */
  record Pod(String name, int network, Ipv4Address ip, int node) {
    MacAddress mac() {
      return new MacAddress((isTwin() ? TWIN_MACS : MACS) | ip.value() & 0xffff_ffffL);
    }

    Pod on(int other) {
      return new Pod(name, network, ip, other);
    }

    /** Another one with its address, and another MAC. */
    Pod twinOn(int other) {
      return new Pod(name + TWIN, network, ip, other);
    }

    private boolean isTwin() {
      return name.endsWith(TWIN);
    }
  }

  /** A call that was not answered yet; {@code request} is 0 while it was not made. */
  private record Call(Pod pod, boolean attach, long request) {}

  private final FabricSize size;
  private final World world;
  private final TreeMap<String, Pod> wanted = new TreeMap<>();
  private final TreeMap<String, Call> calls = new TreeMap<>();
  private final int[] given;
  private long names;

  private final FabricIntent intent;
  private final Hosts hosts;

  Pods(FabricSize size, FabricIntent intent, World world) {
    this.size = size;
    this.intent = intent;
    this.world = world;
    this.given = new int[size.networks()];
    this.hosts = new Hosts(intent, world, this);
  }

  /** The network of a node's pod number {@code pod}, both from 0: one of those of its tenant. */
  private int networkOf(int node, int pod) {
    int tenant = node % size.tenants();
    int ofTenant = (size.networks() - tenant - 1) / size.tenants() + 1;
    int first = node / size.tenants() * size.networksPerNode();
    return tenant + (first + pod % size.networksPerNode()) % ofTenant * size.tenants();
  }

  /** One more on a node, from 1; none when its network has no address left. */
  Optional<Pod> create(int node, int number) {
    var pod = next(node, number);
    pod.ifPresent(this::create);
    return pod;
  }

  /** The next that may come to a node, from 1; none when its network has no address left. */
  Optional<Pod> next(int node, int number) {
    int network = networkOf(node - 1, number);
    if (given[network] >= MOST_IN_NETWORK) {
      return Optional.empty();
    }
    var ip = new Ipv4Address(intent.subnet(network) + FIRST_HOST + given[network]++);
    return Optional.of(new Pod("p" + names++, network, ip, node));
  }

  /** It comes; false when it is there already. */
  boolean create(Pod pod) {
    if (wanted.putIfAbsent(pod.name(), pod) != null) {
      return false;
    }
    call(pod, true);
    return true;
  }

  /** One that shall be somewhere. */
  Optional<Pod> find(String name) {
    return Optional.ofNullable(wanted.get(name));
  }

  void remove(Pod pod) {
    wanted.remove(pod.name());
    call(pod, false);
  }

  /** It is gone by itself. */
  void died(Pod pod) {
    wanted.remove(pod.name());
  }

  /** It is attached in another place as well; {@link #leave} follows. */
  void visit(Pod visitor) {
    call(visitor, true);
  }

  /** It is attached there; {@link #leave} follows. */
  Pod move(Pod pod, int node) {
    var moved = pod.on(node);
    wanted.put(pod.name(), moved);
    call(moved, true);
    return moved;
  }

  /** The place that it has moved away from. */
  void leave(Pod former) {
    call(former, false);
  }

  private void call(Pod pod, boolean attach) {
    calls.put(pod.name() + "@" + pod.node(), made(new Call(pod, attach, 0)));
  }

  private Call made(Call call) {
    var pod = call.pod();
    var node = "n" + pod.node();
    if (!world.isAlive(node)) {
      return new Call(pod, call.attach(), 0);
    }
    long request =
        call.attach()
            ? world.attach(
                node,
                new AttachRequest(
                    pod.name(),
                    FabricIntent.networkName(pod.network()),
                    "/run/netns/" + pod.name(),
                    "eth0",
                    Optional.of(pod.mac()),
                    List.of(pod.ip()),
                    false,
                    List.of(),
                    Optional.empty(),
                    false,
                    Optional.empty(),
                    false,
                    learns(pod)))
            : world.detach(node, pod.name());
    return new Call(pod, call.attach(), request);
  }

  /** What was asked of it is lost. */
  void crashed(String node) {
    calls.replaceAll(
        (_, call) ->
            node.equals("n" + call.pod().node()) ? new Call(call.pod(), call.attach(), 0) : call);
  }

  /** All that was on it is gone, and is asked for again. */
  void lostPower(String node) {
    crashed(node);
    for (var pod : wanted.values()) {
      if (node.equals("n" + pod.node())) {
        call(pod, true);
      }
    }
  }

  /** Looks for answers, and asks again where there was none. */
  void follow() {
    for (var key : List.copyOf(calls.keySet())) {
      var call = Optional.ofNullable(calls.get(key)).orElseThrow();
      var node = "n" + call.pod().node();
      if (call.request() == 0) {
        calls.put(key, made(call));
      } else if (!call.attach()) {
        if (world.detached(node, call.request()).isPresent()) {
          calls.remove(key);
        }
      } else {
        switch (world.answer(node, call.request()).orElse(null)) {
          case null -> {}
          case AttachResult.Attached _ -> calls.remove(key);
          case AttachResult.Refused(var reason, var message) -> {
            switch (reason) {
              case NOT_READY, KERNEL_REFUSED -> calls.put(key, new Call(call.pod(), true, 0));
              case ADDRESS_IN_USE -> { // a twin is refused rightly, another one until its twin goes
                if (call.pod().isTwin()) {
                  calls.remove(key);
                } else {
                  calls.put(key, new Call(call.pod(), true, 0));
                }
              }
              case INVALID_REQUEST,
                  UNKNOWN_NETWORK,
                  ADDRESS_OUTSIDE_SUBNET,
                  NO_FREE_ADDRESS,
                  DRAINED,
                  LIMIT_REACHED ->
                  throw new IllegalStateException(node + " refuses " + call.pod() + ": " + message);
            }
          }
        }
      }
    }
  }

  /** Calls without an answer. */
  int open() {
    return calls.size();
  }

  /** True while it is on its way somewhere. */
  boolean isBusy(Pod pod) {
    return calls.values().stream().anyMatch(call -> call.pod().name().equals(pod.name()));
  }

  List<Pod> all() {
    return new ArrayList<>(wanted.values());
  }

  /** The port of the pod learns who is behind it. */
  boolean learns(Pod pod) {
    return size.learning() && !pod.isTwin() && Act.number(pod.name(), "p") % LEARNING == 0;
  }

  /** Who is behind ports that learn. */
  Hosts hosts() {
    return hosts;
  }

  /** Pods, and the hosts behind their ports. */
  List<Pod> everybody() {
    var everybody = all();
    everybody.addAll(hosts.all());
    return everybody;
  }

  int count() {
    return wanted.size();
  }

  /** The tenant that a network is of. */
  int tenantOf(int network) {
    return network % size.tenants();
  }
}
