package io.weft.kubernetes.resource;

import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.ImportTarget;
import io.weft.net.RouteTarget;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Reads {@code routeTargets} of a Network or a Tenant. */
final class RouteTargetReader {
  private RouteTargetReader() {}

  /** The key {@code routeTargets} of {@code spec}; automatic where it is not there. */
  static RouteTargets read(YamlObject spec) {
    return spec.optional("routeTargets")
        .object(RouteTargetReader::targets)
        .orElse(RouteTargets.AUTOMATIC);
  }

  private static Optional<RouteTargets> targets(YamlObject object) {
    return Optional.of(
        new RouteTargets(
            list(object.optional("import"), ImportTarget::parse),
            list(object.optional("export"), RouteTargetReader::exported)));
  }

  private static RouteTarget exported(String text) {
    if (text.startsWith("*")) {
      throw new IllegalArgumentException(
          "'" + text + "' is for import only: a route must carry an AS; write one instead of *");
    }
    return RouteTarget.parse(text);
  }

  private static <T> List<T> list(YamlValue list, Function<String, T> parse) {
    var items = list.each();
    if (list.isPresent() && items.isEmpty()) {
      list.report("the list is empty; leave the key out for the automatic route targets");
    }
    return items.stream().flatMap(item -> item.word(parse).stream()).toList();
  }
}
