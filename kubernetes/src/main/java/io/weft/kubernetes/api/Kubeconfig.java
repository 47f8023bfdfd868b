package io.weft.kubernetes.api;

import io.weft.kubernetes.api.ApiAccess.Identity;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlNode;
import io.weft.kubernetes.yaml.YamlReading;
import java.io.IOException;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Base64;
import java.util.Optional;

/**
 * Reads a kubeconfig (Kubernetes documentation, "Organizing Cluster Access Using kubeconfig
 * Files"): its current context, with a token, a token's file, a client certificate or, where a
 * person uses it, a program that makes credentials ({@code exec}). An unverified server is refused.
 */
final class Kubeconfig {
  private final Path file;
  private final YamlNode root;
  private final boolean mayRun;

  private Kubeconfig(Path file, YamlNode root, boolean mayRun) {
    this.file = file;
    this.root = root;
    this.mayRun = mayRun;
  }

  /**
   * The access that the current context gives.
   *
   * @param mayRun programs that make credentials
   * @throws IOException when the file cannot be read or used; the message names file and place
   */
  static ApiAccess read(Path file, boolean mayRun) throws IOException {
    if (Files.notExists(file)) {
      throw new NoSuchFileException(
          file.toString(), null, "the kubeconfig is not there; name another");
    }
    return switch (YamlDocument.parse(file.toString(), Files.readAllBytes(file))) {
      case YamlReading.Unreadable(var problem) -> throw new IOException(problem.toString());
      case YamlReading.Documents(var documents) when documents.size() != 1 ->
          throw new IOException(file + ": has " + documents.size() + " documents; one is wanted");
      case YamlReading.Documents(var documents) ->
          new Kubeconfig(file, documents.getFirst().root(), mayRun).access();
    };
  }

  private ApiAccess access() throws IOException {
    var current = text(root, "current-context").filter(name -> !name.isEmpty());
    if (current.isEmpty()) {
      throw failure(root.place(), "'current-context' is missing: kubectl config use-context NAME");
    }
    var context = named("contexts", "context", current.get());
    var cluster = named("clusters", "cluster", required(context, "cluster"));
    var user = named("users", "user", required(context, "user"));
    if (text(cluster, "insecure-skip-tls-verify").filter("true"::equals).isPresent()) {
      throw failure(
          cluster.place(),
          "'insecure-skip-tls-verify' is refused: anybody could tell us what to do; give"
              + " 'certificate-authority'");
    }
    if (text(cluster, "proxy-url").isPresent() || text(cluster, "tls-server-name").isPresent()) {
      throw failure(cluster.place(), "'proxy-url' and 'tls-server-name' are not carried out");
    }
    try {
      return new ApiAccess(
          URI.create(required(cluster, "server")),
          content(cluster, "certificate-authority"),
          identity(user, cluster));
    } catch (IllegalArgumentException e) {
      throw failure(cluster.place(), String.valueOf(e.getMessage()));
    }
  }

  private Identity identity(YamlNode user, YamlNode cluster) throws IOException {
    var certificate = content(user, "client-certificate");
    var key = content(user, "client-key");
    if (certificate.isPresent() && key.isPresent()) {
      return new Identity.ClientCertificate(certificate.get(), key.get());
    }
    var token = text(user, "token");
    if (token.isPresent()) {
      return new Identity.Token(token.get());
    }
    var tokenFile = text(user, "tokenFile");
    if (tokenFile.isPresent()) {
      return new Identity.TokenFile(beside(tokenFile.get()));
    }
    var exec = find(user, "exec");
    if (exec.isPresent()) {
      return program(exec.get(), cluster);
    }
    for (var unsupported : new String[] {"auth-provider", "username"}) {
      if (find(user, unsupported).isPresent()) {
        throw failure(
            user.place(),
            "'"
                + unsupported
                + "' is not carried out: give a token or a client certificate (kubectl create"
                + " token)");
      }
    }
    return new Identity.Anonymous();
  }

  private Identity program(YamlNode exec, YamlNode cluster) throws IOException {
    if (!mayRun) {
      throw failure(
          exec.place(),
          "'exec' is not carried out by a daemon, for whom nobody logs in; give a token or a client"
              + " certificate (kubectl create token)");
    }
    return new Identity.Program(
        ExecReader.read(exec, file, cluster, content(cluster, "certificate-authority")));
  }

  /** A field that is there as base64 text or as the name of a file. */
  private Optional<PemText> content(YamlNode node, String key) throws IOException {
    var inline = text(node, key + "-data");
    if (inline.isPresent()) {
      try {
        return Optional.of(
            new PemText.Given(
                new String(Base64.getDecoder().decode(inline.get()), StandardCharsets.ISO_8859_1)));
      } catch (IllegalArgumentException _) {
        throw failure(node.place(), "'" + key + "-data' is not base64");
      }
    }
    return text(node, key).map(name -> new PemText.InFile(beside(name)));
  }

  /** Relative names count from the kubeconfig's directory. */
  private Path beside(String name) {
    return file.toAbsolutePath().resolveSibling(name);
  }

  private YamlNode named(String list, String key, String name) throws IOException {
    if (find(root, list).orElse(root) instanceof YamlNode.Sequence(_, var items)) {
      for (var item : items) {
        if (text(item, "name").filter(name::equals).isPresent()) {
          return find(item, key).orElse(item);
        }
      }
    }
    throw failure(root.place(), "there is no " + key + " '" + name + "'");
  }

  private String required(YamlNode node, String key) throws IOException {
    var text = text(node, key);
    if (text.isEmpty()) {
      throw failure(node.place(), "'" + key + "' is missing");
    }
    return text.get();
  }

  static Optional<String> text(YamlNode node, String key) {
    return find(node, key)
        .flatMap(
            value ->
                value instanceof YamlNode.Scalar(_, var form, var text)
                        && form != YamlNode.Form.NOTHING
                    ? Optional.of(text)
                    : Optional.empty());
  }

  static Optional<YamlNode> find(YamlNode node, String key) {
    return node instanceof YamlNode.Mapping mapping
        ? mapping.find(key).map(YamlNode.Entry::value)
        : Optional.empty();
  }

  static IOException failure(Place place, String message) {
    return new IOException(place + ": " + message);
  }
}
