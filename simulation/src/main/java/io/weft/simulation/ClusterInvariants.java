package io.weft.simulation;

import io.weft.net.Vni;
import io.weft.overlay.cluster.VniOwner;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.Stored;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/** What must hold in a cluster: in its API server after each write, in its kernels, in the end. */
final class ClusterInvariants {
  private ClusterInvariants() {}

  /** No VNI is two networks', no block lies in another, no address is of two claims. */
  static void checkStore(ApiServer api) {
    var vnis = new TreeMap<Vni, String>();
    for (var object : api.objects()) {
      object
          .owner()
          .flatMap(VniOwner::status)
          .ifPresent(vni -> alone("VNI", vni.toString(), vnis.put(vni, object.name()), object));
    }
    var state = api.addresses();
    var blocks = state.blocks().values().stream().map(Stored::record).toList();
    for (var one : blocks) {
      for (var other : blocks) {
        if (!one.name().equals(other.name()) && overlap(one, other)) {
          throw new IllegalStateException("blocks overlap: " + one + ", " + other);
        }
      }
    }
    var addresses = new TreeMap<String, String>();
    for (var stored : state.claims().values()) {
      for (var address : stored.record().addresses()) {
        var what = stored.record().network() + " " + address;
        alone("address", what, addresses.put(what, stored.record().name()), stored.record());
      }
    }
  }

  private static boolean overlap(AddressBlock one, AddressBlock other) {
    return one.network().equals(other.network()) && one.prefix().overlaps(other.prefix());
  }

  private static void alone(String what, String value, String before, Object now) {
    if (before != null) {
      throw new IllegalStateException("%s %s is %s's and %s's".formatted(what, value, before, now));
    }
  }

  /** A port that stands in a kernel. */
  private record Standing(String node, EndpointPort port, boolean active) {
    Holder holder() {
      return new Holder(node, port.endpoint());
    }

    boolean isOf(AddressClaim claim) {
      return claim.network().equals(port.network())
          && claim.addresses().containsAll(port.addresses())
          && claim.holders().contains(holder());
    }

    @Override
    public String toString() {
      return port.endpoint() + " on " + node + (active ? ", active" : ", standby");
    }
  }

  /** A standby's port stands without its row of the FDB. */
  private static boolean isActive(World world, String node, EndpointPort port) {
    return world
        .kernel(node)
        .has(ForwardingKey.of(Kind.LOCAL_FDB, port.namespace(), port.vni(), port.mac()));
  }

  /** Those of each address of each network. */
  private static SortedMap<String, List<Standing>> holders(World world) {
    var holders = new TreeMap<String, List<Standing>>();
    for (var node : world.nodes()) {
      for (var object : world.kernel(node).objects(Kind.PORT)) {
        if (object instanceof EndpointPort port) {
          var standing = new Standing(node, port, isActive(world, node, port));
          for (var address : port.addresses()) {
            holders
                .computeIfAbsent(port.network() + " " + address, _ -> new ArrayList<>())
                .add(standing);
          }
        }
      }
    }
    return holders;
  }

  /**
   * No address stands in two kernels, nor twice in one, but for the two holders of a claim, of
   * which none is active but the one that the store says: it stays so while its port stands.
   *
   * @return how many addresses two hold
   */
  static int checkPorts(World world, AddressState state) {
    int shared = 0;
    for (var each : holders(world).entrySet()) {
      var those = each.getValue();
      if (those.size() > 1) {
        if (!areHolders(those, state)) {
          throw new IllegalStateException("address %s is of %s".formatted(each.getKey(), those));
        }
        shared++;
      }
    }
    return shared;
  }

  private static boolean areHolders(List<Standing> those, AddressState state) {
    return state.claims().values().stream()
        .map(Stored::record)
        .filter(claim -> those.stream().allMatch(one -> one.isOf(claim)))
        .anyMatch(
            claim ->
                those.stream()
                    .filter(Standing::active)
                    .allMatch(one -> claim.active().equals(Optional.of(one.holder()))));
  }

  /** Of those that hold an address one is active. */
  static List<String> active(World world) {
    var found = new ArrayList<String>();
    holders(world)
        .forEach(
            (address, those) -> {
              if (those.stream().filter(Standing::active).count() != 1) {
                found.add("address %s is of %s".formatted(address, those));
              }
            });
    return found;
  }

  /** Where an endpoint must stand, and with which VNI by what the API says of its network. */
  record Place(String node, String endpoint, String network, Vni vni) {}

  /** Of the pods that are up, by what the API says of their networks, which have VNIs. */
  static List<Place> places(ApiServer api, Collection<ClusterPod> pods) {
    var vnis = new TreeMap<String, Vni>();
    for (var object : api.objects()) {
      object.owner().flatMap(VniOwner::status).ifPresent(vni -> vnis.put(object.name(), vni));
    }
    var places = new ArrayList<Place>();
    for (var pod : pods) {
      var network = "net" + pod.network();
      if (pod.up() && vnis.containsKey(network)) {
        places.add(new Place("n" + pod.node(), pod.name(), network, vnis.get(network)));
      }
    }
    return places;
  }

  /** The kernels have exactly these ports, and bridges of their VNIs alone. */
  static List<String> ports(World world, Collection<Place> places) {
    var wanted = new TreeSet<String>();
    for (var place : places) {
      wanted.add(port(place.node(), place.endpoint(), place.network(), place.vni()));
      wanted.add(bridge(place.node(), place.vni()));
    }
    var there = new TreeSet<String>();
    for (var node : world.nodes()) {
      for (var object : world.kernel(node).objects()) {
        if (object instanceof EndpointPort port) {
          there.add(port(node, port.endpoint(), port.network(), port.vni()));
        } else if (object instanceof Bridge bridge) {
          there.add(bridge(node, bridge.vni()));
        }
      }
    }
    return difference("ports and bridges", there, wanted);
  }

  private static String port(String node, String endpoint, String network, Vni vni) {
    return "%s: port of %s in %s, VNI %s".formatted(node, endpoint, network, vni);
  }

  private static String bridge(String node, Vni vni) {
    return "%s: bridge of VNI %s".formatted(node, vni);
  }

  private static List<String> difference(String what, Set<String> there, Set<String> wanted) {
    var missing = new TreeSet<>(wanted);
    missing.removeAll(there);
    var extra = new TreeSet<>(there);
    extra.removeAll(wanted);
    return missing.isEmpty() && extra.isEmpty()
        ? List.of()
        : List.of("of %s %s are missing, %s are too many".formatted(what, missing, extra));
  }

  /**
   * Each kernel has the way to exactly the active endpoints of its networks that are elsewhere, by
   * the ports that stand: {@link #ports} says whether these are right.
   */
  static List<String> ways(World world) {
    var wanted = new TreeSet<String>();
    var there = new TreeSet<String>();
    for (var node : world.nodes()) {
      for (var object : world.kernel(node).objects(Kind.PORT)) {
        if (object instanceof EndpointPort port && isActive(world, node, port)) {
          world.nodes().stream()
              .filter(other -> !other.equals(node) && has(world, other, port.network()))
              .forEach(
                  other ->
                      wanted.add(
                          "%s: %s in VNI %s at %s"
                              .formatted(other, port.mac(), port.vni(), world.vtepOf(node))));
        }
      }
      for (var object : world.kernel(node).objects(Kind.VXLAN_FDB)) {
        if (object instanceof VxlanFdbEntry row) {
          there.add(
              "%s: %s in VNI %s at %s"
                  .formatted(node, row.mac(), row.destinationVni(), row.vtep()));
        }
      }
    }
    return difference("ways", there, wanted);
  }

  private static boolean has(World world, String node, String network) {
    return world.kernel(node).objects(Kind.PORT).stream()
        .anyMatch(object -> object instanceof EndpointPort p && p.network().equals(network));
  }
}
