package io.weft.lab.topology;

import io.weft.kubernetes.yaml.Problem;
import java.util.List;

/** What came of reading a topology file. */
public sealed interface TopologyReading {
  record Good(Topology topology) implements TopologyReading {}

  /** Nothing of the file should be used; the problems are in the order of their places. */
  record Bad(List<Problem> problems) implements TopologyReading {
    public Bad {
      problems = problems.stream().sorted().distinct().toList();
    }
  }
}
