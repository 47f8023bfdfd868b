package io.weft.overlay.evpn;

import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What routes say of one MAC, address or prefix, in the order in which they came. Nearly always it
 * is one route, and what it says is a table's entry with nothing around it; else the entry is
 * {@link Several} or {@link Many}.
 *
 * @param <V> what one route says, which knows the route's key
 */
final class FewRoutes<V> {
  /** So many are looked through, and copied, faster than they are found by key. */
  static final int SEVERAL = 8;

  private final Function<V, Route> key;

  /** From two to {@link #SEVERAL}; a list that never changes. */
  private record Several<V>(List<V> said) {}

  /** More, by key: all nodes say the subnets of a tenant. */
  private record Many<V>(LinkedHashMap<Route, V> said) {}

  FewRoutes(Function<V, Route> key) {
    this.key = key;
  }

  /** What is said, by a table's entry, or by none; until the entry changes. */
  @SuppressWarnings("unchecked") // entries are made here
  Collection<V> said(@Nullable Object entry) {
    return switch (entry) {
      case null -> List.of();
      case Several<?>(var several) -> (List<V>) several;
      case Many<?>(var many) -> (Collection<V>) Collections.unmodifiableCollection(many.values());
      default -> List.of((V) entry);
    };
  }

  /** What was said first. */
  V first(Object entry) {
    return said(entry).iterator().next();
  }

  /** What the route with this key says, by a table's entry, or by none. */
  @SuppressWarnings("unchecked") // entries are made here
  @Nullable V find(@Nullable Object entry, Route wanted) {
    if (entry instanceof Many<?>(var many)) {
      return (V) many.get(wanted);
    }
    for (var one : said(entry)) {
      if (key.apply(one).equals(wanted)) {
        return one;
      }
    }
    return null;
  }

  /**
   * The entry with this added, or in the place of what its route said before; the one that was
   * given may have changed.
   */
  @SuppressWarnings("unchecked") // entries are made here
  Object with(@Nullable Object entry, V saying) {
    if (entry == null) {
      return saying;
    }
    if (entry instanceof Many<?> many) {
      ((Many<V>) many).said().put(key.apply(saying), saying);
      return entry;
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

  /**
   * The entry without what the route with this key says; null where nothing is left. The one that
   * was given may have changed.
   */
  @Nullable Object without(@Nullable Object entry, Route unwanted) {
    if (entry instanceof Many<?>(var many)) {
      many.remove(unwanted);
      return many.size() > SEVERAL ? entry : entry(List.copyOf(said(entry)));
    }
    var left = new ArrayList<>(said(entry));
    left.removeIf(one -> key.apply(one).equals(unwanted));
    return left.isEmpty() ? null : entry(left);
  }

  private Object entry(List<V> said) {
    if (said.size() == 1) {
      return said.getFirst();
    }
    if (said.size() <= SEVERAL) {
      return new Several<>(List.copyOf(said));
    }
    var byKey = new LinkedHashMap<Route, V>();
    said.forEach(one -> byKey.put(key.apply(one), one));
    return new Many<>(byKey);
  }
}
