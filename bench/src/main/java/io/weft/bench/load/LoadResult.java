package io.weft.bench.load;

import java.util.List;

/**
 * What a reflector made of a load. Times in seconds, NaN for a phase that was not asked for.
 *
 * @param complete false when a phase did not end in time; the figures from there on are NaN
 * @param load from the first octet written to the last route at the slowest receiver
 * @param cpu of the reflector during the load and a moment after it
 * @param probes sorted, in milliseconds: from writing one more route to having it at the slowest
 *     receiver
 * @param withdrawal from closing a sender to the last of its routes withdrawn at the slowest
 * @param idleCpu share of one core that the reflector takes while the sessions do nothing
 * @param rssBefore resident memory of the reflector before the first session, kB
 * @param rssAfter the same at the end
 * @param rssPeak the most since its start
 * @param generatorCpu of this program during the load
 * @param otherCores cores that other processes kept busy meanwhile
 */
public record LoadResult(
    boolean complete,
    double load,
    double cpu,
    List<Double> probes,
    double withdrawal,
    double idleCpu,
    long rssBefore,
    long rssAfter,
    long rssPeak,
    double generatorCpu,
    double otherCores) {
  public LoadResult {
    probes = List.copyOf(probes);
  }

  /**
   * The probe that {@code part} of the others are not slower than; NaN without probes.
   *
   * @param part 0..1
   */
  public double probe(double part) {
    return probes.isEmpty()
        ? Double.NaN
        : probes.get(Math.max(0, (int) Math.ceil(part * probes.size()) - 1));
  }
}
