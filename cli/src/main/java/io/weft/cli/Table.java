package io.weft.cli;

import java.util.ArrayList;
import java.util.List;

/** Rows of text in aligned columns; a column in which all cells are numbers is aligned right. */
final class Table {
  private final List<String> header;
  private final List<List<String>> rows = new ArrayList<>();

  Table(String... header) {
    this.header = List.of(header);
  }

  /** One cell for each column. */
  void row(Object... cells) {
    if (cells.length != header.size()) {
      throw new IllegalArgumentException(cells.length + " cells in " + header.size() + " columns");
    }
    var row = new ArrayList<String>();
    for (var cell : cells) {
      row.add(Texts.printable(String.valueOf(cell)));
    }
    rows.add(row);
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  @Override
  public String toString() {
    var widths = new int[header.size()];
    var numeric = new boolean[header.size()];
    for (int column = 0; column < widths.length; column++) {
      widths[column] = width(column);
      numeric[column] = isNumeric(column);
    }
    var text = new StringBuilder();
    append(text, header, widths, numeric);
    rows.forEach(row -> append(text, row, widths, numeric));
    return text.toString();
  }

  private static void append(
      StringBuilder text, List<String> row, int[] widths, boolean[] numeric) {
    var line = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      var cell = row.get(column);
      var padding = " ".repeat(widths[column] - cell.length());
      line.append(numeric[column] ? padding + cell : cell + padding).append("  ");
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }

  private int width(int column) {
    return rows.stream()
        .mapToInt(row -> row.get(column).length())
        .reduce(header.get(column).length(), Math::max);
  }

  private boolean isNumeric(int column) {
    return !rows.isEmpty() && rows.stream().allMatch(row -> isNumber(row.get(column)));
  }

  private static boolean isNumber(String cell) {
    return !cell.isEmpty() && cell.chars().allMatch(c -> c >= '0' && c <= '9');
  }
}
