package io.weft.kubernetes.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What is kept of a server, and of what use it is while the server is away. */
final class KeptObjectsTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ApiCollection NODES = ApiCollection.of("/api/v1/nodes");
  private static final long TIMEOUT_NANOS = 30_000_000_000L;

  @TempDir private Path directory;
  private ApiServer server;
  private ScheduledExecutorService timer;

  @BeforeEach
  void begin() throws IOException {
    server = ApiServer.start();
    timer = Executors.newSingleThreadScheduledExecutor();
    node("n1");
    node("n2");
  }

  @AfterEach
  void end() {
    server.close();
    timer.shutdownNow();
  }

  private void node(String name) throws IOException {
    server.put(
        (ObjectNode) JSON.readTree("{\"kind\":\"Node\",\"metadata\":{\"name\":\"" + name + "\"}}"));
  }

  private ApiAccess access() {
    return new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous());
  }

  private Path file() {
    return state().resolve("v1.nodes.json");
  }

  private Path state() {
    return directory.resolve("state");
  }

  /** A process that watches nodes. */
  private final class Process implements AutoCloseable, ApiWatch.Sink<JsonNode> {
    final KeptObjects kept;
    final List<String> told = new CopyOnWriteArrayList<>();
    final List<String> trouble = new CopyOnWriteArrayList<>();
    private final ApiClient client;
    private final ApiWatch<JsonNode> watch;

    Process() throws IOException {
      kept = KeptObjects.open(state(), access());
      client = new ApiClient(access());
      watch =
          ApiWatch.start(
              client,
              NODES,
              object -> object,
              this,
              timer,
              Optional.of(kept.collection(NODES, Optional::of, timer)));
    }

    @Override
    public void listed(SortedMap<String, JsonNode> objects) {
      told.add("listed " + objects.keySet());
    }

    @Override
    public void changed(String key, JsonNode object) {
      told.add("changed " + key);
    }

    @Override
    public void removed(String key) {
      told.add("removed " + key);
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      why.ifPresent(failure -> trouble.add(String.valueOf(failure.getMessage())));
    }

    @Override
    public void close() {
      client.close();
      watch.close();
    }
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long until = System.nanoTime() + TIMEOUT_NANOS;
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(until);
      Thread.sleep(5);
    }
  }

  private String text() {
    try {
      return Files.exists(file()) ? Files.readString(file()) : "";
    } catch (IOException e) {
      return String.valueOf(e.getMessage());
    }
  }

  /** The first process keeps a copy. */
  private void keep() throws Exception {
    try (var _ = new Process()) {
      await(() -> text().contains("\"n2\""));
    }
  }

  @Test
  void aStartWhileTheServerIsAwayGoesOnWithTheCopyAndThenWithTheServer() throws Exception {
    keep();
    server.away(true);
    try (var process = new Process()) {
      await(() -> !process.told.isEmpty());
      assertThat(process.told).containsExactly("listed [n1, n2]");
      assertThat(process.kept.oldestInUse()).isPresent();
      assertThat(process.kept.problems()).isEmpty();
      node("n3");
      server.away(false);
      await(() -> process.told.contains("listed [n1, n2, n3]"));
      await(() -> process.kept.oldestInUse().isEmpty());
      await(() -> text().contains("\"n3\""));
    }
  }

  @Test
  void itIsForTheOwnerAloneAndFollowsTheWatch() throws Exception {
    try (var process = new Process()) {
      await(() -> text().contains("\"n2\""));
      await(() -> process.told.size() == 1);
      server.remove("Node", "n2");
      await(() -> process.told.contains("removed n2"));
      await(() -> !text().contains("\"n2\""));
      assertThat(text()).contains("\"n1\"");
    }
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file())))
        .isEqualTo("rw-------");
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(state())))
        .isEqualTo("rwx------");
  }

  /** Starts a process with a copy that is of no use; what it says. */
  private String refused() throws Exception {
    server.away(true);
    try (var process = new Process()) {
      await(() -> !process.kept.problems().isEmpty());
      assertThat(process.told).isEmpty();
      assertThat(process.kept.oldestInUse()).isEmpty();
      var words = process.kept.problems().getFirst();
      server.away(false);
      await(() -> process.told.contains("listed [n1, n2]"));
      await(() -> process.kept.problems().isEmpty()); // there is a good one again
      return words;
    }
  }

  private void age(Duration age) throws IOException {
    Files.setLastModifiedTime(file(), FileTime.from(Instant.now().minus(age)));
  }

  /** A node that was off: what its copy says is others' by now. */
  @Test
  void anOldCopyIsNotUsed() throws Exception {
    keep();
    age(Duration.ofHours(25));
    assertThat(refused()).contains("is not used: the server confirmed it last", "more than 24 h");
    age(Duration.ofHours(-1));
    assertThat(refused()).contains("is not used: it is of", "yet to come");
    age(Duration.ofHours(23));
    server.away(true);
    try (var process = new Process()) {
      await(() -> !process.told.isEmpty());
      assertThat(process.told).containsExactly("listed [n1, n2]");
      assertThat(process.kept.oldestInUse().orElseThrow())
          .isBefore(Instant.now().minus(Duration.ofHours(22)));
    }
  }

  /** It is no older than the last word of the server, however long nothing has changed. */
  @Test
  void aServerThatIsHeardKeepsTheCopyYoung() throws Exception {
    try (var process = new Process()) {
      await(() -> text().contains("\"n2\""));
      await(() -> process.told.size() == 1);
      age(Duration.ofHours(30));
      await(
          () -> {
            try {
              var at = Files.getLastModifiedTime(file()).toInstant();
              return at.isAfter(Instant.now().minus(Duration.ofMinutes(5)));
            } catch (IOException e) {
              return false;
            }
          });
      assertThat(process.told).hasSize(1);
    }
  }

  private static SortedMap<String, byte[]> objects(int octets) {
    var text = "\"" + "x".repeat(octets) + "\"";
    return new TreeMap<>(Map.of("one", text.getBytes(StandardCharsets.UTF_8)));
  }

  private boolean isYoung() throws IOException {
    return Files.getLastModifiedTime(file())
        .toInstant()
        .isAfter(Instant.now().minus(Duration.ofMinutes(5)));
  }

  /** Else a full disk would make a copy without an end of what the server has long changed. */
  @Test
  void aCopyThatCannotBeWrittenGrowsOldAndIsWrittenLater() throws Exception {
    var kept = KeptObjects.open(state(), access());
    var copy = kept.collection(NODES, Optional::of, timer);
    copy.listed(objects(1));
    await(() -> text().contains("\"x\""));
    var inTheWay = Files.createDirectories(state().resolve(".v1.nodes.json/full"));
    copy.listed(objects(2));
    await(() -> !kept.problems().isEmpty());
    assertThat(kept.problems().getFirst()).contains("cannot be written");
    age(Duration.ofHours(23));
    copy.confirmed();
    assertThat(isYoung()).isFalse();
    assertThat(text()).contains("\"x\"");

    Files.delete(inTheWay);
    copy.confirmed(); // the server is quiet, and the disk has room again
    await(() -> text().contains("\"xx\""));
    assertThat(isYoung()).isTrue();
    await(() -> kept.problems().isEmpty());
    age(Duration.ofHours(23));
    copy.confirmed();
    assertThat(isYoung()).isTrue();
  }

  private static Optional<byte[]> version(int version) {
    return Optional.of(
        "{\"metadata\":{\"name\":\"one\",\"resourceVersion\":\"%d\"}}"
            .formatted(version)
            .getBytes(StandardCharsets.UTF_8));
  }

  /** A watch is now faster than the answer, now slower. */
  @Test
  void whatAnAnswerIsNotTheFirstToTellIsInTheCopyAgain() throws Exception {
    var copy = KeptObjects.open(state(), access()).collection(NODES, Optional::of, timer);
    copy.listed(new TreeMap<>(Map.of("one", version(9).orElseThrow())));
    await(() -> text().contains("\"9\""));
    copy.withhold("one", Optional.empty());
    assertThat(text()).doesNotContain("\"one\"");
    copy.changed("one", version(10));
    copy.release("one", Optional.of("10"));
    await(() -> text().contains("\"10\""));

    copy.withhold("one", Optional.empty());
    copy.release("one", Optional.of("12"));
    copy.changed("one", version(11)); // of the call before
    copy.withhold("two", Optional.empty()); // writes
    assertThat(text()).doesNotContain("\"one\"");
    copy.changed("one", version(12));
    await(() -> text().contains("\"12\""));
  }

  /** Who starts with it would have what was given back. */
  @Test
  void aCopyThatCannotBeWrittenBeforeACallIsDeleted() throws Exception {
    var kept = KeptObjects.open(state(), access());
    var copy = kept.collection(NODES, Optional::of, timer);
    copy.listed(new TreeMap<>(Map.of("one", version(9).orElseThrow())));
    await(() -> text().contains("\"9\""));
    var inTheWay = Files.createDirectories(state().resolve(".v1.nodes.json/full"));
    copy.withhold("one", Optional.empty());
    assertThat(file()).doesNotExist();
    assertThat(kept.problems().getFirst()).contains("cannot be written");
    Files.delete(inTheWay);
    copy.changed("one", version(10));
    copy.release("one", Optional.of("10"));
    await(() -> text().contains("\"10\""));
  }

  /** An empty one in its place would say that there is nothing. */
  @Test
  void aCopyThatIsNotUsedIsNotReplacedBeforeACall() throws Exception {
    keep();
    Files.writeString(file(), text().replace("n2", "n7"));
    var copy = KeptObjects.open(state(), access()).collection(NODES, Optional::of, timer);
    assertThat(copy.read()).isEmpty();
    copy.withhold("n1", Optional.empty());
    assertThat(file()).doesNotExist();
  }

  @Test
  void ofObjectsThatAreTooLargeNoOldCopyStays() throws Exception {
    var kept = KeptObjects.open(state(), access());
    var copy = kept.collection(NODES, Optional::of, timer);
    copy.listed(objects(1));
    await(() -> text().contains("\"x\""));
    copy.listed(objects(17 << 20));
    await(() -> !kept.problems().isEmpty());
    assertThat(kept.problems().getFirst()).contains("there is no copy", "16777216 octets");
    assertThat(file()).doesNotExist();
    copy.confirmed();
    assertThat(file()).doesNotExist();
  }

  @Test
  void aDamagedCopyIsSaidAndIgnored() throws Exception {
    keep();
    var whole = text();
    Files.writeString(file(), whole.replace("n2", "n7"));
    assertThat(refused()).contains(file() + " is not used: it is damaged");
    Files.writeString(file(), whole.substring(0, whole.length() - 7));
    assertThat(refused()).contains("it is damaged");
    Files.writeString(file(), "{}");
    assertThat(refused()).contains("it is not of the form weft-kept-objects/1");
    Files.writeString(file(), "\u0000\u0001");
    assertThat(refused()).contains(file() + " is not used: ");
    Files.writeString(file(), "");
    assertThat(refused()).contains("it is not of the form");
  }

  @Test
  void aCopyOfAnotherServerIsSaidAndIgnored() throws Exception {
    keep();
    Files.writeString(
        file(),
        text().replaceFirst("\"server\":\"[0-9a-f]*\"", "\"server\":\"" + "0".repeat(64) + "\""));
    assertThat(refused()).contains("it is of another API server");
  }

  /** The server is the same; who knew it by the old authority has heard it since. */
  @Test
  void aCopyFollowsTheAuthoritiesThatAreExchanged() throws Exception {
    var authorities = Files.writeString(directory.resolve("ca.crt"), "old");
    var access =
        new ApiAccess(
            server.uri(),
            Optional.of(new PemText.InFile(authorities)),
            new ApiAccess.Identity.Anonymous());
    var copy = KeptObjects.open(state(), access).collection(NODES, Optional::of, timer);
    copy.listed(objects(1));
    await(() -> text().contains("\"x\""));
    var before = text();
    Files.writeString(authorities, "new");
    var unheard = KeptObjects.open(state(), access).collection(NODES, Optional::of, timer);
    assertThat(unheard.read()).isEmpty();
    assertThat(unheard.problem().orElseThrow()).contains("it is of another API server");
    copy.confirmed();
    await(() -> !text().equals(before));
    assertThat(KeptObjects.open(state(), access).collection(NODES, Optional::of, timer).read())
        .isPresent();
  }

  @Test
  void whatOthersMayWriteIsNotTrusted() throws Exception {
    keep();
    Files.setPosixFilePermissions(file(), PosixFilePermissions.fromString("rw-rw-rw-"));
    assertThat(refused()).contains("is not this process's alone", "rw-rw-rw-");
    Files.setPosixFilePermissions(state(), PosixFilePermissions.fromString("rwxrwxrwx"));
    assertThatThrownBy(() -> KeptObjects.open(state(), access()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("is not this process's alone");
  }

  @Test
  void withoutACopyNothingIsTold() throws Exception {
    server.away(true);
    try (var process = new Process()) {
      await(() -> !process.trouble.isEmpty());
      assertThat(process.told).isEmpty();
      assertThat(process.kept.problems()).isEmpty();
    }
    server.away(false);
    keep();
    server.fail(1); // 500 is away
    try (var process = new Process()) {
      await(() -> process.told.size() == 2);
      assertThat(process.told).containsExactly("listed [n1, n2]", "listed [n1, n2]");
    }
  }
}
