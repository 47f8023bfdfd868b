package io.weft.bgp.rib;

import java.util.Arrays;

/**
 * Rows of numbers of one width, in pages: what belongs together lies together, and a table grows
 * without a copy of what it holds. Small pages, for a node may hold few routes. A page has two
 * octets for a number as long as all of its numbers are from -1 to 65,534, and four from then on.
 */
final class Rows {
  private static final int PAGE_BITS = 8;
  private static final int IN_PAGE = (1 << PAGE_BITS) - 1;

  private final int width;

  /** Each a {@code char[]} of numbers plus one, or an {@code int[]}. */
  private Object[] pages = new Object[1];

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
      var narrow = new char[width << PAGE_BITS];
      Arrays.fill(narrow, (char) 1);
      pages[page] = narrow;
    }
    return size++;
  }

  int get(int row, int column) {
    int at = (row & IN_PAGE) * width + column;
    var page = pages[row >> PAGE_BITS];
    return page instanceof char[] narrow ? narrow[at] - 1 : ((int[]) page)[at];
  }

  void set(int row, int column, int value) {
    int at = (row & IN_PAGE) * width + column;
    if (pages[row >> PAGE_BITS] instanceof char[] narrow) {
      if (value >= -1 && value < Character.MAX_VALUE) {
        narrow[at] = (char) (value + 1);
        return;
      }
      widen(row >> PAGE_BITS, narrow);
    }
    ((int[]) pages[row >> PAGE_BITS])[at] = value;
  }

  private void widen(int page, char[] narrow) {
    var wide = new int[narrow.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = narrow[i] - 1;
    }
    pages[page] = wide;
  }
}
