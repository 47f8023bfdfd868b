package io.weft.agent.record;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.BufferedWriter;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The files of a recording, numbered; each begins with a head and a snapshot. Together they have
 * {@code mostOctets}, or half as much more where much happens at once: the oldest go. A segment
 * takes as many octets of steps as its snapshot has, at least: the disk is not written full of
 * snapshots. Only the owner may read them.
 */
final class Segments implements AutoCloseable {
  /** Of so many segments the oldest goes. */
  private static final int SEGMENTS = 8;

  private static final String PREFIX = "events-";
  private static final String SUFFIX = ".jsonl";

  private final Path directory;
  private final long mostOctets;
  private long number;
  private long written;

  /** How much of it is the snapshot of the segment that has begun. */
  private long snapshot;

  private Optional<BufferedWriter> current = Optional.empty();

  private Segments(Path directory, long mostOctets, long number) {
    this.directory = directory;
    this.mostOctets = mostOctets;
    this.number = number;
  }

  /** Makes the directory where it is missing; what is in it stays until it is too much. */
  static Segments open(Path directory, long mostOctets) throws IOException {
    if (!Files.isDirectory(directory)) {
      Files.createDirectories(
          directory,
          PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    var there = list(directory);
    return new Segments(directory, mostOctets, there.isEmpty() ? 0 : number(there.getLast()));
  }

  /** The segments in a directory, oldest first. */
  static List<Path> list(Path directory) throws IOException {
    try (var files = Files.list(directory)) {
      return files
          .filter(file -> file.getFileName().toString().matches(PREFIX + "[0-9]{8}\\.jsonl"))
          .sorted()
          .toList();
    }
  }

  private static long number(Path segment) {
    var name = segment.getFileName().toString();
    return Long.parseLong(name.substring(PREFIX.length(), name.length() - SUFFIX.length()));
  }

  /** Of the steps of a segment. */
  private long share() {
    return Math.max(mostOctets / SEGMENTS, snapshot);
  }

  /** True when the segment has so many times the steps that one should, or far too many. */
  boolean isFull(int times) {
    return written - snapshot >= Math.min(times * share(), share() + mostOctets / 2);
  }

  /**
   * Begins a segment, and takes away the oldest where there is too much.
   *
   * @param lines the head and the snapshot
   * @throws IOException when it cannot be written, or has more than half of what a recording may
   *     have; nothing is left of it then
   */
  void begin(Stream<JsonNode> lines) throws IOException {
    close();
    makeRoom(list(directory), mostOctets / SEGMENTS);
    var file = directory.resolve(String.format(Locale.ROOT, "%s%08d%s", PREFIX, ++number, SUFFIX));
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    current = Optional.of(Files.newBufferedWriter(file, StandardCharsets.UTF_8));
    written = 0;
    try {
      for (var line : (Iterable<JsonNode>) lines::iterator) {
        add(line);
        requireShort();
      }
      flush();
    } catch (IOException e) {
      Files.delete(file);
      throw e;
    }
    snapshot = written;
    var others = list(directory);
    makeRoom(others.subList(0, others.size() - 1), snapshot + share());
  }

  private void requireShort() throws IOException {
    if (written > mostOctets / 2) {
      throw new IOException(
          "a snapshot of the node alone has more than half of the %d MiB of a recording; more: --record-mebibytes"
              .formatted(mostOctets >> 20));
    }
  }

  /** Takes away the oldest of these, until so many octets are free. */
  private void makeRoom(List<Path> segments, long free) throws IOException {
    long octets = 0;
    for (var segment : segments) {
      octets += Files.size(segment);
    }
    for (var segment : segments) {
      if (octets > mostOctets - free) {
        octets -= Files.size(segment);
        Files.delete(segment);
      }
    }
  }

  /** Adds a line to the segment that has begun. */
  void add(JsonNode line) throws IOException {
    var text = line.toString();
    var writer = current.orElseThrow();
    writer.write(text);
    writer.newLine();
    written += text.length() + 1L;
  }

  /** What was added is in the file. */
  void flush() throws IOException {
    if (current.isPresent()) {
      current.get().flush();
    }
  }

  @Override
  public void close() throws IOException {
    if (current.isPresent()) {
      current.get().close();
      current = Optional.empty();
    }
  }
}
