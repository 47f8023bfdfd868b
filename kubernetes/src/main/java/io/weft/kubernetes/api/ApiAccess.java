package io.weft.kubernetes.api;

import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Where the API server is, by what it is known, and who we are.
 *
 * @param server {@code https://HOST:PORT}, or {@code http://} for tests and proxies on this host
 * @param authorities certificates that sign the server's; empty: those of the JDK
 * @param identity who we are
 */
public record ApiAccess(URI server, Optional<PemText> authorities, Identity identity) {
  /** Where a pod finds its service account (Kubernetes documentation, "Accessing the API"). */
  private static final Path SERVICE_ACCOUNT =
      Path.of("/var/run/secrets/kubernetes.io/serviceaccount");

  /** Who we are to the server. */
  public sealed interface Identity {
    /** Nobody in particular. */
    record Anonymous() implements Identity {}

    /** A bearer token that stays. */
    record Token(String token) implements Identity {
      @Override
      public String toString() {
        return "Token[hidden]";
      }
    }

    /** A bearer token in a file that is read again and again: the kubelet exchanges it. */
    record TokenFile(Path file) implements Identity {}

    /** A certificate and its key. */
    record ClientCertificate(PemText certificate, PemText key) implements Identity {}

    /** What a program says, which a person's kubeconfig names. */
    record Program(ExecProgram program) implements Identity {}
  }

  public ApiAccess {
    if (server.getHost() == null || !List.of("http", "https").contains(server.getScheme())) {
      throw new IllegalArgumentException(
          "'" + server + "' is not the address of an API server: https://HOST:PORT");
    }
    if (server.getScheme().equals("http") && !(identity instanceof Identity.Anonymous)) {
      throw new IllegalArgumentException(
          "'" + server + "' would send credentials in the clear; use https");
    }
  }

  /**
   * What the server is known by: its address and who signs for it. Not who we are, so that it stays
   * when our credentials are exchanged. It is another once the authorities are.
   *
   * @throws IOException when their file cannot be read
   */
  String fingerprint() throws IOException {
    try {
      var digest = MessageDigest.getInstance("SHA-256");
      digest.update(server.toString().getBytes(StandardCharsets.UTF_8));
      if (authorities.isPresent()) {
        digest.update(authorities.get().text().getBytes(StandardCharsets.ISO_8859_1));
      }
      return HexFormat.of().formatHex(digest.digest());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }

  /**
   * By the current context of a kubeconfig, for a daemon: a user with {@code exec} is refused.
   *
   * @throws IOException when the file cannot be read or used; the message names file and place
   */
  public static ApiAccess ofKubeconfig(Path file) throws IOException {
    return Kubeconfig.read(file, false);
  }

  /**
   * The same of the person who runs this program: one that the file names in {@code exec} is run
   * for credentials, with the person's rights.
   *
   * @throws IOException as above
   */
  public static ApiAccess ofKubeconfigOfPerson(Path file) throws IOException {
    return Kubeconfig.read(file, true);
  }

  /**
   * Of a pod, by what the kubelet gives it.
   *
   * @param environment the process's variables
   * @throws IOException when this is no pod with a service account; the message says what is
   *     missing
   */
  public static ApiAccess inCluster(Map<String, String> environment) throws IOException {
    return inCluster(environment, SERVICE_ACCOUNT);
  }

  /** The namespace of this pod; empty when this is none. */
  public static Optional<String> namespaceInCluster() throws IOException {
    var file = SERVICE_ACCOUNT.resolve("namespace");
    return Files.isReadable(file) ? Optional.of(Files.readString(file).strip()) : Optional.empty();
  }

  static ApiAccess inCluster(Map<String, String> environment, Path account) throws IOException {
    var host = environment.getOrDefault("KUBERNETES_SERVICE_HOST", "");
    var port = environment.getOrDefault("KUBERNETES_SERVICE_PORT", "443");
    var token = account.resolve("token");
    if (host.isEmpty() || !Files.isReadable(token)) {
      throw new IOException(
          "this is no pod with a service account: "
              + (host.isEmpty() ? "KUBERNETES_SERVICE_HOST is not set" : token + " is not readable")
              + "; outside of a cluster give a kubeconfig");
    }
    return new ApiAccess(
        URI.create("https://" + (host.contains(":") ? "[" + host + "]" : host) + ":" + port),
        Optional.of(new PemText.InFile(account.resolve("ca.crt"))),
        new Identity.TokenFile(token));
  }
}
