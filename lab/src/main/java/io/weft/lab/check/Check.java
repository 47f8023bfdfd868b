package io.weft.lab.check;

import io.weft.lab.process.RunningLab;
import java.io.IOException;

/** Something that must hold in a running lab. It leaves the lab as it found it. */
public interface Check {
  /** Short, lower case with hyphens; the same in every release. */
  String name();

  /**
   * Looks.
   *
   * @throws IOException when an agent cannot be asked: the check has failed
   */
  CheckResult run(RunningLab lab) throws IOException, InterruptedException;
}
