package io.weft.agent.intent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.agent.bgp.Secret;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SecretsTest {
  @TempDir private Path directory;
  private Secrets secrets = new Secrets();

  /** Whoever runs the test takes root's part. */
  @BeforeEach
  void ownedByMe() throws IOException {
    secrets = new Secrets((Integer) Files.getAttribute(directory, "unix:uid"));
  }

  private Path file(String content, String permissions) throws IOException {
    var file = directory.resolve("tor");
    Files.deleteIfExists(file);
    Files.writeString(file, content);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString(permissions));
    return file;
  }

  private String contentOf(String text) throws Exception {
    return new String(secrets.read(file(text, "rw-------")).reveal(), StandardCharsets.UTF_8);
  }

  @Test
  void theContentWithoutTheNewlineAtItsEndIsTheSecret() throws Exception {
    assertThat(contentOf("hunter2")).isEqualTo("hunter2");
    assertThat(contentOf("hunter2\n")).isEqualTo("hunter2");
    assertThat(contentOf("hunter2\r\n")).isEqualTo("hunter2");
    assertThat(contentOf("two words \n\n")).isEqualTo("two words \n");
    assertThat(contentOf("x".repeat(80) + "\r\n")).isEqualTo("x".repeat(80));
    assertThat(secrets.read(file("a", "r--------"))).isEqualTo(Secret.of("a"));
    assertThat(secrets.read(file("a", "r--------"))).isNotEqualTo(Secret.of("b"));
  }

  @Test
  void itsTextTellsNothing() throws Exception {
    var secret = secrets.read(file("hunter2", "rw-------"));
    assertThat(secret).hasToString("(secret)");
    assertThat(secret.hashCode()).isEqualTo(Secret.of("other").hashCode());
    assertThatThrownBy(() -> Secret.of("hunter2".repeat(12)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("a secret has 1 to 80 octets, not 84");
  }

  @Test
  void aFileForMoreThanItsOwnerIsRefused() throws Exception {
    for (var mode : new String[] {"rw-r-----", "rw----r--", "rw--w----", "rwx------"}) {
      var file = file("hunter2", mode);
      assertThatThrownBy(() -> secrets.read(file))
          .isInstanceOf(Secrets.Unusable.class)
          .hasMessage(
              "the secret's file "
                  + file
                  + " has mode "
                  + mode
                  + ", so that not only its owner can use it; run: chmod 0600 "
                  + file);
    }
  }

  @Test
  void aFileOfAnotherUserIsRefused() throws Exception {
    var file = file("hunter2", "rw-------");
    assertThatThrownBy(() -> new Secrets(54_321).read(file))
        .isInstanceOf(Secrets.Unusable.class)
        .hasMessageContaining(" belongs to user ")
        .hasMessageEndingWith("run: chown 54321 " + file);
  }

  @Test
  void emptyLongAbsentAndDirectoryAreRefused() throws Exception {
    refused(file("", "rw-------"), ": a secret has 1 to 80 octets, not 0");
    refused(file("\n", "rw-------"), ": a secret has 1 to 80 octets, not 0");
    refused(file("x".repeat(81), "rw-------"), ": a secret has 1 to 80 octets, not 81");
    refused(directory.resolve("none"), " does not exist; make it, with mode 0600");
    refused(directory, " is not a regular file");
  }

  private void refused(Path file, String words) {
    assertThatThrownBy(() -> secrets.read(file))
        .isInstanceOf(Secrets.Unusable.class)
        .hasMessage("the secret's file " + file + words);
  }
}
