package io.weft.bgp.rib;

import io.weft.bgp.wire.NlriParts;
import io.weft.net.Octets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;

/** What is not key in routes ({@link NlriParts}), each distinct value once, by number. */
final class RestPool {
  private final HashMap<Octets, Integer> numbers = new HashMap<>(); // asked, never walked through
  private final List<byte[]> values = new ArrayList<>();
  private int[] users = new int[16];
  private final Numbers free = new Numbers();

  /** That of the last route: routes that come together mostly have the same. */
  private int last = -1;

  byte[] value(int number) {
    return values.get(number);
  }

  /** The number of the rest, used once more. */
  int acquire(NlriParts parts) {
    if (last < 0 || !isRest(values.get(last), parts)) {
      var octets = Arrays.copyOf(parts.rest(), parts.restLength());
      last = numbers.computeIfAbsent(Octets.of(octets), _ -> add(octets));
    }
    users[last]++;
    return last;
  }

  private static boolean isRest(byte[] value, NlriParts parts) {
    return Arrays.equals(value, 0, value.length, parts.rest(), 0, parts.restLength());
  }

  private int add(byte[] value) {
    int number = free.take();
    if (number == values.size()) {
      values.add(value);
      if (number == users.length) {
        users = Arrays.copyOf(users, number * 2);
      }
    } else {
      values.set(number, value);
    }
    return number;
  }

  void release(int number) {
    if (--users[number] == 0) {
      numbers.remove(Octets.of(values.get(number)));
      free.give(number);
      last = last == number ? -1 : last;
    }
  }
}
