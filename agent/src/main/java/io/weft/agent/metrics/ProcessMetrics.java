package io.weft.agent.metrics;

import io.weft.agent.AgentVersion;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What every daemon tells of its process (proc_pid_stat(5)). */
public final class ProcessMetrics {
  private static final long PAGE = 4096;

  /** USER_HZ of all Linux. */
  private static final double TICKS_IN_SECOND = 100;

  // Of the fields of stat, counted from 0 behind the name in parentheses.
  private static final int UTIME = 11;
  private static final int STIME = 12;
  private static final int NUM_THREADS = 17;
  private static final int RSS = 21;

  private ProcessMetrics() {}

  /**
   * Adds them.
   *
   * @param role node, reflector or controller
   * @param waiting events that wait for the brain
   */
  public static void addTo(Readings readings, String role, String name, int waiting) {
    readings.set(Metric.BUILD, true, AgentVersion.TEXT, role, name);
    readings.set(Metric.QUEUE, waiting);
    var runtime = Runtime.getRuntime();
    readings.set(Metric.MEMORY, runtime.totalMemory() - runtime.freeMemory(), "used");
    readings.set(Metric.MEMORY, runtime.totalMemory(), "committed");
    readings.set(Metric.MEMORY, runtime.maxMemory(), "max");
    try {
      var stat = Files.readString(Path.of("/proc/self/stat"));
      var fields = stat.substring(stat.lastIndexOf(')') + 2).strip().split(" ", -1);
      readings.set(
          Metric.CPU,
          (Long.parseLong(fields[UTIME]) + Long.parseLong(fields[STIME])) / TICKS_IN_SECOND);
      readings.set(Metric.THREADS, Long.parseLong(fields[NUM_THREADS]));
      readings.set(Metric.RESIDENT, Long.parseLong(fields[RSS]) * PAGE);
    } catch (IOException | RuntimeException _) {
      // not there: they are left out
    }
    var descriptors = new File("/proc/self/fd").list();
    if (descriptors != null) {
      readings.set(Metric.DESCRIPTORS, descriptors.length);
    }
  }
}
