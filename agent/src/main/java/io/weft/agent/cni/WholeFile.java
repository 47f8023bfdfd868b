package io.weft.agent.cni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;

/** Files that are there as a whole or not at all. */
final class WholeFile {
  private WholeFile() {}

  /**
   * Writes beside, under a name that no runtime looks at, and renames.
   *
   * @param writer distinguishes those who may write the file at once
   */
  static Path put(Path file, byte[] content, String permissions, String writer) throws IOException {
    Files.createDirectories(file.toAbsolutePath().getParent());
    var fresh = file.resolveSibling("." + file.getFileName() + "." + writer);
    try {
      Files.write(fresh, content);
      Files.setPosixFilePermissions(fresh, PosixFilePermissions.fromString(permissions));
      Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
      return file;
    } finally {
      Files.deleteIfExists(fresh);
    }
  }

  /**
   * Removes it, and what a killed {@link #put} has left.
   *
   * @return the file, if it was there
   */
  static List<Path> remove(Path file, List<String> writers) throws IOException {
    for (var writer : writers) {
      Files.deleteIfExists(file.resolveSibling("." + file.getFileName() + "." + writer));
    }
    var removed = new ArrayList<Path>();
    if (Files.deleteIfExists(file)) {
      removed.add(file);
    }
    return removed;
  }
}
