package io.weft.overlay.node;

import io.weft.net.StableHash;
import io.weft.net.Vni;
import java.util.Collection;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * What the kernel knows the sending devices of this node by. All are on one UDP port of the
 * underlay's namespace, so each needs a number of its own: a hash of tenant and VNI, the next one
 * where that is taken. Two that hash alike may have changed places after a restart, and are made
 * anew then: with 1,024 devices that happens once in some thirty nodes.
 */
final class SendingIds {
  /** Sending devices on a node. */
  static final int MAX = 1_024;

  private record Sender(String namespace, Vni vni) implements Comparable<Sender> {
    @Override
    public int compareTo(Sender other) {
      int order = namespace.compareTo(other.namespace);
      return order == 0 ? vni.compareTo(other.vni) : order;
    }
  }

  private final TreeMap<Sender, Vni> given = new TreeMap<>();
  private final TreeSet<Vni> taken = new TreeSet<>();

  /** The same for as long as it is not released; empty when the node has {@link #MAX} already. */
  Optional<Vni> of(String namespace, Vni vni) {
    var sender = new Sender(namespace, vni);
    var known = given.get(sender);
    if (known != null || given.size() >= MAX) {
      return Optional.ofNullable(known);
    }
    var id = first(namespace, vni);
    while (taken.contains(id)) {
      id = new Vni(id.value() % Vni.MAX + 1);
    }
    given.put(sender, id);
    taken.add(id);
    return Optional.of(id);
  }

  private static Vni first(String namespace, Vni vni) {
    long hash = StableHash.of(namespace + " " + vni);
    return new Vni(1 + (int) Long.remainderUnsigned(hash, Vni.MAX));
  }

  /** Those of a tenant's that are still in use; the others are free. */
  void retain(String namespace, Collection<Vni> vnis) {
    given
        .entrySet()
        .removeIf(
            entry -> {
              boolean gone =
                  entry.getKey().namespace().equals(namespace)
                      && !vnis.contains(entry.getKey().vni());
              if (gone) {
                taken.remove(entry.getValue());
              }
              return gone;
            });
  }
}
