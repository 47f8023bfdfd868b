package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import io.weft.overlay.forwarding.KeyTable;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/** What one network or tenant wants in the kernel: its keys in the plan, which no other touches. */
final class OwnedObjects {
  private final ForwardingPlan plan;
  private final KeyTable<ForwardingKey> keys = new KeyTable<>();

  OwnedObjects(ForwardingPlan plan) {
    this.plan = plan;
  }

  /** The keys of one kind that are wanted now. */
  List<ForwardingKey> keys(ForwardingKey.Kind kind) {
    return keys.sorted(key -> key.kind() == kind);
  }

  /** The keys of a group's rows that are wanted now. */
  List<ForwardingKey> multicastKeys(IpAddress group) {
    return keys(ForwardingKey.Kind.MULTICAST).stream()
        .filter(key -> key.discriminator().startsWith(group + " "))
        .toList();
  }

  void want(ForwardingObject object) {
    wanted(object);
  }

  private ForwardingKey wanted(ForwardingObject object) {
    var key = plan.desire(object);
    keys.put(key);
    return key;
  }

  void unwant(ForwardingKey key) {
    keys.remove(key);
    plan.undesire(key);
  }

  /** Wants these, and no more what else is among {@code before}. */
  void replace(Collection<ForwardingKey> before, Collection<? extends ForwardingObject> after) {
    var obsolete = new ArrayList<>(before);
    for (var object : after) {
      obsolete.removeIf(wanted(object)::equals);
    }
    obsolete.forEach(this::unwant);
  }

  /** Leaves all keys but those of these objects, which are not wanted anew. */
  void retain(Collection<? extends ForwardingObject> objects) {
    var stay = new KeyTable<ForwardingKey>();
    objects.forEach(object -> stay.put(object.key()));
    keys.sorted(key -> !stay.has(key)).forEach(this::unwant);
  }

  /** Everything leaves the plan. */
  void clear() {
    retain(List.of());
  }
}
