package io.weft.net;

import java.util.Optional;

/** What a table takes in: routes with one route target, or with one number of whatever AS. */
public sealed interface ImportTarget extends Comparable<ImportTarget>
    permits RouteTarget, AnyAsTarget {

  /** True when a route that carries {@code target} may enter. */
  boolean matches(RouteTarget target);

  /**
   * Reads {@code *:5001} as {@link AnyAsTarget}, all else as {@link RouteTarget#parse} does.
   *
   * @throws IllegalArgumentException for any other text or numbers out of range
   */
  static ImportTarget parse(String text) {
    return text.startsWith("*") ? AnyAsTarget.parse(text) : RouteTarget.parse(text);
  }

  /** Route targets first, then those of any AS; each kind by its numbers. */
  @Override
  default int compareTo(ImportTarget other) {
    return switch (this) {
      case RouteTarget one ->
          other instanceof RouteTarget two ? Long.compareUnsigned(one.value(), two.value()) : -1;
      case AnyAsTarget one ->
          other instanceof AnyAsTarget two ? Long.compare(one.number(), two.number()) : 1;
    };
  }

  /** The one of any AS that matches the target; empty for the IPv4 form, which has no AS. */
  static Optional<AnyAsTarget> anyAsOf(RouteTarget target) {
    return target.number().isPresent()
        ? Optional.of(new AnyAsTarget(target.number().getAsLong()))
        : Optional.empty();
  }
}
