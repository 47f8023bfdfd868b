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

/**
 * The files of a recording, numbered; each begins with a head and a snapshot. Together they have
 * {@code mostOctets}, or half as much more where much happens at once: the oldest go. Only the
 * owner may read them.
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

  /** True when the segment has so many times what one should. */
  boolean isFull(int times) {
    return written >= times * (mostOctets / SEGMENTS);
  }

  /** Begins a segment, and takes away the oldest where there is too much. */
  void begin() throws IOException {
    close();
    var all = list(directory);
    long octets = 0;
    for (var segment : all) {
      octets += Files.size(segment);
    }
    for (var segment : all) {
      if (octets > mostOctets - mostOctets / SEGMENTS) {
        octets -= Files.size(segment);
        Files.delete(segment);
      }
    }
    var file = directory.resolve(String.format(Locale.ROOT, "%s%08d%s", PREFIX, ++number, SUFFIX));
    Files.createFile(
        file, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
    current = Optional.of(Files.newBufferedWriter(file, StandardCharsets.UTF_8));
    written = 0;
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
