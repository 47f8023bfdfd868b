package io.weft.kubernetes.resource;

import java.util.Comparator;

/** Which resource; names are unique within a kind. */
public record ResourceKey(Kind kind, String name) implements Comparable<ResourceKey> {
  private static final Comparator<ResourceKey> ORDER =
      Comparator.comparing(ResourceKey::kind).thenComparing(ResourceKey::name);

  @Override
  public int compareTo(ResourceKey other) {
    return ORDER.compare(this, other);
  }

  /** {@code Network red-web}. */
  @Override
  public String toString() {
    return kind.label() + " " + name;
  }
}
