package io.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.time.Duration;
import org.junit.jupiter.api.Test;

class TableTest {
  @Test
  void columnsAreAlignedAndNumbersStandToTheRight() {
    var table = new Table("NAME", "VNI", "NOTE");
    table.row("red-web", 100, "-");
    table.row("b", 16777215, "x y");
    assertThat(table.toString())
        .isEqualTo(
            """
            NAME          VNI  NOTE
            red-web       100  -
            b        16777215  x y
            """);
  }

  @Test
  void oneCellThatIsNoNumberTurnsTheColumn() {
    var table = new Table("SEQ");
    table.row("10");
    table.row("-");
    assertThat(table.toString()).isEqualTo("SEQ\n10\n-\n");
  }

  @Test
  void withoutRowsOnlyTheHeader() {
    var table = new Table("A", "B");
    assertThat(table.isEmpty()).isTrue();
    assertThat(table.toString()).isEqualTo("A  B\n");
  }

  @Test
  void aRowHasACellForEachColumn() {
    assertThatThrownBy(() -> new Table("A", "B").row("1"))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void manyRowsDoNotTakeLong() {
    var table = new Table("A", "B", "C");
    for (int i = 0; i < 50_000; i++) {
      table.row(i, "text " + i, "-");
    }
    var text =
        org.junit.jupiter.api.Assertions.assertTimeout(Duration.ofSeconds(5), table::toString);
    assertThat(text.lines()).hasSize(50_001);
  }

  @Test
  void whatATerminalWouldObeyIsNotPrinted() {
    var table = new Table("A");
    table.row("a\u001b[2Jb\nc");
    assertThat(table.toString()).isEqualTo("A\na?[2Jb?c\n");
  }

  @Test
  void cellsOutOfJson() throws Exception {
    var json = new ObjectMapper().readTree("{\"a\": [\"x\", 2], \"b\": [], \"n\": null, \"t\": 1}");
    assertThat(Texts.joined(json.path("a"))).isEqualTo("x,2");
    assertThat(Texts.joined(json.path("b"))).isEqualTo("-");
    assertThat(Texts.joined(json.path("missing"))).isEqualTo("-");
    assertThat(Texts.orDash(json, "t")).isEqualTo("1");
    assertThat(Texts.orDash(json, "n")).isEqualTo("-");
    assertThat(Texts.orDash(json, "missing")).isEqualTo("-");
  }
}
