package io.weft.agent.kernel;

import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rule;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TransitGuard;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * The rules of the routing policy that a {@link TransitGuard} is: what comes in by the bridge of
 * the L3 VNI finds the tenant's own routes, or nothing. Where no tenant has a guard, the kernel
 * looks up routes without any rules.
 */
final class TransitRules {
  private static final int PRIORITY = 100;

  private TransitRules() {}

  static List<Rule> of(TransitGuard guard) {
    var bridge = DeviceNames.bridge(guard.vni());
    var rules = new ArrayList<Rule>();
    for (boolean ipv4 : new boolean[] {true, false}) {
      rules.add(Rule.lookupWithout(ipv4, PRIORITY, bridge, Route.MAIN_TABLE, Rows.SENDING_GROUP));
      rules.add(Rule.unreachable(ipv4, PRIORITY + 1, bridge));
    }
    return rules;
  }

  /** The guards of which all rules stand. */
  static List<TransitGuard> guards(String namespace, Collection<Rule> rules) {
    var vnis = new TreeSet<Vni>();
    for (var rule : rules) {
      rule.incoming().flatMap(DeviceNames::ofBridge).ifPresent(vnis::add);
    }
    return vnis.stream()
        .map(vni -> new TransitGuard(namespace, vni))
        .filter(guard -> rules.containsAll(of(guard)))
        .toList();
  }

  /** What stands of the guards among these keys, and of others. */
  static Map<ForwardingKey, Optional<ForwardingObject>> seen(
      String namespace, Collection<ForwardingKey> keys, Collection<Rule> rules) {
    var found = new TreeMap<ForwardingKey, Optional<ForwardingObject>>();
    keys.stream()
        .filter(key -> key.kind() == ForwardingKey.Kind.TRANSIT_GUARD)
        .forEach(key -> found.put(key, Optional.empty()));
    guards(namespace, rules).forEach(guard -> found.put(guard.key(), Optional.of(guard)));
    return found;
  }
}
