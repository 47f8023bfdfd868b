package io.weft.lab.check;

import java.util.ArrayList;
import java.util.List;

/** Collects what does not hold. */
public final class Findings {
  /** More are counted and not named. */
  private static final int NAMED = 5;

  private final List<String> wrong = new ArrayList<>();

  public void add(String what) {
    wrong.add(what);
  }

  public void expect(boolean holds, String otherwise) {
    if (!holds) {
      add(otherwise);
    }
  }

  public boolean isEmpty() {
    return wrong.isEmpty();
  }

  /** The result: {@code good} when nothing was found wrong. */
  public CheckResult result(String check, String good) {
    if (wrong.isEmpty()) {
      return new CheckResult(check, true, good);
    }
    var named = String.join("; ", wrong.subList(0, Math.min(NAMED, wrong.size())));
    return new CheckResult(
        check,
        false,
        named + (wrong.size() > NAMED ? "; and " + (wrong.size() - NAMED) + " more" : ""));
  }
}
