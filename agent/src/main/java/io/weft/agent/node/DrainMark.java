package io.weft.agent.node;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/**
 * Whether the node is drained, over restarts of the agent and of the node: a file in the directory
 * of its state.
 */
final class DrainMark {
  private static final String FILE = "drained";

  private final Path directory;

  DrainMark(Path directory) {
    this.directory = directory;
  }

  boolean isSet() {
    return Files.exists(directory.resolve(FILE));
  }

  /**
   * Sets it, or takes it away.
   *
   * @throws IOException when it cannot be kept; nothing has changed then
   */
  void set(boolean drained) throws IOException {
    if (drained) {
      Files.createDirectories(directory);
      var fresh = directory.resolve("." + FILE);
      try {
        Files.writeString(fresh, "weft drain --undo takes this away\n");
        Files.move(fresh, directory.resolve(FILE), StandardCopyOption.ATOMIC_MOVE);
      } finally {
        Files.deleteIfExists(fresh); // a full disk has room for a name, and not for what is in it
      }
    } else {
      Files.deleteIfExists(directory.resolve(FILE));
    }
  }
}
