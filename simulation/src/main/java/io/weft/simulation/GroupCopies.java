package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.overlay.evpn.RemoteGroups;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.node.Multicast;
import io.weft.overlay.node.NetworkIntent;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Looks into all kernels for the copies of multicast groups: in a selective network (RFC 9251) they
 * go to exactly the other nodes where a pod has joined the group, or this source of it, and a group
 * that nobody has joined to nobody; in others they are flooded.
 */
final class GroupCopies extends Look {
  private static final List<IpAddress> REST =
      List.of(IpAddress.parse("0.0.0.0"), IpAddress.parse("::"));

  private final World world;
  private final List<NetworkIntent> networks;

  /** By network and node: what pods there have joined, as the node says it. */
  private final TreeMap<Integer, TreeMap<Integer, TreeSet<MulticastChannel>>> joined =
      new TreeMap<>();

  GroupCopies(FabricIntent intent, World world, Pods pods, Groups groups) {
    this.world = world;
    this.networks = intent.networks();
    for (var pod : pods.all()) {
      joined
          .computeIfAbsent(pod.network(), _ -> new TreeMap<>())
          .computeIfAbsent(pod.node(), _ -> new TreeSet<>())
          .addAll(groups.of(pod.name()));
    }
    for (var nodes : joined.values()) {
      nodes.values().forEach(GroupCopies::leaveWhatIsNotSaid);
    }
  }

  /** What is link-local, and a source of a group that is wanted from anywhere. */
  private static void leaveWhatIsNotSaid(Set<MulticastChannel> channels) {
    channels.removeIf(channel -> RemoteGroups.isLinkLocal(channel.group()));
    channels.removeIf(
        channel -> channel.source().isPresent() && channels.contains(channel.fromAnywhere()));
  }

  @Override
  void node(int node, Standing standing, Findings found) {
    var wanted = wanted(node);
    for (var row : standing.wrong(Kind.MULTICAST, each -> wanted.remove(words(each)))) {
      found.say(node, "copies are not to go by " + row);
    }
    wanted.forEach(words -> found.say(node, "there is no copy of " + words));
  }

  private Set<String> wanted(int node) {
    var wanted = new TreeSet<String>();
    joined.forEach(
        (number, nodes) -> {
          var network = networks.get(number);
          if (nodes.containsKey(node) && network.multicast() == Multicast.SELECTIVE) {
            for (var own : world.vteps().of(node, node)) {
              REST.forEach(
                  group ->
                      wanted.add(words(network.vni().value(), MulticastChannel.of(group), own)));
            }
            for (var copy : copies(node, nodes)) {
              wanted.add(words(network.vni().value(), copy.channel(), copy.vtep()));
            }
          }
        });
    return wanted;
  }

  private record Copy(MulticastChannel channel, IpAddress vtep) {}

  /**
   * Who gets a group from anywhere gets what others want from its sources; nodes without a family
   * of VTEPs in common know nothing of each other.
   */
  private List<Copy> copies(int from, Map<Integer, ? extends Set<MulticastChannel>> nodes) {
    var known = new TreeMap<IpAddress, Set<MulticastChannel>>();
    var all = new TreeSet<MulticastChannel>();
    nodes.forEach(
        (node, channels) -> {
          if (node != from) {
            world.vteps().towards(from, node).ifPresent(vtep -> known.put(vtep, channels));
          }
        });
    known.values().forEach(all::addAll);
    var copies = new ArrayList<Copy>();
    known.forEach(
        (vtep, channels) ->
            all.stream()
                .filter(each -> channels.contains(each) || channels.contains(each.fromAnywhere()))
                .forEach(each -> copies.add(new Copy(each, vtep))));
    return copies;
  }

  private static String words(ForwardingObject object) {
    return object instanceof MulticastEntry row
        ? words(row.vni().value(), new MulticastChannel(row.group(), row.source()), row.vtep())
        : object.toString();
  }

  private static String words(int vni, MulticastChannel channel, IpAddress vtep) {
    return "%s in %d to %s".formatted(channel, vni, vtep);
  }
}
