package io.weft.agent.cni;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Weft's configuration in the directory where the runtime looks: made of what was asked for and of
 * the configuration of the other plugin. {@link #settle} may be called at any time, by anybody, and
 * as often as one likes: it looks, and writes where something is to be changed.
 *
 * @param writer part of the names of drafts: two processes may write at once
 */
record PluginConfiguration(Path directory, String writer) {
  /** Before those of all others, but behind Multus. */
  static final String FILE = "00-weft.conflist";

  /** What was asked for; no runtime reads a file of such a name. */
  static final String WISH = "weft.install";

  /** The names that Cilium gives to the configurations of others. */
  static final String TAKEN_BY_CILIUM = FILE + ".cilium_bak";

  /** Where nothing was asked for. */
  static final String NOT_INSTALLED = "the plugin is not installed on this node";

  private static final ObjectMapper JSON = new ObjectMapper();

  /**
   * How it is now.
   *
   * @param changed what was written or removed
   * @param stands Weft's file is to be there
   * @param words what the runtime does now
   * @param problem what keeps Weft from pods; empty: nothing
   */
  record Settled(List<Path> changed, boolean stands, String words, Optional<String> problem) {
    private static Settled well(List<Path> changed, boolean stands, String words) {
      return new Settled(changed, stands, words, Optional.empty());
    }
  }

  private Settled trouble(String problem) {
    return new Settled(List.of(), Files.exists(file()), "as it was", Optional.of(problem));
  }

  Path file() {
    return directory.resolve(FILE);
  }

  /** What was asked for; empty: Weft is not installed here. */
  Optional<PluginWish> wish() throws IOException {
    var path = directory.resolve(WISH);
    try {
      return Optional.of(PluginWish.read(Files.readAllBytes(path)));
    } catch (NoSuchFileException _) {
      return Optional.empty();
    } catch (IOException e) {
      throw new IOException(path + ": " + e.getMessage() + "; run 'weft cni install' again", e);
    }
  }

  /** Keeps what is asked for. Who went behind another once stays there until told otherwise. */
  Path ask(PluginWish wish) throws IOException {
    boolean stays =
        wish.mode() == PluginMode.AUTOMATIC
            && wish().filter(before -> before.mode() == PluginMode.BESIDE).isPresent();
    return put(WISH, (stays ? wish.in(PluginMode.BESIDE) : wish).document());
  }

  /**
   * Brings Weft's file in line.
   *
   * @throws IOException with the path that cannot be read or written
   */
  Settled settle() throws IOException {
    var asked = wish();
    if (asked.isEmpty()) {
      return Settled.well(List.of(), false, NOT_INSTALLED);
    }
    var wish = asked.get();
    if (wish.mode() == PluginMode.PRIMARY) {
      return primary(wish);
    }
    boolean automatic = wish.mode() == PluginMode.AUTOMATIC;
    return switch (ForeignConfiguration.look(directory, FILE, automatic)) {
      case ForeignConfiguration.None _ when automatic -> primary(wish);
      case ForeignConfiguration.None _ -> alone();
      case ForeignConfiguration.HasWeft(var file) -> {
        stayBeside(wish);
        yield remove("Weft stands in " + directory.resolve(file));
      }
      case ForeignConfiguration.Broken(var file, var why) ->
          trouble(
              "%s: %s; Weft does not go behind it: mend it, or 'weft cni install --mode primary'"
                  .formatted(directory.resolve(file), why));
      case ForeignConfiguration.Usable(var file, _) when file.compareTo(FILE) < 0 ->
          trouble(
              "%s: its name is before %s, so the runtime uses it without Weft: give it another name"
                  .formatted(directory.resolve(file), FILE));
      case ForeignConfiguration.Usable(var file, var list) -> {
        stayBeside(wish);
        yield write(wish.behind(list), "behind " + directory.resolve(file));
      }
    };
  }

  /** To go behind another plugin where there is none: the runtime has no network for any pod. */
  private Settled alone() throws IOException {
    var removed = remove("waits for the configuration of another CNI plugin in " + directory);
    return new Settled(
        removed.changed(),
        false,
        removed.words(),
        Optional.of(
            "no other CNI plugin has its configuration in %s, and Weft waits to go behind it: no pod starts; where Weft is to be alone, 'weft cni install --mode primary'"
                .formatted(directory)));
  }

  private void stayBeside(PluginWish wish) throws IOException {
    if (wish.mode() != PluginMode.BESIDE) {
      put(WISH, wish.in(PluginMode.BESIDE).document());
    }
  }

  private Settled primary(PluginWish wish) throws IOException {
    return write(wish.primary(), "Weft makes eth0");
  }

  private Settled write(ObjectNode list, String words) throws IOException {
    if (Files.exists(file()) && Arrays.equals(Files.readAllBytes(file()), octets(list))) {
      return Settled.well(List.of(), true, words);
    }
    return Settled.well(List.of(put(FILE, list)), true, words);
  }

  private Settled remove(String words) throws IOException {
    boolean removed = Files.deleteIfExists(file());
    return Settled.well(removed ? List.of(file()) : List.of(), false, words);
  }

  private Path put(String name, ObjectNode document) throws IOException {
    return WholeFile.put(directory.resolve(name), octets(document), "rw-r--r--", writer);
  }

  private static byte[] octets(ObjectNode document) throws IOException {
    return JSON.writerWithDefaultPrettyPrinter()
        .writeValueAsString(document)
        .concat("\n")
        .getBytes(StandardCharsets.UTF_8);
  }

  /** All files that may be there, in the order in which they go. */
  List<Path> files() {
    return List.of(
        directory.resolve(WISH), // first, so that an agent does not write the other again
        file(),
        directory.resolve(TAKEN_BY_CILIUM));
  }
}
