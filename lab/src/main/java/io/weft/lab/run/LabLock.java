package io.weft.lab.run;

import io.weft.lab.process.LabDirectory;
import io.weft.lab.process.LabFailure;
import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/**
 * One command at a time works on a lab. The kernel releases the lock when the process ends, however
 * it ends.
 */
final class LabLock implements AutoCloseable {
  private final Path path;
  private final FileChannel channel;

  private LabLock(Path path, FileChannel channel) {
    this.path = path;
    this.channel = channel;
  }

  /**
   * Takes the lock at once.
   *
   * @throws LabFailure when another command has it
   */
  static LabLock take(LabDirectory directory) throws IOException, LabFailure {
    var path = directory.lock();
    while (true) {
      Files.createDirectories(LabDirectory.ROOT);
      FileChannel channel;
      try {
        channel = FileChannel.open(path, StandardOpenOption.CREATE, StandardOpenOption.WRITE);
      } catch (NoSuchFileException _) {
        continue; // the last lab took the directory away just now
      }
      if (!lock(channel)) {
        channel.close();
        throw new LabFailure(
            "another command works on the lab " + directory.lab() + "; wait for it or end it");
      }
      if (isStill(path, channel)) {
        return new LabLock(path, channel);
      }
      channel.close(); // whoever had it before us has deleted the file
    }
  }

  private static boolean lock(FileChannel channel) throws IOException {
    try {
      return channel.tryLock() != null;
    } catch (OverlappingFileLockException _) {
      return false; // this very process has it
    }
  }

  /** Writes into the file we have open, to see whether it is the one that the path names. */
  private static boolean isStill(Path path, FileChannel channel) throws IOException {
    var owner = ProcessHandle.current().pid() + " " + System.nanoTime() + "\n";
    channel.truncate(0);
    channel.write(
        java.nio.ByteBuffer.wrap(owner.getBytes(java.nio.charset.StandardCharsets.UTF_8)));
    return Files.exists(path) && Files.readString(path).equals(owner);
  }

  @Override
  public void close() throws IOException {
    Files.deleteIfExists(path);
    channel.close();
    LabDirectory.deleteRootIfEmpty();
  }
}
