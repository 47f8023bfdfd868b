package io.weft.overlay.node;

import static java.util.Comparator.naturalOrder;

import io.weft.net.IpAddress;
import io.weft.net.KeyTable;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.TreeMap;
import java.util.TreeSet;

/** What one network or tenant wants in the kernel: its keys in the plan, which no other touches. */
final class OwnedObjects {
  /** So few are looked through faster than sorted. */
  private static final int FEW = 8;

  private final ForwardingPlan plan;
  private final KeyTable<ForwardingKey, ForwardingKey> keys = ForwardingKey.set();

  /** Those of {@link #keys} that are of multicast groups, which change one by one. */
  private final TreeMap<String, TreeSet<ForwardingKey>> byGroup = new TreeMap<>();

  OwnedObjects(ForwardingPlan plan) {
    this.plan = plan;
  }

  /** The keys of one kind that are wanted now. */
  List<ForwardingKey> keys(ForwardingKey.Kind kind) {
    return keys.sorted(naturalOrder(), key -> key.kind() == kind);
  }

  /** The keys of a group's rows that are wanted now. */
  List<ForwardingKey> multicastKeys(IpAddress group) {
    return List.copyOf(byGroup.getOrDefault(group.toString(), new TreeSet<>()));
  }

  void want(ForwardingObject object) {
    wanted(object);
  }

  private ForwardingKey wanted(ForwardingObject object) {
    var key = plan.desire(object);
    keys.put(key);
    if (key.kind() == ForwardingKey.Kind.MULTICAST) {
      byGroup.computeIfAbsent(group(key), _ -> new TreeSet<>()).add(key);
    }
    return key;
  }

  void unwant(ForwardingKey key) {
    keys.remove(key);
    if (key.kind() == ForwardingKey.Kind.MULTICAST) {
      var ofOne = byGroup.getOrDefault(group(key), new TreeSet<>());
      ofOne.remove(key);
      if (ofOne.isEmpty()) {
        byGroup.remove(group(key));
      }
    }
    plan.undesire(key);
  }

  private static String group(ForwardingKey key) {
    return key.discriminator().split(" ", 2)[0];
  }

  /** Wants these, and no more what else is among {@code before}. */
  void replace(Collection<ForwardingKey> before, Collection<? extends ForwardingObject> after) {
    var wanted = new ArrayList<ForwardingKey>(after.size());
    after.forEach(object -> wanted.add(wanted(object)));
    var obsolete = new ArrayList<ForwardingKey>();
    for (var key : before) {
      if (keys.has(key) && !(wanted.size() <= FEW && wanted.contains(key))) {
        obsolete.add(key);
      }
    }
    if (obsolete.isEmpty()) { // mostly something new is wanted
      return;
    }
    var left = new TreeSet<>(obsolete);
    left.removeAll(new TreeSet<>(wanted));
    left.forEach(this::unwant);
  }

  /** Leaves all keys but those of these objects, which are not wanted anew. */
  void retain(Collection<? extends ForwardingObject> objects) {
    var stay = ForwardingKey.set();
    objects.forEach(object -> stay.put(object.key()));
    keys.sorted(naturalOrder(), key -> !stay.has(key)).forEach(this::unwant);
  }

  /** Everything leaves the plan. */
  void clear() {
    retain(List.of());
  }
}
