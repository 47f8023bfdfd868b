package io.weft.agent.addresses;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.annotation.JsonView;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.net.IpPrefix;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The directory of blocks and claims, and what a kill at any step leaves of it. */
final class DirectoryStoreTest extends AddressStoreContract {
  private static final AddressBlock BLOCK = StoreWriter.block(1, "n1");

  @TempDir private Path directory = Path.of("");

  /** As if the process had ended: nothing behind it happens, and the lock is given back. */
  private static final class Killed extends Error {
    private static final long serialVersionUID = 1;
  }

  @Override
  DirectoryStore open() throws IOException {
    return DirectoryStore.open(directory);
  }

  private AddressState read() throws IOException {
    try (var store = open()) {
      return store.read();
    }
  }

  private boolean write(AddressWrite write) throws IOException {
    try (var store = open()) {
      return store.write(write);
    }
  }

  @Test
  void itIsForRootAlone() throws IOException {
    assertThat(write(new AddressWrite.Create(BLOCK))).isTrue();
    assertThat(
            PosixFilePermissions.toString(
                Files.getPosixFilePermissions(directory.resolve("blocks"))))
        .isEqualTo("rwx------");
  }

  /** Kills a write before each of its steps, one after the other, until it ends by itself. */
  private int killAtEachStep(AddressWrite write, AddressState before, Consumer<AddressState> after)
      throws IOException {
    for (int last = 0; ; last++) {
      int left = last;
      var count = new int[] {left};
      boolean killed = false;
      try (var store =
          DirectoryStore.open(
              directory,
              _ -> {
                if (count[0]-- == 0) {
                  throw new Killed();
                }
              })) {
        store.write(write);
      } catch (Killed _) {
        killed = true;
      }
      var state = read();
      if (!killed) {
        after.accept(state);
        return last;
      }
      if (!state.equals(before)) {
        after.accept(state); // it took effect: all of it
        assertThat(write(write)).isFalse();
        return last;
      }
    }
  }

  @Test
  void aKillBeforeAnyStepLeavesTheOldOrTheNew() throws IOException {
    int creating =
        killAtEachStep(
            new AddressWrite.Create(BLOCK),
            AddressState.EMPTY,
            state -> assertThat(state.blocks().get(BLOCK.name()).record()).isEqualTo(BLOCK));
    assertThat(creating).as("steps before the effect").isEqualTo(5);
    var before = read();
    var version = before.blocks().get(BLOCK.name()).version();
    var other = StoreWriter.block(1, "n2");
    int replacing =
        killAtEachStep(
            new AddressWrite.Replace(other, version),
            before,
            state -> assertThat(state.blocks().get(BLOCK.name()).record()).isEqualTo(other));
    assertThat(replacing).isEqualTo(5);
    before = read();
    killAtEachStep(
        new AddressWrite.Remove(other, before.blocks().get(BLOCK.name()).version()),
        before,
        state -> assertThat(state.blocks()).isEmpty());
    // What a dead writer left beside is in nobody's way.
    assertThat(write(new AddressWrite.Create(BLOCK))).isTrue();
  }

  @Test
  void aFileThatCannotBeUnderstoodIsNamedAndKeepsItsPlace() throws IOException {
    try (var store = open()) {
      assertThat(store.write(new AddressWrite.Create(BLOCK))).isTrue();
      var file = directory.resolve("blocks").resolve(BLOCK.name() + ".json");
      for (var text : List.of("", "{", "[]", "{\"kind\": \"AddressBlock\"}", "\u0000\u0001")) {
        Files.writeString(file, text);
        assertThatThrownBy(store::read)
            .isInstanceOf(IOException.class)
            .hasMessageContaining(file.toString())
            .hasMessageContaining("cannot be understood; mend or remove it");
        assertThatThrownBy(() -> store.write(new AddressWrite.Create(BLOCK)))
            .isInstanceOf(IOException.class);
      }
      Files.delete(file);
      assertThat(store.read().blocks()).isEmpty();
    }
  }

  @Test
  void aDirectoryThatRestsIsNotReadAgain() throws Exception {
    try (var one = open();
        var two = open()) {
      assertThat(two.write(new AddressWrite.Create(BLOCK))).isTrue();
      Thread.sleep(1_100);
      one.read();
      assertThat(one.mayHaveChanged()).isFalse();
      var version = two.read().blocks().get(BLOCK.name()).version();
      assertThat(two.write(new AddressWrite.Remove(BLOCK, version))).isTrue();
      assertThat(one.mayHaveChanged()).isTrue();
      assertThat(one.read().blocks()).isEmpty();
    }
  }

  // ---- processes --------------------------------------------------------------------------

  private static Process writer(Path directory, String node, Path said) throws IOException {
    return new ProcessBuilder(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx64m",
            "-XX:+UseSerialGC",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            classPath(),
            StoreWriter.class.getName(),
            directory.toString(),
            node)
        .redirectError(ProcessBuilder.Redirect.INHERIT)
        .redirectOutput(said.toFile())
        .start();
  }

  private static String classPath() {
    return Stream.of(
            StoreWriter.class,
            DirectoryStore.class,
            AddressBlock.class,
            IpPrefix.class,
            JsonParser.class,
            ObjectMapper.class,
            JsonView.class)
        .map(type -> Path.of(type.getProtectionDomain().getCodeSource().getLocation().getPath()))
        .map(Path::toString)
        .distinct()
        .collect(Collectors.joining(":"));
  }

  /** Two writers, killed at random again and again: what a writer has said, the store holds. */
  @Test
  void nothingIsLostOrHadTwiceWhenWritersAreKilled() throws Exception {
    var random = new Random(1);
    for (int round = 0; round < 8; round++) {
      var said = List.of(directory.resolve("said-1"), directory.resolve("said-2"));
      var writers =
          List.of(writer(directory, "n1", said.get(0)), writer(directory, "n2", said.get(1)));
      for (var file : said) {
        long until = System.nanoTime() + 60_000_000_000L;
        while (Files.readAllLines(file).size() < 3 && System.nanoTime() < until) {
          Thread.sleep(10);
        }
      }
      Thread.sleep(100 + random.nextInt(300));
      for (var writer : writers) {
        writer.destroyForcibly();
        assertThat(writer.waitFor(60, TimeUnit.SECONDS)).isTrue();
      }
      var state = read();
      for (int i = 0; i < writers.size(); i++) {
        var node = "n" + (i + 1);
        var has = new TreeSet<String>();
        state.blocks().values().stream()
            .filter(stored -> stored.record().node().equals(node))
            .forEach(stored -> has.add(stored.record().name()));
        var lines = Files.readAllLines(said.get(i));
        assertThat(lines).hasSizeGreaterThan(2);
        var claimed = new TreeSet<String>();
        for (var line : lines) {
          var name = line.substring(line.indexOf(' ') + 1);
          if (line.startsWith("has ")) {
            claimed.add(name);
          } else {
            claimed.remove(name); // or not yet: it may have been killed before
          }
        }
        assertThat(has).containsAll(claimed);
      }
      for (var stored : state.blocks().values()) {
        assertThat(write(new AddressWrite.Remove(stored.record(), stored.version()))).isTrue();
      }
    }
  }
}
