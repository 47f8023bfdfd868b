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
 * @param vxlan VXLAN packets of addresses that are no VTEP's
 * @param strangers the same by address, the first {@value VtepRules#MAX_STRANGERS} of each family
 * @param repairs how often a filter was mended after somebody else had changed it
 * @param problems why something is not filtered, in words
 */
public record GuardView(
    Map<String, EnumMap<StopReason, Long>> stopped,
    Map<String, String> endpoints,
    long vxlan,
    Map<IpAddress, Long> strangers,
    long repairs,
    List<String> problems) {
  /** Nothing was read yet. */
  public static final GuardView NONE = new GuardView(Map.of(), Map.of(), 0, Map.of(), 0, List.of());

  public GuardView {
    stopped = Collections.unmodifiableMap(new TreeMap<>(stopped));
    endpoints = Collections.unmodifiableMap(new TreeMap<>(endpoints));
    strangers = Collections.unmodifiableMap(new TreeMap<>(strangers));
    problems = List.copyOf(problems);
  }
}
