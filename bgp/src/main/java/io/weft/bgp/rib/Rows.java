package io.weft.bgp.rib;

import java.util.Arrays;

/**
 * Rows of numbers of one width, in pages: what belongs together lies together, and a table grows
 * without a copy of what it holds. Small pages, for a node may hold few routes.
 */
final class Rows {
  private static final int PAGE_BITS = 8;
  private static final int IN_PAGE = (1 << PAGE_BITS) - 1;

  private final int width;
  private int[][] pages = new int[1][];
  private int size;

  Rows(int width) {
    this.width = width;
  }

  /** Rows that there are: they have the numbers below. */
  int size() {
    return size;
  }

  /** The number of a new row, all zero. */
  int add() {
    int page = size >> PAGE_BITS;
    if ((size & IN_PAGE) == 0) {
      if (page == pages.length) {
        pages = Arrays.copyOf(pages, page * 2);
      }
      pages[page] = new int[width << PAGE_BITS];
    }
    return size++;
  }

  int get(int row, int column) {
    return pages[row >> PAGE_BITS][(row & IN_PAGE) * width + column];
  }

  void set(int row, int column, int value) {
    pages[row >> PAGE_BITS][(row & IN_PAGE) * width + column] = value;
  }
}
