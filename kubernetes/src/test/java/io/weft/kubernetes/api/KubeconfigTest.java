package io.weft.kubernetes.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess.Identity;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyStore;
import java.util.Base64;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Kubeconfigs and service accounts, with certificates and keys as openssl makes them. */
final class KubeconfigTest {
  @TempDir private Path directory;

  private void openssl(String... arguments) throws IOException, InterruptedException {
    var command = new java.util.ArrayList<>(java.util.List.of("openssl"));
    command.addAll(java.util.List.of(arguments));
    var process =
        new ProcessBuilder(command)
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("openssl.log").toFile())
            .start();
    assertThat(process.waitFor(30, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(() -> command + "\n" + read("openssl.log")).isZero();
  }

  private String read(String name) {
    try {
      return Files.readString(directory.resolve(name));
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  /** A certificate that signs itself, for the loopback address. */
  private void certificate(String name) throws IOException, InterruptedException {
    openssl(
        "req",
        "-x509",
        "-key",
        name + ".key",
        "-out",
        name + ".crt",
        "-days",
        "2",
        "-subj",
        "/CN=" + name,
        "-addext",
        "subjectAltName=IP:127.0.0.1");
  }

  private void key(String name, String form) throws IOException, InterruptedException {
    switch (form) {
      case "PKCS #1" -> openssl("genrsa", "-traditional", "-out", name + ".key", "2048");
      case "SEC 1" ->
          openssl("ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out", name + ".key");
      case "PKCS #8 RSA" -> openssl("genpkey", "-algorithm", "RSA", "-out", name + ".key");
      default ->
          openssl(
              "genpkey",
              "-algorithm",
              "EC",
              "-pkeyopt",
              "ec_paramgen_curve:P-384",
              "-out",
              name + ".key");
    }
  }

  private SSLContext serverTls() throws Exception {
    openssl(
        "pkcs12",
        "-export",
        "-inkey",
        "server.key",
        "-in",
        "server.crt",
        "-out",
        "server.p12",
        "-passout",
        "pass:secret");
    var store = KeyStore.getInstance("PKCS12");
    try (var in = Files.newInputStream(directory.resolve("server.p12"))) {
      store.load(in, "secret".toCharArray());
    }
    var keys = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    keys.init(store, "secret".toCharArray());
    var trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("client", Pem.certificates(read("client.crt")).getFirst());
    var trust = TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    var context = SSLContext.getInstance("TLS");
    context.init(keys.getKeyManagers(), trust.getTrustManagers(), null);
    return context;
  }

  private Path kubeconfig(String cluster, String user) throws IOException {
    var file = directory.resolve("config");
    Files.writeString(
        file,
        """
        apiVersion: v1
        kind: Config
        preferences: {}
        current-context: here
        contexts:
        - {name: elsewhere, context: {cluster: other, user: other}}
        - {name: here, context: {cluster: c, user: u, namespace: default}}
        clusters:
        - {name: c, cluster: {%s}}
        users:
        - {name: u, user: {%s}}
        """
            .formatted(cluster, user));
    return file;
  }

  private String base64(String name) {
    return Base64.getEncoder().encodeToString(read(name).getBytes());
  }

  @ParameterizedTest
  @ValueSource(strings = {"PKCS #1", "SEC 1", "PKCS #8 RSA", "PKCS #8 EC"})
  void aClientCertificateOpensTheServer(String form) throws Exception {
    key("server", "SEC 1");
    key("client", form);
    certificate("server");
    certificate("client");
    try (var server = ApiServer.start(serverTls())) {
      var byFile =
          kubeconfig(
              "server: '" + server.uri() + "', certificate-authority: server.crt",
              "client-certificate: client.crt, client-key: client.key");
      try (var client = ApiClient.ofKubeconfig(byFile)) {
        assertThat(client.get("/api/v1/namespaces").path("kind").asText())
            .isEqualTo("NamespaceList");
      }
      var inline =
          kubeconfig(
              "server: '" + server.uri() + "', certificate-authority-data: " + base64("server.crt"),
              "client-certificate-data: "
                  + base64("client.crt")
                  + ", client-key-data: "
                  + base64("client.key"));
      try (var client = ApiClient.ofKubeconfig(inline)) {
        client.get("/api/v1/namespaces");
      }
      // Another authority, and the server is not believed.
      var wrong =
          kubeconfig(
              "server: '" + server.uri() + "', certificate-authority: client.crt", "token: t");
      try (var client = ApiClient.ofKubeconfig(wrong)) {
        assertThatThrownBy(() -> client.get("/api/v1/namespaces"))
            .isInstanceOf(ApiFailure.class)
            .hasMessageContaining("certification path");
      }
    }
  }

  @Test
  void whatIsMissingOrRefusedIsSaidWithItsPlace() throws IOException {
    var exec = kubeconfig("server: 'https://h:1'", "exec: {command: aws}");
    assertThatThrownBy(() -> Kubeconfig.read(exec, false))
        .hasMessage(
            exec
                + ":11:26: 'exec' is not carried out by a daemon, for whom nobody logs in; give a token"
                + " or a client certificate (kubectl create token)");
    var unverified =
        kubeconfig("server: 'https://h:1', insecure-skip-tls-verify: true", "token: t");
    assertThatThrownBy(() -> Kubeconfig.read(unverified, false))
        .hasMessageContaining(":9:22: 'insecure-skip-tls-verify' is refused");
    var clear = kubeconfig("server: 'http://h:1'", "token: t");
    assertThatThrownBy(() -> Kubeconfig.read(clear, false)).hasMessageContaining("in the clear");
    Files.writeString(clear, "current-context: nowhere\n");
    assertThatThrownBy(() -> Kubeconfig.read(clear, false))
        .hasMessageContaining("there is no context 'nowhere'");
    Files.writeString(clear, "a: b: c\n");
    assertThatThrownBy(() -> Kubeconfig.read(clear, false)).hasMessageContaining("is not YAML");
  }

  @Test
  void aPodUsesItsServiceAccount() throws IOException {
    Files.writeString(directory.resolve("token"), "one");
    Files.writeString(directory.resolve("ca.crt"), "pem");
    var environment =
        Map.of("KUBERNETES_SERVICE_HOST", "fd00::1", "KUBERNETES_SERVICE_PORT", "6443");
    var access = ApiAccess.inCluster(environment, directory);
    assertThat(access.server()).hasToString("https://[fd00::1]:6443");
    assertThat(access.identity()).isEqualTo(new Identity.TokenFile(directory.resolve("token")));
    assertThatThrownBy(() -> ApiAccess.inCluster(Map.of(), directory))
        .hasMessage(
            "this is no pod with a service account: KUBERNETES_SERVICE_HOST is not set; outside of"
                + " a cluster give a kubeconfig");
  }
}
