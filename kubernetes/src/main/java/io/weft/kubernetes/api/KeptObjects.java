package io.weft.kubernetes.api;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Function;

/**
 * A directory, for root alone, with a copy of what was read of an API server: a file for each
 * collection. A process that starts while the server is away goes on with it. What is there is of
 * use only with the same server, known by its address and the authorities that sign for it; a copy
 * of another is said to be, and left alone until there is something better. When the authorities
 * are exchanged, copies are written again as theirs once the server is heard.
 */
public final class KeptObjects {
  /**
   * An older copy is not used: networks, VNIs and nodes may be others by then. What a node may have
   * to itself alone is kept for less ({@link #collection(ApiCollection, Function,
   * ScheduledExecutorService, Duration)}).
   */
  public static final Duration OLDEST = Duration.ofHours(24);

  private final Path directory;
  private final ApiAccess access;
  private final List<KeptCollection> collections = new CopyOnWriteArrayList<>();

  private KeptObjects(Path directory, ApiAccess access) {
    this.directory = directory;
    this.access = access;
  }

  /**
   * Opens the directory, which is made where it is missing.
   *
   * @param access to the server
   * @throws IOException when it cannot be made, or when others than its owner may write into it
   */
  public static KeptObjects open(Path directory, ApiAccess access) throws IOException {
    Files.createDirectories(
        directory,
        PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
    requireOwn(directory);
    return new KeptObjects(directory, access);
  }

  /** Whoever else could write there could give this process an intent of his own. */
  static void requireOwn(Path path) throws IOException {
    var permissions = Files.getPosixFilePermissions(path);
    var owner = Files.getAttribute(path, "unix:uid");
    var self = Files.getAttribute(Path.of("/proc/self"), "unix:uid");
    if (!owner.equals(self)
        || permissions.contains(PosixFilePermission.GROUP_WRITE)
        || permissions.contains(PosixFilePermission.OTHERS_WRITE)) {
      throw new IOException(
          path
              + " is not this process's alone: its owner is user "
              + owner
              + ", its permissions "
              + PosixFilePermissions.toString(permissions));
    }
  }

  /**
   * The file of a collection.
   *
   * @param keep what of an object is to be kept; empty: nothing
   * @param timer writes the file
   */
  public KeptCollection collection(
      ApiCollection collection,
      Function<JsonNode, Optional<JsonNode>> keep,
      ScheduledExecutorService timer) {
    return collection(collection, keep, timer, OLDEST);
  }

  /**
   * The file of a collection, which is not used when the server has not confirmed it for so long.
   *
   * @param keep as above
   * @param timer as above
   */
  public KeptCollection collection(
      ApiCollection collection,
      Function<JsonNode, Optional<JsonNode>> keep,
      ScheduledExecutorService timer,
      Duration oldest) {
    var name = collection.path().replaceFirst("^/apis?/", "").replace('/', '.') + ".json";
    var kept = new KeptCollection(directory.resolve(name), access, keep, timer, oldest);
    collections.add(kept);
    return kept;
  }

  /** When the oldest copy was confirmed that is gone on with; empty: the server itself is heard. */
  public Optional<Instant> oldestInUse() {
    return collections.stream()
        .flatMap(each -> each.inUse().stream())
        .min(Comparator.naturalOrder());
  }

  /** What is wrong, a line each. */
  public List<String> problems() {
    var problems = new ArrayList<String>();
    collections.forEach(each -> each.problem().ifPresent(problems::add));
    return problems;
  }

  /** All permissions that a file here has. */
  static Set<PosixFilePermission> forOwner() {
    return PosixFilePermissions.fromString("rw-------");
  }
}
