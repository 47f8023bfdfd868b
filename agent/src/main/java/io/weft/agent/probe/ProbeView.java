package io.weft.agent.probe;

import java.util.List;

/**
 * A picture of the paths to other VTEPs.
 *
 * @param found what was found last of each, sorted by VTEP
 * @param waiting paths that were not looked at yet
 * @param leftOut paths beyond the limit: nobody looks at them
 */
public record ProbeView(List<PathState> found, int waiting, int leftOut) {
  /** Nothing yet. */
  public static final ProbeView NONE = new ProbeView(List.of(), 0, 0);
}
