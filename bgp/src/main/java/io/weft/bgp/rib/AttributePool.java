package io.weft.bgp.rib;

import io.weft.bgp.wire.PathAttributes;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One object per distinct set of path attributes, by number, as long as a path uses it. */
final class AttributePool {
  private final HashMap<PathAttributes, SharedAttributes> pool =
      new HashMap<>(); // never walked through
  private final List<SharedAttributes> byNumber = new ArrayList<>();
  private final Numbers free = new Numbers();

  /** That of the last value: routes that come together often have the same object. */
  private @Nullable SharedAttributes last;

  SharedAttributes get(int number) {
    return byNumber.get(number);
  }

  /** The number of {@code value}, used once more. */
  @SuppressWarnings("ReferenceEquality") // a shortcut only
  int acquire(PathAttributes value) {
    var shared = last;
    if (shared == null || shared.value() != value) {
      shared = pool.computeIfAbsent(value, this::add);
      last = shared;
    }
    shared.acquire();
    return shared.number();
  }

  private SharedAttributes add(PathAttributes value) {
    int number = free.take();
    var shared = new SharedAttributes(value, number);
    if (number == byNumber.size()) {
      byNumber.add(shared);
    } else {
      byNumber.set(number, shared);
    }
    return shared;
  }

  void acquire(int number) {
    byNumber.get(number).acquire();
  }

  void release(int number) {
    var shared = byNumber.get(number);
    if (shared.release()) {
      last = null;
      pool.remove(shared.value());
      free.give(number);
    }
  }

  int size() {
    return pool.size();
  }
}
