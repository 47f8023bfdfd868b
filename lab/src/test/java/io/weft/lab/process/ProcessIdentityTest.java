package io.weft.lab.process;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class ProcessIdentityTest {
  @TempDir private Path directory;

  @Test
  void endsItsOwnProcessAndNoOther() throws IOException, InterruptedException {
    var process = new ProcessBuilder("sleep", "100").start();
    try {
      var identity = ProcessIdentity.of(process.pid()).orElseThrow();
      var file = directory.resolve("pid");
      identity.write(file);
      assertThat(ProcessIdentity.read(file)).contains(identity);

      var other = new ProcessIdentity(identity.pid(), identity.startTicks() + 1);
      assertThat(other.isAlive()).as("the same id, another process").isFalse();
      other.kill();
      assertThat(identity.isAlive()).isTrue();

      identity.terminate();
      assertThat(identity.awaitEnd(Duration.ofSeconds(5))).isTrue();
      assertThat(ProcessIdentity.of(process.pid())).isNotEqualTo(identity);
    } finally {
      process.destroyForcibly();
    }
  }

  @Test
  void takesAFileThatIsNotWholeForNone() throws IOException {
    var file = directory.resolve("pid");
    assertThat(ProcessIdentity.read(file)).isEmpty();
    Files.writeString(file, "12");
    assertThat(ProcessIdentity.read(file)).isEmpty();
  }
}
