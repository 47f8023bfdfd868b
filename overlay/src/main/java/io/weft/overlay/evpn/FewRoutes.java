package io.weft.overlay.evpn;

import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What routes say of one MAC, address or prefix, in the order in which they came. Nearly always it
 * is one route, and what it says is kept with nothing around it: a table holds what it says, or the
 * {@link Several} that there are.
 *
 * @param <V> what one route says, which knows the route's key
 */
final class FewRoutes<V> {
  private final Function<V, Route> key;

  /** Two at least. */
  private record Several<V>(List<V> said) {}

  FewRoutes(Function<V, Route> key) {
    this.key = key;
  }

  /** What is said, by a table's entry, or by none. */
  @SuppressWarnings("unchecked") // entries are made here
  List<V> said(@Nullable Object entry) {
    return switch (entry) {
      case null -> List.of();
      case Several<?>(var several) -> (List<V>) several;
      default -> List.of((V) entry);
    };
  }

  /** What was said first. */
  @SuppressWarnings("unchecked") // entries are made here
  V first(Object entry) {
    return entry instanceof Several<?>(var several) ? (V) several.getFirst() : (V) entry;
  }

  /** What the route with this key says, by a table's entry, or by none. */
  @Nullable V find(@Nullable Object entry, Route wanted) {
    for (var one : said(entry)) {
      if (key.apply(one).equals(wanted)) {
        return one;
      }
    }
    return null;
  }

  /** The entry with this added, or in the place of what its route said before. */
  Object with(@Nullable Object entry, V saying) {
    if (entry == null) {
      return saying;
    }
    var all = new ArrayList<>(said(entry));
    int at = 0;
    while (at < all.size() && !key.apply(all.get(at)).equals(key.apply(saying))) {
      at++;
    }
    if (at < all.size()) {
      all.set(at, saying);
    } else {
      all.add(saying);
    }
    return entry(all);
  }

  /** The entry without what the route with this key says; null where nothing is left. */
  @Nullable Object without(@Nullable Object entry, Route unwanted) {
    var left = new ArrayList<>(said(entry));
    left.removeIf(one -> key.apply(one).equals(unwanted));
    return left.isEmpty() ? null : entry(left);
  }

  private Object entry(List<V> said) {
    return said.size() == 1 ? said.getFirst() : new Several<>(List.copyOf(said));
  }
}
