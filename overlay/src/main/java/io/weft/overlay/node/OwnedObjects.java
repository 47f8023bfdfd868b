package io.weft.overlay.node;

import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan;
import java.util.Collection;
import java.util.List;
import java.util.TreeSet;

/** What one network or tenant wants in the kernel: its keys in the plan, which no other touches. */
final class OwnedObjects {
  private final ForwardingPlan plan;
  private final TreeSet<ForwardingKey> keys = new TreeSet<>();

  OwnedObjects(ForwardingPlan plan) {
    this.plan = plan;
  }

  /** The keys of one kind that are wanted now. */
  List<ForwardingKey> keys(ForwardingKey.Kind kind) {
    return keys.stream().filter(key -> key.kind() == kind).toList();
  }

  void want(ForwardingObject object) {
    wanted(object);
  }

  private ForwardingKey wanted(ForwardingObject object) {
    var key = plan.desire(object);
    keys.add(key);
    return key;
  }

  void unwant(ForwardingKey key) {
    keys.remove(key);
    plan.undesire(key);
  }

  /** Wants these, and no more what else is among {@code before}. */
  void replace(Collection<ForwardingKey> before, Collection<? extends ForwardingObject> after) {
    var obsolete = new TreeSet<>(before);
    for (var object : after) {
      obsolete.remove(wanted(object));
    }
    obsolete.forEach(this::unwant);
  }

  /** Leaves all keys but those of these objects, which are not wanted anew. */
  void retain(Collection<? extends ForwardingObject> objects) {
    var obsolete = new TreeSet<>(keys);
    objects.forEach(object -> obsolete.remove(object.key()));
    obsolete.forEach(this::unwant);
  }

  /** Everything leaves the plan. */
  void clear() {
    retain(List.of());
  }
}
