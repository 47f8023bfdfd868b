package io.weft.agent.addresses;

import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressRecord;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;

/**
 * A directory that the nodes of one machine share, or several machines by NFS 4: a JSON file for
 * each block and claim. A file is written beside and renamed, so that it is there as a whole or not
 * at all, and a lock that ends with its process keeps writers apart: nothing has to be mended after
 * a kill at any moment.
 */
public final class DirectoryStore implements AddressStore {
  /** Of one file; what is larger is not ours. */
  private static final int MAX_OCTETS = 64 * 1024;

  private static final Duration PATIENCE = Duration.ofSeconds(5);

  /** A directory that changed so recently may have changed again within the clock's step. */
  private static final Duration CLOCK_STEP = Duration.ofSeconds(1);

  /** Locks of files are those of the process: its threads keep apart by this. */
  private static final ReentrantLock THREADS = new ReentrantLock();

  private record Cached(Object file, FileTime changed, Stored<?> stored) {}

  private final Path directory;
  private final List<Path> kinds;
  private final FileChannel lock;
  private final Consumer<String> steps;
  private Map<Path, Cached> cache = new HashMap<>();
  private Optional<List<FileTime>> seen = Optional.empty();

  private DirectoryStore(Path directory, Consumer<String> steps) throws IOException {
    this.directory = directory;
    this.kinds = List.of(directory.resolve("blocks"), directory.resolve("claims"));
    this.steps = steps;
    for (var kind : kinds) {
      Files.createDirectories(
          kind, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    }
    this.lock =
        FileChannel.open(
            directory.resolve("lock"), StandardOpenOption.CREATE, StandardOpenOption.WRITE);
  }

  /**
   * Opens the directory, which is made where it is missing, for root alone.
   *
   * @throws IOException with the path that cannot be made or opened
   */
  public static DirectoryStore open(Path directory) throws IOException {
    return open(directory, _ -> {});
  }

  /** {@code steps} is told before each step of a write: a test ends it there. */
  static DirectoryStore open(Path directory, Consumer<String> steps) throws IOException {
    return new DirectoryStore(directory, steps);
  }

  // ---- read -------------------------------------------------------------------------------

  @Override
  public AddressState read() throws IOException {
    var times = times();
    var next = new HashMap<Path, Cached>();
    for (var kind : kinds) {
      try (var files = Files.newDirectoryStream(kind, "*.json")) {
        for (var file : files) {
          load(file).ifPresent(cached -> next.put(file, cached));
        }
      }
    }
    cache = next;
    var latest = Instant.now().minus(CLOCK_STEP);
    seen =
        Optional.of(times).filter(t -> t.stream().allMatch(at -> at.toInstant().isBefore(latest)));
    var records = new ArrayList<Stored<?>>();
    next.values().forEach(cached -> records.add(cached.stored()));
    return AddressState.of(records);
  }

  private List<FileTime> times() throws IOException {
    var times = new ArrayList<FileTime>();
    for (var kind : kinds) {
      times.add(Files.getLastModifiedTime(kind));
    }
    return times;
  }

  /** A renamed file is another one, so one that is the same has the same content. */
  private Optional<Cached> load(Path file) throws IOException {
    try {
      var attributes = Files.readAttributes(file, BasicFileAttributes.class);
      var known = cache.get(file);
      var key = String.valueOf(attributes.fileKey());
      if (known != null
          && known.file().equals(key)
          && known.changed().equals(attributes.lastModifiedTime())) {
        return Optional.of(known);
      }
      return Optional.of(new Cached(key, attributes.lastModifiedTime(), parse(file)));
    } catch (NoSuchFileException _) {
      return Optional.empty(); // removed meanwhile
    }
  }

  private static Stored<?> parse(Path file) throws IOException {
    try {
      if (Files.size(file) > MAX_OCTETS) {
        throw new IllegalArgumentException("it is larger than " + MAX_OCTETS + " octets");
      }
      var stored = RecordJson.read(RecordJson.parse(Files.readAllBytes(file)));
      if (!file.endsWith(relative(stored.record()))) {
        throw new IllegalArgumentException("it belongs into " + relative(stored.record()));
      }
      return stored;
    } catch (NoSuchFileException e) {
      throw e;
    } catch (IOException | IllegalArgumentException e) {
      throw new FileSystemException(
          file.toString(), null, "cannot be understood; mend or remove it: " + e.getMessage());
    }
  }

  private static Path relative(AddressRecord record) {
    return Path.of(record instanceof AddressBlock ? "blocks" : "claims", record.name() + ".json");
  }

  @Override
  public boolean mayHaveChanged() throws IOException {
    return !seen.equals(Optional.of(times()));
  }

  // ---- write ------------------------------------------------------------------------------

  @Override
  public boolean write(AddressWrite write) throws IOException {
    THREADS.lock();
    try (var _ = locked()) {
      var file = directory.resolve(relative(write.record()));
      var current = load(file).map(cached -> cached.stored().version());
      switch (write) {
        case AddressWrite.Create _ -> {
          if (current.isPresent()) {
            return false;
          }
          requireRoom(write.record());
          put(file, write.record());
        }
        case AddressWrite.Replace(_, var version) -> {
          if (!current.equals(Optional.of(version))) {
            return false;
          }
          put(file, write.record());
        }
        case AddressWrite.Remove(_, var version) -> {
          if (!current.equals(Optional.of(version))) {
            return false;
          }
          step("remove");
          Files.delete(file);
          sync(file);
        }
      }
      return true;
    } finally {
      THREADS.unlock();
    }
  }

  /** Whoever dies gives it back; whoever is stopped with it keeps the others waiting for 5 s. */
  private FileLock locked() throws IOException {
    long until = System.nanoTime() + PATIENCE.toNanos(); // a clock that is set waits for nobody
    for (var held = lock.tryLock(); ; held = lock.tryLock()) {
      if (held != null) {
        return held;
      }
      if (System.nanoTime() - until > 0) {
        throw new FileSystemException(
            directory.resolve("lock").toString(),
            null,
            "another process has kept it locked for " + PATIENCE.toSeconds() + " s");
      }
      try {
        Thread.sleep(2);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IOException("interrupted", e);
      }
    }
  }

  private void requireRoom(AddressRecord record) throws IOException {
    long claims = count(kinds.getLast());
    if (record instanceof AddressClaim && claims >= MAX_CLAIMS) {
      throw new FileSystemException(
          directory.toString(),
          null,
          "has %d claims, the most it may: 'weft addresses delete' those that nobody needs"
              .formatted(claims));
    }
    long count = claims + count(kinds.getFirst());
    if (count >= MAX_RECORDS) {
      throw new FileSystemException(
          directory.toString(), null, "has " + count + " blocks and claims, the most it may");
    }
  }

  private static long count(Path kind) throws IOException {
    try (var files = Files.list(kind)) {
      return files.count();
    }
  }

  private void put(Path file, AddressRecord record) throws IOException {
    var fresh = directory.resolve("new"); // a leftover of a dead process is overwritten
    step("open");
    try (var channel =
        FileChannel.open(
            fresh,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      var octets =
          ByteBuffer.wrap(
              RecordJson.octets(RecordJson.document(record, UUID.randomUUID().toString())));
      octets.limit(octets.capacity() / 2);
      step("write half");
      channel.write(octets);
      octets.limit(octets.capacity());
      step("write rest");
      while (octets.hasRemaining()) {
        channel.write(octets);
      }
      step("sync file");
      channel.force(true);
    }
    step("rename");
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
    sync(file);
  }

  private void sync(Path file) throws IOException {
    step("sync directory");
    var parent = file.getParent();
    try (var channel =
        FileChannel.open(parent == null ? directory : parent, StandardOpenOption.READ)) {
      channel.force(true);
    }
    step("unlock");
  }

  private void step(String name) {
    steps.accept(name);
  }

  @Override
  public void close() throws IOException {
    lock.close();
  }
}
