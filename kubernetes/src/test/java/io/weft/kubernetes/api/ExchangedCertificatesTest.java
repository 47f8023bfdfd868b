package io.weft.kubernetes.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess.Identity;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Authorities, certificates and keys in files that are exchanged while a client runs. */
final class ExchangedCertificatesTest {
  private static final String PATH = "/api/v1/namespaces";

  @TempDir private Path directory;
  private Authorities authorities;
  private ApiServer server;

  @BeforeEach
  void open() throws Exception {
    authorities = new Authorities(directory);
    authorities.authority("old");
    authorities.authority("new");
    authorities.signed("by-old", "old");
    authorities.signed("by-new", "new");
    authorities.serve("by-old");
    server = ApiServer.start(authorities.server());
  }

  @AfterEach
  void close() {
    server.close();
  }

  /** As the kubelet does: what a name means changes in one step. */
  private void exchange(String name, String text) throws IOException {
    var next = Files.writeString(directory.resolve(name + ".next"), text);
    Files.move(next, directory.resolve(name), StandardCopyOption.ATOMIC_MOVE);
  }

  private ApiClient inCluster() throws IOException {
    exchange("token", "t");
    return new ApiClient(
        new ApiAccess(
            server.uri(),
            Optional.of(new PemText.InFile(directory.resolve("ca.crt"))),
            new Identity.TokenFile(directory.resolve("token"))));
  }

  /** As when it is started again: all connections break. */
  private void serve(String name, ApiClient client) throws Exception {
    authorities.serve(name);
    server.away(true);
    assertThatThrownBy(() -> client.get(PATH)).isInstanceOf(ApiFailure.class);
    server.away(false);
  }

  @Test
  void otherAuthoritiesAreBelievedAndThoseOfBeforeNoMore() throws Exception {
    exchange("ca.crt", authorities.read("old.crt"));
    try (var client = inCluster()) {
      client.get(PATH);
      exchange("ca.crt", authorities.read("old.crt") + authorities.read("new.crt"));
      client.get(PATH);
      serve("by-new", client);
      client.get(PATH);
      exchange("ca.crt", authorities.read("new.crt"));
      client.get(PATH);
      serve("by-old", client);
      assertThatThrownBy(() -> client.get(PATH))
          .isInstanceOf(ApiFailure.class)
          .hasMessageContaining("certification path");
      exchange("ca.crt", authorities.read("old.crt"));
      client.get(PATH);
    }
  }

  /** As while it is written in place: what was read before holds, and the reason is said. */
  @Test
  void authoritiesThatCannotBeReadAreNotFollowed() throws Exception {
    exchange("ca.crt", authorities.read("old.crt"));
    try (var client = inCluster()) {
      client.get(PATH);
      exchange("ca.crt", "");
      client.get(PATH);
      authorities.serve("by-new");
      server.away(true);
      assertThatThrownBy(() -> client.get(PATH))
          .hasMessageContaining(
              "are not used: there is no certificate in the text of the certificate authority");
      server.away(false);
      assertThatThrownBy(() -> client.get(PATH)).hasMessageContaining("certification path");
      exchange("ca.crt", authorities.read("new.crt"));
      client.get(PATH);
    }
  }

  /** As while another is put in its place by hand. */
  @Test
  void authoritiesThatAreAwayForAMomentHold() throws Exception {
    exchange("ca.crt", authorities.read("old.crt"));
    try (var client = inCluster()) {
      client.get(PATH);
      Files.delete(directory.resolve("ca.crt"));
      client.get(PATH);
      server.away(true);
      assertThatThrownBy(() -> client.get(PATH))
          .hasMessageContaining("are not used: ")
          .hasMessageContaining("ca.crt: there is no such file");
      server.away(false);
      authorities.serve("by-new");
      exchange("ca.crt", authorities.read("new.crt"));
      client.get(PATH);
      server.away(true);
      assertThatThrownBy(() -> client.get(PATH)).hasMessageNotContaining("are not used");
      server.away(false);
    }
  }

  private ApiClient byKubeconfig(URI uri) throws IOException {
    var file = directory.resolve("config");
    Files.writeString(
        file,
        """
        current-context: here
        contexts: [{name: here, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: '%s', certificate-authority: old.crt}}]
        users: [{name: u, user: {client-certificate: client.crt, client-key: client.key}}]
        """
            .formatted(uri));
    return ApiClient.ofKubeconfig(file);
  }

  @Test
  void anotherClientCertificateIsShownByTheNextCall() throws Exception {
    authorities.signed("first", "old");
    authorities.signed("second", "old");
    exchange("client.crt", authorities.read("first.crt"));
    exchange("client.key", authorities.read("first.key"));
    try (var client = byKubeconfig(server.uri())) {
      client.get(PATH);
      assertThat(authorities.clients).containsOnly("CN=first");
      exchange("client.crt", authorities.read("second.crt")); // its key comes a moment later
      client.get(PATH);
      assertThat(authorities.clients).containsOnly("CN=first");
      exchange("client.key", authorities.read("second.key"));
      client.get(PATH);
      assertThat(authorities.clients.getLast()).isEqualTo("CN=second");
    }
  }

  /** A certificate that has run out, and one in its place that is no pair with the key. */
  @Test
  void aServerThatDoesNotKnowTheCertificateAnyMoreIsNotAllThatIsSaid() throws Exception {
    authorities.signed("first", "old");
    authorities.signed("second", "old");
    exchange("client.crt", authorities.read("first.crt"));
    exchange("client.key", authorities.read("first.key"));
    var strict = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    strict.setHttpsConfigurator(new HttpsConfigurator(authorities.server()));
    strict.createContext(
        "/",
        exchange -> {
          exchange.sendResponseHeaders(401, -1);
          exchange.close();
        });
    strict.start();
    var uri = URI.create("https://127.0.0.1:" + strict.getAddress().getPort());
    try (var client = byKubeconfig(uri)) {
      assertThatThrownBy(() -> client.get(PATH))
          .hasMessageEndingWith(": 401: the server does not know who asks");
      exchange("client.crt", authorities.read("second.crt"));
      assertThatThrownBy(() -> client.get(PATH))
          .isInstanceOf(ApiFailure.class)
          .hasMessageContaining(
              ": 401: the server does not know who asks; the certificates and key that there are"
                  + " now are not used: ");
    } finally {
      strict.stop(0);
    }
  }
}
