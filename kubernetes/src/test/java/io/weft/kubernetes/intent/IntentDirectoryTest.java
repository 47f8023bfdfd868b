package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IntentDirectoryTest {
  /** So long that only the kernel's events can be the cause of a reading within a test. */
  private static final Duration NO_RESCAN = Duration.ofHours(1);

  private static final Duration DEADLINE = Duration.ofSeconds(60);

  @TempDir Path directory;
  private final LinkedBlockingQueue<IntentReading> readings = new LinkedBlockingQueue<>();

  private static String network(String name, String vni) {
    return "kind: Network\nmetadata: {name: " + name + "}\nspec: {vni: " + vni + "}\n";
  }

  private void write(String file, String text) throws IOException {
    Files.writeString(directory.resolve(file), text);
  }

  /** As editors do: nobody ever sees the file half written. */
  private void replace(String file, String text) throws IOException {
    var fresh = directory.resolve("." + file + ".new");
    Files.writeString(fresh, text);
    Files.move(fresh, directory.resolve(file), StandardCopyOption.ATOMIC_MOVE);
  }

  private static String networks(IntentReading reading) {
    return reading.intent().networks().values().stream().map(n -> n.name() + "=" + n.vni()).toList()
        + "";
  }

  /** Takes readings until one has these networks; fails at the deadline. */
  private IntentReading await(String networks) throws InterruptedException {
    long deadline = System.nanoTime() + DEADLINE.toNanos();
    var seen = new ArrayDeque<String>();
    while (true) {
      var reading = readings.poll(deadline - System.nanoTime(), TimeUnit.NANOSECONDS);
      assertThat(reading).as("waiting for %s, seen %s", networks, seen).isNotNull();
      seen.add(networks(reading));
      if (networks(reading).equals(networks)) {
        return reading;
      }
    }
  }

  @Test
  void aDirectoryThatIsNotThereIsAClearException() throws IOException {
    var missing = directory.resolve("missing");
    assertThatThrownBy(() -> IntentDirectory.load(missing))
        .isInstanceOf(NoSuchFileException.class)
        .hasMessage(missing + ": the intent directory is not there; make it or name another");
    write("file", "");
    assertThatThrownBy(() -> IntentDirectory.load(directory.resolve("file")))
        .isInstanceOf(IOException.class)
        .hasMessageEndingWith("is not a directory; name a directory of YAML files");
  }

  @Test
  void loadReadsYamlFilesOnly() throws IOException {
    write("b.yaml", network("b", "2"));
    write("a.yml", network("a", "1"));
    write(".hidden.yaml", network("h", "3"));
    write("c.yaml~", network("c", "4"));
    write("notes.txt", "[");
    var reading = IntentDirectory.load(directory);
    assertThat(networks(reading)).isEqualTo("[a=1, b=2]");
    assertThat(reading.problems()).isEmpty();
  }

  @Test
  void whatIsNotAFileIsReported() throws IOException {
    Files.createDirectory(directory.resolve("d.yaml"));
    Files.createSymbolicLink(directory.resolve("l.yaml"), Path.of("nowhere"));
    Files.write(directory.resolve("big.yaml"), new byte[(1 << 20) + 1]);
    write("a.yaml", network("a", "1"));
    var reading = IntentDirectory.load(directory);
    assertThat(reading.problems())
        .extracting(Object::toString)
        .containsExactly(
            "big.yaml: is larger than 1 MiB; split it into several files",
            "d.yaml: is not a regular file",
            "l.yaml: is a link to a file that is not there");
    assertThat(networks(reading)).isEqualTo("[a=1]");
  }

  @Test
  void rescanAnswersOnlyWhatIsNew() throws IOException {
    write("a.yaml", network("a", "1"));
    try (var intent = IntentDirectory.open(directory)) {
      assertThat(intent.rescan()).isEmpty();
      write("a.yaml", network("a", "1") + "# a remark\n");
      assertThat(intent.rescan()).isEmpty();
      write("a.yaml", network("a", "x"));
      var bad = intent.rescan().orElseThrow();
      assertThat(networks(bad)).isEqualTo("[a=1]");
      assertThat(bad.problems())
          .extracting(Object::toString)
          .containsExactly("a.yaml:3:13: Network a: vni must be a whole number, not the text 'x'");
      Files.delete(directory.resolve("a.yaml"));
      assertThat(networks(intent.rescan().orElseThrow())).isEqualTo("[]");
    }
  }

  @Test
  void aDirectoryThatIsGoneForAWhileLosesNothing() throws IOException {
    var inner = Files.createDirectory(directory.resolve("inner"));
    Files.writeString(inner.resolve("a.yaml"), network("a", "1"));
    try (var intent = IntentDirectory.open(inner)) {
      Files.move(inner, directory.resolve("away"));
      var gone = intent.rescan().orElseThrow();
      assertThat(networks(gone)).isEqualTo("[a=1]");
      assertThat(gone.problems())
          .singleElement()
          .asString()
          .startsWith(inner + ": the directory cannot be read");
      assertThat(intent.rescan()).isEmpty();
      Files.move(directory.resolve("away"), inner);
      assertThat(intent.rescan().orElseThrow().problems()).isEmpty();
    }
  }

  @Test
  void watchingSeesWritesRenamesAndRemovals() throws Exception {
    try (var intent = IntentDirectory.open(directory, NO_RESCAN)) {
      intent.watch(readings::add);
      write("a.yaml", network("a", "1"));
      await("[a=1]");
      replace("a.yaml", network("a", "2"));
      await("[a=2]");
      replace("a.yaml", "kind: [");
      var broken = readings.poll(DEADLINE.toSeconds(), TimeUnit.SECONDS);
      assertThat(broken).isNotNull();
      assertThat(networks(broken)).isEqualTo("[a=2]");
      assertThat(broken.problems()).hasSize(1);
      Files.delete(directory.resolve("a.yaml"));
      await("[]");
    }
  }

  /** As the kubelet does: the files are links through one link, and that is exchanged. */
  @Test
  void watchingSeesAConfigMapExchanged() throws Exception {
    for (var version : new String[] {"1", "2"}) {
      Files.createDirectory(directory.resolve("..v" + version));
      write("..v" + version + "/a.yaml", network("a", version));
    }
    Files.createSymbolicLink(directory.resolve("..data"), Path.of("..v1"));
    Files.createSymbolicLink(directory.resolve("a.yaml"), Path.of("..data/a.yaml"));
    try (var intent = IntentDirectory.open(directory, NO_RESCAN)) {
      assertThat(networks(intent.reading())).isEqualTo("[a=1]");
      intent.watch(readings::add);
      Files.createSymbolicLink(directory.resolve("..tmp"), Path.of("..v2"));
      Files.move(
          directory.resolve("..tmp"), directory.resolve("..data"), StandardCopyOption.ATOMIC_MOVE);
      await("[a=2]");
    }
  }

  @Test
  void whatChangesBetweenOpenAndWatchIsSeen() throws Exception {
    try (var intent = IntentDirectory.open(directory, NO_RESCAN)) {
      write("a.yaml", network("a", "1"));
      intent.watch(readings::add);
      await("[a=1]");
    }
  }

  @Test
  void theRescanFindsADirectoryThatWasReplaced() throws Exception {
    var inner = Files.createDirectory(directory.resolve("inner"));
    try (var intent = IntentDirectory.open(inner, Duration.ofMillis(100))) {
      intent.watch(readings::add);
      var other = Files.createDirectory(directory.resolve("other"));
      Files.writeString(other.resolve("a.yaml"), network("a", "1"));
      Files.move(inner, directory.resolve("away"));
      Files.move(other, inner);
      await("[a=1]");
    }
  }

  @Test
  void aConsumerThatFailsIsCalledAgain() throws Exception {
    try (var intent = IntentDirectory.open(directory, NO_RESCAN)) {
      var failures = new LinkedBlockingQueue<Throwable>();
      intent.watch(
          reading -> {
            Thread.currentThread().setUncaughtExceptionHandler((_, e) -> failures.add(e));
            readings.add(reading);
            throw new IllegalStateException("as a fault of ours would");
          });
      write("a.yaml", network("a", "1"));
      await("[a=1]");
      write("a.yaml", network("a", "2"));
      await("[a=2]");
      assertThat(failures.poll(DEADLINE.toSeconds(), TimeUnit.SECONDS))
          .isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void afterCloseNobodyIsCalledAndTheThreadEnds() throws Exception {
    var threads = new LinkedBlockingQueue<Thread>();
    var intent = IntentDirectory.open(directory, NO_RESCAN);
    intent.watch(
        reading -> {
          threads.add(Thread.currentThread());
          readings.add(reading);
        });
    assertThatThrownBy(() -> intent.watch(readings::add)).isInstanceOf(IllegalStateException.class);
    write("a.yaml", network("a", "1"));
    await("[a=1]");
    intent.close();
    assertThat(threads.take().join(DEADLINE)).isTrue();
    assertThatThrownBy(() -> intent.watch(readings::add)).isInstanceOf(IllegalStateException.class);
    intent.close();
  }
}
