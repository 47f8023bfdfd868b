package io.weft.kubernetes.api;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.zip.CRC32C;

/**
 * The copy of one collection: a line that says whose it is and what follows, then an object a line.
 * It is written beside and renamed, when something has changed, and every five seconds at most. 16
 * MiB at most; a larger collection is not kept, and that is said. The time of the file is when the
 * server last said that it is so, of all that is in it; one that is too old is not used: what it
 * says may be others' by now.
 */
public final class KeptCollection {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FORMAT = "weft-kept-objects/1";
  private static final int MAX_OCTETS = 16 << 20;
  private static final int SECONDS_BETWEEN_WRITES = 5;

  /** Clocks may differ so much from what they were before a reboot. */
  private static final Duration AHEAD = Duration.ofMinutes(5);

  private final Path file;
  private final ApiAccess access;
  private final Function<JsonNode, Optional<JsonNode>> keep;
  private final ScheduledExecutorService timer;
  private final Duration oldest;

  /** Held while the file is written, so that what was so later is written later. */
  private final Object writing = new Object();

  // Guarded by this.
  private final TreeMap<String, byte[]> objects = new TreeMap<>();

  /**
   * What is in the file in place of an object.
   *
   * @param over the call is over that changes the object
   * @param since the version that the object had after the call; empty when that is not known
   */
  private record Instead(Optional<byte[]> object, boolean over, Optional<String> since) {}

  private final TreeMap<String, Instead> withheld = new TreeMap<>();

  private Optional<String> problem = Optional.empty();
  private Optional<Instant> inUse = Optional.empty();
  private boolean scheduled;

  /** The server or the copy has told what there is. */
  private boolean known;

  /** Counts what was told of the objects. */
  private long told;

  /** What of it the file has: while that is less, nothing confirms the file. */
  private long written = -1;

  /** As whose the file was written. */
  private String server = "";

  private Instant confirmed = Instant.EPOCH;

  KeptCollection(
      Path file,
      ApiAccess access,
      Function<JsonNode, Optional<JsonNode>> keep,
      ScheduledExecutorService timer,
      Duration oldest) {
    this.file = file;
    this.access = access;
    this.keep = keep;
    this.timer = timer;
    this.oldest = oldest;
  }

  // ---- what the watch says ------------------------------------------------------------------

  /** What is kept of an object, to be given to {@link #listed} or {@link #changed}. */
  public Optional<byte[]> octets(JsonNode object) {
    return keep.apply(object).map(KeptCollection::octetsOf);
  }

  private static byte[] octetsOf(JsonNode object) {
    return object.toString().getBytes(StandardCharsets.UTF_8);
  }

  public synchronized void listed(SortedMap<String, byte[]> all) {
    objects.clear();
    objects.putAll(all);
    known = true;
    withheld.entrySet().removeIf(each -> each.getValue().over() && !isBehind(each));
    inUse = Optional.empty();
    told++;
    schedule(0); // what is there may be older than a process that is killed now
  }

  synchronized void changed(String key, Optional<byte[]> object) {
    object.ifPresentOrElse(octets -> objects.put(key, octets), () -> objects.remove(key));
    forgetInstead(key);
    told++;
    schedule(SECONDS_BETWEEN_WRITES);
  }

  synchronized void removed(String key) {
    objects.remove(key);
    forgetInstead(key);
    told++;
    schedule(SECONDS_BETWEEN_WRITES);
  }

  private void forgetInstead(String key) {
    withheld
        .entrySet()
        .removeIf(each -> each.getKey().equals(key) && each.getValue().over() && !isBehind(each));
  }

  /** What was told of the object last is of a time before the call. */
  private boolean isBehind(Map.Entry<String, Instead> entry) {
    var object = Optional.ofNullable(objects.get(entry.getKey()));
    var since = entry.getValue().since();
    return object.isPresent()
        && since.isPresent()
        && ResourceVersions.compare(version(object.get()), since.get()) < 0;
  }

  private static String version(byte[] object) {
    try {
      return JSON.readTree(object).at("/metadata/resourceVersion").asText();
    } catch (IOException e) {
      throw new IllegalStateException("made of JSON by octets()", e);
    }
  }

  /**
   * A call of ours is about to change an object: it is not in the file when this returns, for
   * whoever starts with the file must not have what was given back, nor give away what was taken.
   * It is in it again once what was told of it is not of before the call, which {@link #release}
   * ends.
   *
   * @param key its name; behind its namespace and a slash, if it has one
   * @param instead what is in the file meanwhile, as {@link #octets} made it
   * @throws IOException when the file has it still, and cannot be deleted either
   */
  public void withhold(String key, Optional<byte[]> instead) throws IOException {
    synchronized (this) {
      withheld.put(key, new Instead(instead, false, Optional.empty()));
      told++;
    }
    synchronized (writing) {
      if (Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        rewrite();
      }
    }
  }

  /**
   * The server has said nothing: the file is as old as it was. Where that cannot be, or what there
   * is is not known, there is none any more, for it would be believed.
   */
  private void rewrite() throws IOException {
    try {
      var at = Files.getLastModifiedTime(file);
      if (isKnown() && writeAlone()) {
        Files.setLastModifiedTime(file, at);
        return;
      }
    } catch (IOException e) {
      synchronized (this) {
        problem = Optional.of("the copy " + file + " cannot be written: " + e);
      }
    }
    try {
      Files.deleteIfExists(file);
    } catch (IOException e) {
      throw new IOException(
          "nothing is written to the API: the copy %s has it as it was, and can be neither written nor deleted: %s"
              .formatted(file, e),
          e);
    }
  }

  private synchronized boolean isKnown() {
    return known;
  }

  /**
   * The call is over. The watch may have been faster than the answer: then nothing more is told of
   * the object, and it is in the file again with the next write.
   *
   * @param since the version that the object had then; empty when nobody knows what came of the
   *     call, or the object has gone: the next that is told of it counts
   */
  public synchronized void release(String key, Optional<String> since) {
    withheld.computeIfPresent(key, (_, instead) -> new Instead(instead.object(), true, since));
    if (since.isPresent() && objects.containsKey(key)) {
      forgetInstead(key);
      told++;
      schedule(SECONDS_BETWEEN_WRITES);
    }
  }

  /**
   * The server is heard, and what was told of it holds: so does the file, when it has all that was
   * told. One that could not be written is as old as it is, and is written again.
   */
  void confirmed() {
    var now = Instant.now();
    synchronized (this) {
      if (written != told) {
        if (problem.isPresent()) {
          schedule(SECONDS_BETWEEN_WRITES);
        }
        return;
      }
      if (now.isBefore(confirmed.plusSeconds(SECONDS_BETWEEN_WRITES))) {
        return;
      }
      confirmed = now;
      if (!server.equals(fingerprint().orElse(server))) {
        schedule(0); // the server is known by other authorities now
        return;
      }
    }
    try {
      Files.setLastModifiedTime(file, FileTime.from(now));
    } catch (IOException _) {
      // There is none, which is said when it is written.
    }
  }

  /** Empty while the file of the authorities cannot be read, as when it is being exchanged. */
  private Optional<String> fingerprint() {
    try {
      return Optional.of(access.fingerprint());
    } catch (IOException _) {
      return Optional.empty();
    }
  }

  private void schedule(int seconds) {
    if (scheduled) {
      return;
    }
    try {
      var _ = timer.schedule(this::write, seconds, TimeUnit.SECONDS);
      scheduled = true;
    } catch (RejectedExecutionException _) {
      // It is closing; the copy is as old as the last write.
    }
  }

  // ---- the file -----------------------------------------------------------------------------

  private void write() {
    synchronized (writing) {
      boolean _ = writeAlone();
    }
  }

  /** Whether the file has all now. */
  private boolean writeAlone() {
    List<byte[]> now;
    long upTo;
    synchronized (this) {
      scheduled = false;
      upTo = told;
      var kept = new TreeMap<>(objects);
      withheld.forEach(
          (key, instead) ->
              instead
                  .object()
                  .ifPresentOrElse(octets -> kept.put(key, octets), () -> kept.remove(key)));
      now = List.copyOf(kept.values());
    }
    Optional<String> failure = Optional.empty();
    var as = "";
    try {
      as = access.fingerprint();
      var document = document(now, as);
      if (document.isPresent()) {
        put(document.get());
      } else {
        Files.deleteIfExists(file); // what it says is not so any more
        failure =
            Optional.of(
                "there is no copy %s: the objects have more than %d octets"
                    .formatted(file, MAX_OCTETS));
      }
    } catch (IOException e) {
      failure = Optional.of("the copy " + file + " cannot be written: " + e);
    }
    synchronized (this) {
      problem = failure;
      if (failure.isEmpty()) {
        written = upTo;
        server = as;
      }
    }
    return failure.isEmpty();
  }

  /** The whole file; empty when it would be too large. */
  private Optional<byte[]> document(List<byte[]> all, String as) throws IOException {
    var body = new ByteArrayOutputStream();
    for (var object : all) {
      body.write(object);
      body.write('\n');
      if (body.size() > MAX_OCTETS) {
        return Optional.empty();
      }
    }
    var header =
        JSON.createObjectNode()
            .put("format", FORMAT)
            .put("server", as)
            .put("objects", all.size())
            .put("crc32c", checksum(body.toByteArray()));
    var document = new ByteArrayOutputStream();
    document.write((header + "\n").getBytes(StandardCharsets.UTF_8));
    document.write(body.toByteArray());
    return Optional.of(document.toByteArray());
  }

  private static long checksum(byte[] octets) {
    var sum = new CRC32C();
    sum.update(octets, 0, octets.length);
    return sum.getValue();
  }

  private void put(byte[] document) throws IOException {
    var fresh = file.resolveSibling("." + file.getFileName()); // a leftover is overwritten
    Files.deleteIfExists(fresh);
    try (var channel =
        FileChannel.open(
            fresh,
            EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(KeptObjects.forOwner()))) {
      var octets = ByteBuffer.wrap(document);
      while (octets.hasRemaining()) {
        channel.write(octets);
      }
      channel.force(true);
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }

  /**
   * The objects of the copy, which is in use from now on until the server is heard; empty when
   * there is none that can be used, of which {@link #problem} says why.
   */
  public Optional<List<JsonNode>> read() {
    try {
      if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
        throw new NoSuchFileException(file.toString());
      }
      KeptObjects.requireOwn(file);
      if (Files.size(file) > 2L * MAX_OCTETS) {
        throw new IOException("it is larger than any that was written");
      }
      var at = Files.getLastModifiedTime(file).toInstant();
      requireYoung(at);
      return Optional.of(parse(Files.readAllBytes(file), at));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      var words =
          e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
      synchronized (this) {
        problem = Optional.of("the copy " + file + " is not used: " + words);
      }
      return Optional.empty();
    }
  }

  private void requireYoung(Instant at) throws IOException {
    var age = Duration.between(at, Instant.now()).truncatedTo(ChronoUnit.SECONDS);
    if (age.compareTo(oldest) > 0) {
      throw new IOException(
          "the server confirmed it last at %s, more than %d h ago: what it says may be others' by now"
              .formatted(at.truncatedTo(ChronoUnit.SECONDS), oldest.toHours()));
    }
    if (age.compareTo(AHEAD.negated()) < 0) {
      throw new IOException(
          "it is of %s, which is yet to come: how old it is cannot be told; see the clock"
              .formatted(at.truncatedTo(ChronoUnit.SECONDS)));
    }
  }

  private List<JsonNode> parse(byte[] document, Instant at) throws IOException {
    int end = 0;
    while (end < document.length && document[end] != '\n') {
      end++;
    }
    if (!(JSON.readTree(document, 0, end) instanceof ObjectNode header)
        || !header.path("format").asText().equals(FORMAT)) {
      throw new IOException("it is not of the form " + FORMAT);
    }
    if (!header.path("server").asText().equals(access.fingerprint())) {
      throw new IOException("it is of another API server");
    }
    var octets = Arrays.copyOfRange(document, Math.min(end + 1, document.length), document.length);
    if (checksum(octets) != header.path("crc32c").asLong(-1)) {
      throw new IOException("it is damaged: its checksum does not fit");
    }
    var read = new ArrayList<JsonNode>();
    for (var line : new String(octets, StandardCharsets.UTF_8).lines().toList()) {
      read.add(JSON.readTree(line));
    }
    synchronized (this) {
      read.forEach(object -> objects.put(ApiWatch.key(object), octetsOf(object)));
      known = true;
      inUse = Optional.of(at);
      problem = Optional.empty();
    }
    return List.copyOf(read);
  }

  /** True while the copy is gone on with: the server has not been heard since the start. */
  public synchronized boolean isInUse() {
    return inUse.isPresent();
  }

  /**
   * When the server confirmed the copy last that is gone on with; empty when the server was heard
   * since.
   */
  synchronized Optional<Instant> inUse() {
    return inUse;
  }

  /** Why there is no copy, or none that can be used. */
  synchronized Optional<String> problem() {
    return problem;
  }
}
