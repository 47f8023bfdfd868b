package io.weft.lab.run;

import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.ProcessIdentity;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;

/**
 * Removes a lab by what it has written down, however far it had come: its processes, its namespaces
 * and those of its agents, its directory. Nothing else is touched.
 */
final class Removal {
  /** How long a process has to end by itself. */
  private static final Duration GRACE = Duration.ofSeconds(5);

  private Removal() {}

  static void remove(LabDirectory directory) throws IOException, InterruptedException {
    endProcesses(directory);
    var record = LabRecord.read(directory);
    if (record.isPresent()) {
      for (var name : NetworkNamespaces.list()) {
        if (record.get().owns(name)) {
          NetworkNamespaces.deleteIfExists(name);
        }
      }
    }
    directory.delete();
  }

  private static void endProcesses(LabDirectory directory)
      throws IOException, InterruptedException {
    var processes = new ArrayList<ProcessIdentity>();
    for (var host : directory.hosts()) {
      ProcessIdentity.read(directory.pid(host)).ifPresent(processes::add);
    }
    processes.forEach(ProcessIdentity::terminate);
    long deadline = System.nanoTime() + GRACE.toNanos();
    for (var process : processes) {
      var left = Duration.ofNanos(Math.max(0, deadline - System.nanoTime()));
      if (!process.awaitEnd(left)) {
        process.kill();
        process.awaitEnd(GRACE);
      }
    }
  }
}
