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

  void row(Object... cells) {
    var row = new ArrayList<String>();
    for (var cell : cells) {
      row.add(String.valueOf(cell));
    }
    rows.add(row);
  }

  boolean isEmpty() {
    return rows.isEmpty();
  }

  @Override
  public String toString() {
    var text = new StringBuilder();
    append(text, header);
    rows.forEach(row -> append(text, row));
    return text.toString();
  }

  private void append(StringBuilder text, List<String> row) {
    var line = new StringBuilder();
    for (int column = 0; column < row.size(); column++) {
      var cell = row.get(column);
      var padding = " ".repeat(width(column) - cell.length());
      line.append(isNumeric(column) ? padding + cell : cell + padding).append("  ");
    }
    text.append(line.toString().stripTrailing()).append('\n');
  }

  private int width(int column) {
    return rows.stream()
        .mapToInt(row -> row.get(column).length())
        .reduce(header.get(column).length(), Math::max);
  }

  private boolean isNumeric(int column) {
    return !rows.isEmpty() && rows.stream().allMatch(row -> row.get(column).matches("[0-9]+"));
  }
}
