package io.weft.kubernetes.api;

import io.weft.kubernetes.api.ApiAccess.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.util.Optional;

/**
 * What a connection is made with and what a call carries, as it is at this moment: files are read
 * for each call, and a program is asked when what it said has run out.
 */
final class Credentials {
  private final ApiAccess access;
  private final Optional<ExecCredentials> program;

  /** What was read last of certificates and keys: it holds while a file is away. */
  private volatile Optional<Tls> read = Optional.empty();

  private volatile Optional<String> unreadable = Optional.empty();

  Credentials(ApiAccess access) {
    this.access = access;
    this.program =
        access.identity() instanceof Identity.Program(var exec)
            ? Optional.of(new ExecCredentials(exec))
            : Optional.empty();
  }

  /**
   * At one moment; PEM texts.
   *
   * @param authorities that sign the server's certificate; empty: those of the JDK
   * @param certificate ours, and its key: both, or neither
   */
  record Tls(Optional<String> authorities, Optional<String> certificate, Optional<String> key) {
    @Override
    public String toString() {
      return "Tls[hidden]";
    }
  }

  /**
   * At one moment.
   *
   * @param token of a call
   */
  record Current(Tls tls, Optional<String> token) {
    @Override
    public String toString() {
      return "Current[hidden]";
    }
  }

  /**
   * What the first connection is made with; a program is asked once there is a call.
   *
   * @throws IOException when a file cannot be read; the message names it
   */
  Tls atStart() throws IOException {
    var tls =
        access.identity() instanceof Identity.ClientCertificate(var certificate, var key)
            ? new Tls(authorities(), Optional.of(certificate.text()), Optional.of(key.text()))
            : new Tls(authorities(), Optional.empty(), Optional.empty());
    read = Optional.of(tls);
    unreadable = Optional.empty();
    return tls;
  }

  /** A file that is away for a moment, as while another takes its place, changes nothing. */
  private Tls tls() throws IOException {
    try {
      return atStart();
    } catch (IOException e) {
      unreadable = Optional.of(String.valueOf(e.getMessage()));
      return read.orElseThrow(() -> e);
    }
  }

  /** Why what was read before holds instead of what there is now; empty: it does not. */
  Optional<String> unreadable() {
    return unreadable;
  }

  /**
   * What there is now.
   *
   * @throws IOException when a token cannot be read, or something cannot be made; the message names
   *     file or program
   */
  Current current() throws IOException, InterruptedException {
    return switch (access.identity()) {
      case Identity.Anonymous _ -> new Current(tls(), Optional.empty());
      case Identity.Token(var token) -> new Current(tls(), Optional.of(token));
      case Identity.TokenFile(var file) ->
          new Current(tls(), Optional.of(Files.readString(file).strip()));
      case Identity.ClientCertificate _ -> new Current(tls(), Optional.empty());
      case Identity.Program _ -> {
        var made = program.orElseThrow().current();
        yield new Current(
            new Tls(tls().authorities(), made.certificate(), made.key()), made.token());
      }
    };
  }

  private Optional<String> authorities() throws IOException {
    return access.authorities().isPresent()
        ? Optional.of(access.authorities().get().text())
        : Optional.empty();
  }

  /** The server does not know whoever has these (401); true when others may be had. */
  boolean refused(Current these) {
    return program.isPresent() && program.get().refused(these.token(), these.tls().certificate());
  }
}
