package io.weft.lab.run;

import io.weft.lab.check.CheckResult;
import java.io.PrintStream;
import java.util.List;
import java.util.Locale;

/** Says what happens, a line per step, with the seconds since the start. */
final class Progress {
  private static final String GREEN = "\u001b[32m";
  private static final String RED = "\u001b[31m";
  private static final String FAINT = "\u001b[2m";
  private static final String PLAIN = "\u001b[0m";

  private final PrintStream out;
  private final boolean colour;
  private final long start = System.nanoTime();

  Progress(PrintStream out, boolean colour) {
    this.out = out;
    this.colour = colour;
  }

  double seconds() {
    return (System.nanoTime() - start) / 1e9;
  }

  /** Something was done. */
  void step(String what, String detail) {
    line(FAINT, "", what, detail);
  }

  void check(CheckResult result) {
    line(result.ok() ? GREEN : RED, result.ok() ? "ok" : "FAILED", result.name(), result.detail());
  }

  /** Lines of a table. */
  void table(List<String> lines) {
    lines.forEach(line -> out.printf("            %s%n", line));
    out.flush();
  }

  private void line(String paint, String verdict, String what, String detail) {
    var first = String.format(Locale.ROOT, "%7.2f s  %-6s", seconds(), verdict);
    var painted = colour ? paint + first + PLAIN : first;
    out.printf("%s  %-16s  %s%n", painted, what, detail);
    out.flush();
  }
}
