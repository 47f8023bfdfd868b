package io.weft.bgp.rib;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class RowsTest {
  private static final int WIDTH = 3;
  private static final int ROWS = 2_000;

  @Test
  void keepsNumbersOfAnySize() {
    int[] sizes = {
      0, -1, 1, 65_533, 65_534, 65_535, 65_536, -2, Integer.MAX_VALUE, Integer.MIN_VALUE
    };
    var rows = new Rows(WIDTH);
    var model = new int[ROWS][WIDTH];
    var random = new Random(11);
    for (int row = 0; row < ROWS; row++) {
      assertThat(rows.add()).isEqualTo(row);
    }
    for (int i = 0; i < 20_000; i++) {
      int row = random.nextInt(ROWS);
      int column = random.nextInt(WIDTH);
      // The first pages have small numbers for long, so that both kinds are written to again.
      int value = sizes[random.nextInt(row < 1_000 && i < 15_000 ? 5 : sizes.length)];
      rows.set(row, column, value);
      model[row][column] = value;
      int other = random.nextInt(ROWS);
      for (int at = 0; at < WIDTH; at++) {
        assertThat(rows.get(other, at)).isEqualTo(model[other][at]);
      }
    }
    assertThat(rows.size()).isEqualTo(ROWS);
    for (int row = 0; row < ROWS; row++) {
      for (int at = 0; at < WIDTH; at++) {
        assertThat(rows.get(row, at)).isEqualTo(model[row][at]);
      }
    }
  }
}
