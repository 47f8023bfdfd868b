package io.weft.agent.kernel;

import java.util.Collection;
import java.util.EnumMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;

/** Reads what the packet filters have stopped, for {@link GuardView}. */
final class Guards {
  private Guards() {}

  static GuardView read(
      Collection<TenantTables> tenants, VtepGuard vteps, Map<String, Long> services) {
    var stopped = new TreeMap<String, EnumMap<StopReason, Long>>();
    var endpoints = new TreeMap<String, String>();
    var namespaces = new TreeMap<String, String>();
    var problems = new TreeSet<String>();
    long repairs = vteps.repairs();
    vteps.problem().ifPresent(problems::add);
    for (var tables : tenants) {
      var guard = tables.guard();
      var here = guard.stopped();
      stopped.putAll(here);
      for (var port : here.keySet()) {
        namespaces.put(port, guard.namespace());
        guard.endpoint(port).ifPresent(name -> endpoints.put(port, name));
      }
      guard.problem().ifPresent(problems::add);
      tables.moved().problem().ifPresent(problems::add);
      repairs += guard.repairs() + tables.moved().repairs();
    }
    return new GuardView(
        stopped,
        endpoints,
        namespaces,
        Map.of(),
        vteps.stopped(),
        vteps.strangers(),
        services,
        repairs,
        problems.stream().toList());
  }

  /** Something that goes on. */
  record News(String subject, String what) {}

  /** Where more was stopped than at the last look. */
  static Stream<News> news(GuardView before, GuardView now) {
    var ports =
        now.stopped().entrySet().stream()
            .filter(port -> !port.getValue().equals(before.stopped().get(port.getKey())))
            .map(port -> new News(place(port.getKey(), now), words(port.getValue())));
    var vxlan =
        now.strangers().entrySet().stream()
            .filter(each -> !each.getValue().equals(before.strangers().get(each.getKey())))
            .map(
                each ->
                    new News(
                        "the VTEP, from " + each.getKey(), each.getValue() + " VXLAN packets"));
    var services =
        now.services().entrySet().stream()
            .filter(each -> !each.getValue().equals(before.services().get(each.getKey())))
            .map(
                each ->
                    new News(
                        "NodePorts and host ports of pods in " + each.getKey(),
                        each.getValue() + " packets of other nodes' pods"));
    return Stream.of(ports, vxlan, services).flatMap(news -> news);
  }

  private static String place(String port, GuardView view) {
    var endpoint = view.endpoints().get(port);
    return endpoint == null ? "port " + port : "port " + port + " of endpoint '" + endpoint + "'";
  }

  private static String words(Map<StopReason, Long> counts) {
    return String.join(
        ", ",
        counts.entrySet().stream()
            .map(count -> count.getValue() + " " + count.getKey().word())
            .toList());
  }
}
