package io.weft.bgp.rib;

import io.weft.bgp.wire.PathAttributes;
import java.util.LinkedHashMap;
import java.util.Map;

/** One object per distinct set of path attributes, as long as a candidate uses it. */
final class AttributePool {
  private final Map<PathAttributes, SharedAttributes> pool = new LinkedHashMap<>();

  /** The shared object for {@code value}, used once more. */
  SharedAttributes acquire(PathAttributes value) {
    var shared = pool.computeIfAbsent(value, SharedAttributes::new);
    shared.acquire();
    return shared;
  }

  void release(SharedAttributes shared) {
    if (shared.release()) {
      pool.remove(shared.value());
    }
  }

  int size() {
    return pool.size();
  }
}
