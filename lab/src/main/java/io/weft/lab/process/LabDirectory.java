package io.weft.lab.process;

import java.io.IOException;
import java.nio.file.DirectoryNotEmptyException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;

/**
 * Where a lab keeps its state: {@code lab.json}, and for each host its configuration, socket, log
 * and process id. Nothing of it outlives the lab.
 */
public record LabDirectory(String lab) {
  /** All labs of this machine; on a file system that a reboot empties, as it does namespaces. */
  public static final Path ROOT = Path.of("/run/weft-lab");

  public Path path() {
    return ROOT.resolve(lab);
  }

  /** Held while something works on the lab. */
  public Path lock() {
    return ROOT.resolve(lab + ".lock");
  }

  public Path record() {
    return path().resolve("lab.json");
  }

  public Path host(String name) {
    return path().resolve("nodes").resolve(name);
  }

  public Path config(String host) {
    return host(host).resolve("config");
  }

  public Path socket(String host) {
    return host(host).resolve("weft.sock");
  }

  public Path log(String host) {
    return host(host).resolve("log");
  }

  public Path pid(String host) {
    return host(host).resolve("pid");
  }

  /** By which everything in the lab reaches the API server of a cluster. */
  public Path kubeconfig() {
    return path().resolve("kubeconfig");
  }

  /** Where an agent keeps a copy of what the API server says. */
  Path state(String host) {
    return host(host).resolve("state");
  }

  public boolean exists() {
    return Files.exists(path());
  }

  /** Hosts that have a directory, sorted. */
  public List<String> hosts() throws IOException {
    var nodes = path().resolve("nodes");
    if (!Files.isDirectory(nodes)) {
      return List.of();
    }
    try (var entries = Files.list(nodes)) {
      return entries.map(entry -> entry.getFileName().toString()).sorted().toList();
    }
  }

  /** Labs that have a directory, sorted. */
  public static List<String> labs() throws IOException {
    if (!Files.isDirectory(ROOT)) {
      return List.of();
    }
    try (var entries = Files.list(ROOT)) {
      return entries
          .filter(Files::isDirectory)
          .map(entry -> entry.getFileName().toString())
          .sorted()
          .toList();
    }
  }

  /** Deletes the directory with everything in it. */
  public void delete() throws IOException {
    if (!exists()) {
      return;
    }
    try (var entries = Files.walk(path())) {
      for (var entry : entries.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(entry);
      }
    }
  }

  /** Deletes the directory of all labs if this was the last one. */
  public static void deleteRootIfEmpty() throws IOException {
    try {
      Files.deleteIfExists(ROOT);
    } catch (DirectoryNotEmptyException _) {
      // Another lab is there.
    }
  }
}
