package io.weft.bgp.rib;

import java.util.Arrays;

/** Numbers from 0 on: one that is given back is taken again before a new one. */
final class Numbers {
  private int[] free = new int[8];
  private int size;
  private int next;

  int take() {
    return size > 0 ? free[--size] : next++;
  }

  void give(int number) {
    if (size == free.length) {
      free = Arrays.copyOf(free, size * 2);
    }
    free[size++] = number;
  }
}
