package io.weft.simulation;

import io.weft.net.Vni;
import io.weft.overlay.cluster.VniOwner;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.Stored;
import java.util.List;
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

  /** No address stands in two kernels, nor twice in one. */
  static void checkPorts(World world) {
    var owners = new TreeMap<String, String>();
    for (var node : world.nodes()) {
      for (var object : world.kernel(node).objects(Kind.PORT)) {
        if (object instanceof EndpointPort port) {
          var owner = port.endpoint();
          for (var address : port.addresses()) {
            var before = owners.put(port.network() + " " + address, owner);
            // A claim may have two holders, of one name here.
            if (before != null && !(before.equals(owner) && owner.startsWith("vm"))) {
              alone("address", port.network() + " " + address, before, owner + " on " + node);
            }
          }
        }
      }
    }
  }

  /** Each kernel has the way to exactly the endpoints of its networks that are elsewhere. */
  static List<String> ways(World world) {
    var wanted = new TreeSet<String>();
    var there = new TreeSet<String>();
    for (var node : world.nodes()) {
      for (var object : world.kernel(node).objects(Kind.PORT)) {
        if (object instanceof EndpointPort port) {
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
    return wanted.equals(there)
        ? List.of()
        : List.of("ways are " + there + ", where they should be " + wanted);
  }

  private static boolean has(World world, String node, String network) {
    return world.kernel(node).objects(Kind.PORT).stream()
        .anyMatch(object -> object instanceof EndpointPort p && p.network().equals(network));
  }
}
