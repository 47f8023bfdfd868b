package io.weft.simulation;

import io.weft.net.Ipv4Address;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Hosts that nobody announces, each behind the port of a pod that learns. One is where its pod is,
 * and goes with it. It speaks when it comes, and every {@link #PERIOD_MILLIS}: where its pod has no
 * port yet, or no agent lives, it is not heard. It may come to another pod of its network.
 */
final class Hosts {
  /** So often a host speaks: none is silent for so long that it is forgotten. */
  private static final long PERIOD_MILLIS = 10_000;

  /** Of one network. */
  static final int MOST = 4;

  private static final int FIRST_FROM_END = 10;

  private final FabricIntent intent;
  private final World world;
  private final Pods pods;
  private final TreeMap<String, String> places = new TreeMap<>();
  private final TreeMap<String, Long> spoken = new TreeMap<>();

  Hosts(FabricIntent intent, World world, Pods pods) {
    this.intent = intent;
    this.world = world;
    this.pods = pods;
  }

  /** Number {@code number} of a network, from 0. */
  static String name(int network, int number) {
    return "h" + (network * MOST + number);
  }

  /** It comes behind the port of a pod; false when it is of another network, or there already. */
  boolean come(String host, String pod) {
    int number = Act.number(host, "h");
    boolean may =
        pods.find(pod)
            .filter(pods::learns)
            .filter(p -> p.network() == number / MOST && !pod.equals(places.get(host)))
            .isPresent();
    if (may) {
      places.put(host, pod);
      spoken.remove(host);
    }
    return may;
  }

  /** Those that are somewhere, as pods are. */
  List<Pods.Pod> all() {
    var all = new ArrayList<Pods.Pod>();
    places.forEach((host, pod) -> pods.find(pod).ifPresent(p -> all.add(host(host, p))));
    return all;
  }

  /** Those behind the port of each pod that has some. */
  SortedMap<String, List<Pods.Pod>> byPod() {
    var byPod = new TreeMap<String, List<Pods.Pod>>();
    for (var host : all()) {
      byPod.computeIfAbsent(place(host), _ -> new ArrayList<>()).add(host);
    }
    return byPod;
  }

  /** The pod that it is behind. */
  private String place(Pods.Pod host) {
    return Optional.ofNullable(places.get(host.name())).orElseThrow();
  }

  private Pods.Pod host(String name, Pods.Pod behind) {
    int last = FabricIntent.HOSTS - FIRST_FROM_END - Act.number(name, "h") % MOST;
    var ip = new Ipv4Address(intent.subnet(behind.network()) + last);
    return new Pods.Pod(name, behind.network(), ip, behind.node());
  }

  /** Who has something to say says it. */
  void speak() {
    places.values().removeIf(pod -> pods.find(pod).isEmpty());
    for (var host : all()) {
      long now = world.now().toMillis();
      var last = Optional.ofNullable(spoken.get(host.name()));
      if (last.filter(at -> now - at < PERIOD_MILLIS).isEmpty() && speaks(host)) {
        spoken.put(host.name(), now);
      }
    }
  }

  /** True when somebody hears it. */
  private boolean speaks(Pods.Pod host) {
    var node = "n" + host.node();
    var port = AddressPlan.portName(place(host));
    var space = "weft-" + FabricIntent.tenantName(pods.tenantOf(host.network()));
    boolean heard =
        world.isAlive(node) && world.kernel(node).has(new ForwardingKey(Kind.PORT, space, 0, port));
    if (heard) {
      world.hear(node, space, port, host.mac(), Optional.of(host.ip()));
    }
    return heard;
  }
}
