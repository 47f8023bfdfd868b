package io.weft.lab.run;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.lab.cluster.ClusterApi;
import io.weft.lab.cluster.ClusterFile;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.LabFailure;
import io.weft.linux.ffi.LinuxException;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

/**
 * The commands of {@code weft lab}. Each gives the exit code: {@link #OK}, {@link #FAILED} or
 * {@link #UNUSABLE}. Ctrl-C ends a run as its end does: nothing is left behind.
 */
public final class LabCommands {
  /** Everything held. */
  public static final int OK = 0;

  /** A check does not hold, or the lab did not come up. */
  public static final int FAILED = 1;

  /** The topology file, the usage or the machine does not allow a lab. */
  public static final int UNUSABLE = 2;

  private static final int CLEAN_UP_SECONDS = 30;

  private final PrintStream out;
  private final PrintStream err;
  private final boolean colour;

  /** {@code colour} is for a terminal. */
  public LabCommands(PrintStream out, PrintStream err, boolean colour) {
    this.out = out;
    this.err = err;
    this.colour = colour;
  }

  private interface Work {
    int run() throws IOException, InterruptedException, LabFailure;
  }

  /**
   * Builds the lab, checks it, removes it.
   *
   * @param json one JSON document on {@code out} and nothing else; progress then goes to {@code
   *     err}
   * @param keep leave the lab standing, for {@link #down}
   * @param timed also check what asks for a quick machine
   */
  public int run(Path file, boolean json, boolean keep, boolean timed) {
    return guarded(json, () -> interruptible(() -> runUnguarded(file, json, keep, timed)));
  }

  private int runUnguarded(Path file, boolean json, boolean keep, boolean timed)
      throws IOException, InterruptedException, LabFailure {
    var progress = new Progress(json ? err : out, colour);
    try (var lab = Lab.open(file, Lab.read(file))) {
      var run = new LabRun(lab, progress);
      boolean kept = false;
      try {
        var running = run.up();
        run.check(running, timed);
        if (keep) {
          lab.keep();
          kept = true;
        }
      } finally {
        if (!kept) {
          remove(lab, progress);
        }
      }
      return finish(run.report(), progress, json);
    }
  }

  /**
   * The same with a Kubernetes cluster: one file of its objects, an API server and controllers in
   * the lab.
   */
  public int runCluster(Path file, boolean json) {
    return guarded(json, () -> interruptible(() -> runClusterUnguarded(file, json)));
  }

  private int runClusterUnguarded(Path path, boolean json)
      throws IOException, InterruptedException, LabFailure {
    var progress = new Progress(json ? err : out, colour);
    var file = ClusterFile.read(path);
    try (var lab = Lab.open(path, file.topology())) {
      var run = new ClusterRun(file, lab, progress);
      try {
        run.run();
      } finally {
        remove(lab, progress);
      }
      return finish(run.report(), progress, json);
    }
  }

  /** The same in a cluster that is there, by the current context of a kubeconfig; needs no root. */
  public int runInCluster(Path file, Path kubeconfig, boolean json) {
    return guarded(json, () -> interruptible(() -> runInClusterUnguarded(file, kubeconfig, json)));
  }

  private int runInClusterUnguarded(Path path, Path kubeconfig, boolean json)
      throws IOException, InterruptedException, LabFailure {
    var progress = new Progress(json ? err : out, colour);
    var file = ClusterFile.read(path);
    try (var api = new ClusterApi(new ApiClient(ApiAccess.ofKubeconfigOfPerson(kubeconfig)))) {
      var run = new GivenClusterRun(file, api, progress);
      run.run();
      return finish(run.report(), progress, json);
    }
  }

  private int finish(LabReport report, Progress progress, boolean json) {
    if (json) {
      out.println(report.json(progress.seconds()));
      out.flush();
    } else {
      progress.step(
          report.ok() ? "all hold" : "FAILED",
          report.ok() ? report.size() + " checks" : String.join(", ", report.failed()));
    }
    return report.ok() ? OK : FAILED;
  }

  /** Builds the lab and leaves it standing. */
  public int up(Path file) {
    return guarded(
        false,
        () ->
            interruptible(
                () -> {
                  var progress = new Progress(out, colour);
                  try (var lab = Lab.open(file, Lab.read(file))) {
                    boolean kept = false;
                    try {
                      new LabRun(lab, progress).up();
                      lab.keep();
                      kept = true;
                    } finally {
                      if (!kept && !isUp(lab)) {
                        remove(lab, progress);
                      }
                    }
                    progress.step(
                        "up",
                        "look inside: weft lab status; end it: weft lab down " + lab.plan().lab());
                    return OK;
                  }
                }));
  }

  private static boolean isUp(Lab lab) throws IOException {
    return LabRecord.read(new LabDirectory(lab.plan().lab()))
        .filter(LabRecord::isComplete)
        .isPresent();
  }

  /** Removes a lab, by its name or by its topology file. */
  public int down(String nameOrFile) {
    return guarded(
        false,
        () -> {
          var directory = new LabDirectory(nameOf(nameOrFile));
          if (!directory.exists()) {
            throw new LabFailure("there is no lab " + directory.lab() + "; see weft lab status");
          }
          try (var _ = LabLock.take(directory)) {
            Removal.remove(directory);
          }
          out.println(directory.lab() + " is down");
          return OK;
        });
  }

  private static String nameOf(String nameOrFile) throws LabFailure {
    if (Files.isDirectory(new LabDirectory(Path.of(nameOrFile).getFileName().toString()).path())
        && nameOrFile.indexOf('/') < 0) {
      return nameOrFile;
    }
    return Files.isRegularFile(Path.of(nameOrFile))
        ? Lab.read(Path.of(nameOrFile)).name()
        : Path.of(nameOrFile).getFileName().toString();
  }

  /** Says which labs are up, with the namespace of each of their parts. */
  public int status(boolean json) {
    return guarded(
        json,
        () -> {
          var status = LabStatus.read();
          out.print(json ? LabReport.text(status.json(new ObjectMapper())) + "\n" : status.text());
          out.flush();
          return OK;
        });
  }

  /** An interrupt must not cut the removal short. */
  private static void remove(Lab lab, Progress progress) throws IOException, InterruptedException {
    boolean interrupted = Thread.interrupted();
    lab.remove();
    progress.step("down", "removed processes, namespaces and files");
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** Ctrl-C interrupts the work and waits until it has cleaned up. */
  private static int interruptible(Work work) throws IOException, InterruptedException, LabFailure {
    var worker = Thread.currentThread();
    var done = new CountDownLatch(1);
    var hook =
        new Thread(
            () -> {
              worker.interrupt();
              awaitQuietly(done);
            },
            "lab clean-up");
    Runtime.getRuntime().addShutdownHook(hook);
    try {
      return work.run();
    } finally {
      done.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException _) {
        // The hook is what has ended the work.
      }
    }
  }

  private static void awaitQuietly(CountDownLatch done) {
    try {
      boolean _ = done.await(CLEAN_UP_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private int guarded(boolean json, Work work) {
    try {
      return work.run();
    } catch (LabFailure e) {
      return failed(json, UNUSABLE, String.valueOf(e.getMessage()));
    } catch (IOException | LinuxException e) {
      return failed(json, FAILED, String.valueOf(e.getMessage()));
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return failed(json, FAILED, "ended before its end");
    }
  }

  private int failed(boolean json, int code, String message) {
    if (json) {
      out.println(LabReport.failure(message));
    }
    message.lines().forEach(line -> err.println("weft lab: " + line));
    out.flush();
    err.flush();
    return code;
  }
}
