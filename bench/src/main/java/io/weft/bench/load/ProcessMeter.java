package io.weft.bench.load;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Time and memory of a process and of the machine, from /proc (proc(5)). */
public final class ProcessMeter {
  /** USER_HZ: 100 on every architecture that Linux and Java share. */
  private static final double TICKS_PER_SECOND = 100;

  private ProcessMeter() {}

  /** User and system time since its start, seconds; steps of 10 ms. */
  public static double cpuSeconds(long pid) throws IOException {
    var stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
    var fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
    return (Long.parseLong(fields[11]) + Long.parseLong(fields[12])) / TICKS_PER_SECOND;
  }

  /** Time that all cores together were not idle since the machine's start, seconds. */
  public static double machineSeconds() throws IOException {
    var fields = Files.readAllLines(Path.of("/proc/stat")).getFirst().split(" +", -1);
    long busy = 0;
    for (int i = 1; i <= 8; i++) { // user nice system idle iowait irq softirq steal
      busy += i == 4 || i == 5 ? 0 : Long.parseLong(fields[i]);
    }
    return busy / TICKS_PER_SECOND;
  }

  /** Resident memory now, kB. */
  public static long residentKilobytes(long pid) throws IOException {
    return status(pid, "VmRSS:");
  }

  /** Most resident memory since the start, kB. */
  public static long peakKilobytes(long pid) throws IOException {
    return status(pid, "VmHWM:");
  }

  private static long status(long pid, String name) throws IOException {
    for (var line : Files.readAllLines(Path.of("/proc/" + pid + "/status"))) {
      if (line.startsWith(name)) {
        return Long.parseLong(line.replaceAll("[^0-9]", ""));
      }
    }
    throw new IOException("/proc/" + pid + "/status has no " + name);
  }
}
