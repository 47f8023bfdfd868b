package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.Attached;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Predicate;

/** The pods of a simulated cluster, and their calls: what is refused is asked again. */
final class ClusterPods {
  private static final String CLAIMING = "vm";

  private final World world;
  private final Predicate<String> usesCopy;
  private final LastEvents acts;
  private final TreeMap<String, ClusterPod> pods = new TreeMap<>();
  private final TreeMap<String, List<IpAddress>> claimed = new TreeMap<>();
  private long fromCopies;

  /** {@code usesCopy}: whether a node sees a copy of the API, in place of the API. */
  ClusterPods(World world, Predicate<String> usesCopy, LastEvents acts) {
    this.world = world;
    this.usesCopy = usesCopy;
    this.acts = acts;
  }

  Collection<ClusterPod> all() {
    return Collections.unmodifiableCollection(pods.values());
  }

  /** Pods that came up at a node that saw a copy of the API. */
  long fromCopies() {
    return fromCopies;
  }

  /** Pods of this name take their addresses from a claim. */
  static boolean isClaiming(String name) {
    return name.startsWith(CLAIMING) && name.length() > CLAIMING.length() + 1;
  }

  /** A pod comes; false when it is there, or is to be beside the other holder of its claim. */
  boolean come(String name, int node, int network) {
    var pod = new ClusterPod(name, node, network, isClaiming(name), false, 0, false);
    return pods.values().stream().noneMatch(other -> isBeside(other, pod))
        && pods.putIfAbsent(name, pod) == null;
  }

  /** Two holders of a claim are on two nodes, and of one network. */
  private static boolean isBeside(ClusterPod other, ClusterPod pod) {
    return other.claims()
        && pod.claims()
        && other.claim().equals(pod.claim())
        && (other.node() == pod.node() || other.network() != pod.network());
  }

  /** A pod goes; false when it is not up. */
  boolean go(String name) {
    var pod = Optional.ofNullable(pods.get(name)).filter(p -> p.up() && !p.goes());
    pod.ifPresent(p -> pods.put(name, p.leaves()));
    return pod.isPresent();
  }

  /** The agent of a node has died: nobody answers the calls that were made. */
  void crashed(String node) {
    pods.replaceAll(
        (_, pod) ->
            node.equals("n" + pod.node()) && (!pod.up() || pod.goes()) ? pod.asked(0) : pod);
  }

  /** All that was on a node is gone, and is asked for again. */
  void lostPower(String node) {
    pods.replaceAll((_, pod) -> node.equals("n" + pod.node()) ? pod.isDown() : pod);
  }

  /** Makes calls, and hears answers. */
  void follow() {
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
          acts.add(world.now().toNanos(), pod.name(), "has left " + node);
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
        acts.add(world.now().toNanos(), pod.name(), "is on n" + pod.node());
        if (usesCopy.test("n" + pod.node())) {
          fromCopies++;
        }
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
}
