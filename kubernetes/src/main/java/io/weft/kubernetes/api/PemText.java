package io.weft.kubernetes.api;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;

/**
 * Certificates or a private key as text (RFC 7468). A file is read again and again: the kubelet
 * exchanges its own, and the authorities that a pod finds.
 */
public sealed interface PemText {
  /** The text now. */
  String text() throws IOException;

  /** One that stays. */
  record Given(String text) implements PemText {
    @Override
    public String toString() {
      return "Given[hidden]";
    }
  }

  /** What the file has at the moment; 1 MiB at most. */
  record InFile(Path file) implements PemText {
    private static final int MOST = 1 << 20;

    @Override
    public String text() throws IOException {
      try (var in = Files.newInputStream(file)) {
        var octets = in.readNBytes(MOST + 1);
        if (octets.length > MOST) {
          throw new IOException(file + ": is longer than " + MOST + " octets");
        }
        return new String(octets, StandardCharsets.ISO_8859_1);
      } catch (NoSuchFileException e) {
        throw new IOException(file + ": there is no such file", e);
      } catch (AccessDeniedException e) {
        throw new IOException(file + ": may not be read", e);
      }
    }
  }
}
