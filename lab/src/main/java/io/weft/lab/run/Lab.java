package io.weft.lab.run;

import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.fabric.FabricPlanner;
import io.weft.lab.fabric.Underlay;
import io.weft.lab.process.FrrDaemons;
import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.LabFailure;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.lab.topology.TopologyReader;
import io.weft.lab.topology.TopologyReading;
import io.weft.linux.KernelFeatures;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Collectors;

/** A lab under its lock: what was left of it is removed, it is built, it is removed. */
public final class Lab implements AutoCloseable {
  private final Path file;
  private final FabricPlan plan;
  private final LabDirectory directory;
  private final LabLock lock;

  private Lab(Path file, FabricPlan plan, LabDirectory directory, LabLock lock) {
    this.file = file;
    this.plan = plan;
    this.directory = directory;
    this.lock = lock;
  }

  /**
   * Takes the lock; nothing is made yet.
   *
   * @throws LabFailure when this machine, or this user, cannot have a lab
   */
  public static Lab open(Path file, Topology topology) throws IOException, LabFailure {
    requireMachine();
    if (!topology.gateways().isEmpty() || !topology.speaking().isEmpty()) {
      FrrDaemons.requireInstalled(
          "gateways of the topology, and endpoints with asn, are FRR; or remove them");
    }
    var directory = new LabDirectory(topology.name());
    return new Lab(file, FabricPlanner.plan(topology), directory, LabLock.take(directory));
  }

  /**
   * The topology of a file.
   *
   * @throws LabFailure with every problem on a line of its own
   */
  public static Topology read(Path file) throws LabFailure {
    byte[] octets;
    try {
      octets = Files.readAllBytes(file);
    } catch (IOException e) {
      throw new LabFailure("cannot read " + file + ": " + e, e);
    }
    return switch (TopologyReader.read(file.toString(), octets)) {
      case TopologyReading.Good(var topology) -> topology;
      case TopologyReading.Bad(var problems) ->
          throw new LabFailure(
              problems.stream().map(Object::toString).collect(Collectors.joining("\n")));
    };
  }

  private static void requireMachine() throws LabFailure {
    if (!System.getProperty("os.name", "").equals("Linux")) {
      throw new LabFailure("a lab is made of network namespaces of the Linux kernel");
    }
    try {
      if (!Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0)) {
        throw new LabFailure("a lab makes network namespaces and needs root; use sudo");
      }
    } catch (IOException e) {
      throw new LabFailure("cannot find out who runs this: " + e, e);
    }
    var missing = KernelFeatures.probe().missing();
    if (!missing.isEmpty()) {
      throw new LabFailure(String.join("\n", missing));
    }
  }

  /** What it is made of. */
  public FabricPlan plan() {
    return plan;
  }

  /**
   * Removes what a run left that could not clean up.
   *
   * @return true when there was something
   * @throws LabFailure when the lab is up because somebody wants it to be
   */
  public boolean clear() throws IOException, InterruptedException, LabFailure {
    if (!directory.exists()) {
      return false;
    }
    var record = LabRecord.read(directory);
    if (record.isPresent() && record.get().isComplete()) {
      throw new LabFailure(
          "the lab " + plan.lab() + " is up; end it first: weft lab down " + plan.lab());
    }
    Removal.remove(directory);
    return true;
  }

  /** Builds namespaces, links and routes; whoever calls this removes what a failure leaves. */
  public RunningLab build() throws IOException, LabFailure {
    return build(false);
  }

  /** As {@link #build()}, for nodes whose resources are on an API server. */
  public RunningLab buildCluster() throws IOException, LabFailure {
    return build(true);
  }

  private RunningLab build(boolean cluster) throws IOException, LabFailure {
    var record = LabRecord.of(plan, file, directory);
    record.requireNothingThere(NetworkNamespaces.list());
    record.write(directory);
    try {
      Underlay.build(plan);
    } catch (LinuxException e) {
      throw new LabFailure("cannot build the fabric: " + e.getMessage(), e);
    }
    return new RunningLab(plan, directory, cluster);
  }

  /** From now on the lab is meant to stay when this process ends. */
  void keep() throws IOException {
    var record = LabRecord.of(plan, file, directory);
    record.complete();
    record.write(directory);
  }

  /** Ends its processes and removes its namespaces and files. */
  public void remove() throws IOException, InterruptedException {
    Removal.remove(directory);
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
