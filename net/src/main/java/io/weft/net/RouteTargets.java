package io.weft.net;

import java.util.List;

/** The targets that a route carries, in its order, as the key of a table: peers choose them. */
public record RouteTargets(List<RouteTarget> list) {
  public RouteTargets {
    list = List.copyOf(list);
  }

  @Override
  public int hashCode() {
    return SecretHash.of(list);
  }
}
