package io.weft.agent.kernel;

import io.weft.net.IpAddress;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What the packet filters of a node have stopped, as it was read last.
 *
 * @param stopped frames at endpoints' ports, by name of the port and reason
 * @param endpoints names of the endpoints whose ports these are
 * @param namespaces of the tenants in which these ports are
 * @param totals frames by namespace and reason since the agent's start, at ports that have gone too
 * @param vxlan VXLAN packets of addresses that are no VTEP's
 * @param strangers the same by address, the first {@value VtepRules#MAX_STRANGERS} of each family
 * @param services packets of pods of other nodes to NodePorts and host ports of this one, by
 *     namespace of the tenant whose pods are behind these
 * @param repairs how often a filter was mended after somebody else had changed it
 * @param problems why something is not filtered, in words
 */
public record GuardView(
    Map<String, EnumMap<StopReason, Long>> stopped,
    Map<String, String> endpoints,
    Map<String, String> namespaces,
    Map<String, Map<StopReason, Long>> totals,
    long vxlan,
    Map<IpAddress, Long> strangers,
    Map<String, Long> services,
    long repairs,
    List<String> problems) {
  /** Nothing was read yet. */
  public static final GuardView NONE =
      new GuardView(Map.of(), Map.of(), Map.of(), Map.of(), 0, Map.of(), Map.of(), 0, List.of());

  public GuardView {
    stopped = Collections.unmodifiableMap(new TreeMap<>(stopped));
    endpoints = Collections.unmodifiableMap(new TreeMap<>(endpoints));
    namespaces = Collections.unmodifiableMap(new TreeMap<>(namespaces));
    totals = Collections.unmodifiableMap(new TreeMap<>(totals));
    strangers = Collections.unmodifiableMap(new TreeMap<>(strangers));
    services = Collections.unmodifiableMap(new TreeMap<>(services));
    problems = List.copyOf(problems);
  }

  GuardView withTotals(Map<String, Map<StopReason, Long>> sums) {
    return new GuardView(
        stopped, endpoints, namespaces, sums, vxlan, strangers, services, repairs, problems);
  }
}
