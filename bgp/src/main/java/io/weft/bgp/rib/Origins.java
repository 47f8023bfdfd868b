package io.weft.bgp.rib;

import java.util.ArrayList;
import java.util.List;

/** Who said paths, by number: whose list they are in, and who that was when they came. */
final class Origins {
  private static final class Origin {
    final RoutesIn owner;
    final Source source;
    int users;

    Origin(RoutesIn owner, Source source) {
      this.owner = owner;
      this.source = source;
    }
  }

  private final List<Origin> origins = new ArrayList<>();
  private final Numbers free = new Numbers();

  RoutesIn owner(int number) {
    return origins.get(number).owner;
  }

  Source source(int number) {
    return origins.get(number).source;
  }

  /** The number of {@code owner} as it is now, used once more. */
  int acquire(RoutesIn owner) {
    int number = owner.origin;
    if (number < 0 || !source(number).equals(owner.source())) {
      number = free.take();
      var origin = new Origin(owner, owner.source());
      if (number == origins.size()) {
        origins.add(origin);
      } else {
        origins.set(number, origin);
      }
      owner.origin = number;
    }
    origins.get(number).users++;
    return number;
  }

  void release(int number) {
    var origin = origins.get(number);
    if (--origin.users == 0) {
      free.give(number);
      if (origin.owner.origin == number) {
        origin.owner.origin = -1;
      }
    }
  }
}
