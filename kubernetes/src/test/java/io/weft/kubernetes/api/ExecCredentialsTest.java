package io.weft.kubernetes.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpsConfigurator;
import com.sun.net.httpserver.HttpsServer;
import io.weft.apiserver.ApiServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Programs of a kubeconfig that make credentials, as shell scripts. */
final class ExecCredentialsTest {
  private static final String PATH = "/api/v1/namespaces";
  private static final String V1 = "client.authentication.k8s.io/v1";
  private static final Duration LONG = Duration.ofMinutes(1);

  @TempDir private Path directory;
  private Authorities authorities;

  @BeforeEach
  void open() throws Exception {
    authorities = new Authorities(directory);
    authorities.authority("ca");
    authorities.signed("server", "ca");
    authorities.serve("server");
  }

  private void script(String body) throws IOException {
    var file = Files.writeString(directory.resolve("login"), "#!/bin/sh\n" + body);
    Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwx------"));
  }

  /** It counts its runs in a file, and says this as its status. */
  private void says(String status) throws IOException {
    script(
        """
        echo run >>"${0%%/*}/runs"
        cat <<EOF
        {"apiVersion": "%s", "kind": "ExecCredential", "status": %s}
        EOF
        """
            .formatted(V1, status));
  }

  private long runs() throws IOException {
    var file = directory.resolve("runs");
    return Files.exists(file) ? Files.readAllLines(file).size() : 0;
  }

  private Path kubeconfig(String server, String exec) throws IOException {
    return Files.writeString(
        directory.resolve("config"),
        """
        current-context: here
        contexts: [{name: here, context: {cluster: c, user: u}}]
        clusters:
        - name: c
          cluster:
            server: '%s'
            certificate-authority: ca.crt
            extensions: [{name: client.authentication.k8s.io/exec, extension: {audience: [a, 7, true]}}]
        users:
        - name: u
          user:
            exec: {%s}
        """
            .formatted(server, exec));
  }

  private ExecProgram program(String exec) throws IOException {
    var access = ApiAccess.ofKubeconfigOfPerson(kubeconfig("https://127.0.0.1:1", exec));
    assertThat(access.identity()).isInstanceOf(ApiAccess.Identity.Program.class);
    return ((ApiAccess.Identity.Program) access.identity()).program();
  }

  private ExecCredentials credentials(String more) throws IOException {
    return new ExecCredentials(
        program("apiVersion: " + V1 + ", command: ./login, interactiveMode: Never" + more),
        false,
        LONG);
  }

  private void fails(String words) throws IOException {
    var credentials = credentials("");
    assertThatThrownBy(credentials::current)
        .isInstanceOf(IOException.class)
        .hasMessageContaining(words)
        .hasMessageContaining(directory.resolve("login").toString())
        .hasMessageNotContaining("s3cret");
  }

  /** A server with TLS that knows one token at a time. */
  private HttpsServer server(List<String> known, List<String> asked) throws Exception {
    var server = HttpsServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.setHttpsConfigurator(new HttpsConfigurator(authorities.server()));
    server.createContext(
        "/",
        exchange -> {
          var token = String.valueOf(exchange.getRequestHeaders().getFirst("Authorization"));
          asked.add(token);
          var body = "{}".getBytes(StandardCharsets.UTF_8);
          exchange.sendResponseHeaders(known.contains(token) ? 200 : 401, body.length);
          exchange.getResponseBody().write(body);
          exchange.close();
        });
    server.start();
    return server;
  }

  @Test
  void aTokenIsUsedUntilTheServerRefusesItAndThenAskedForAgain() throws Exception {
    says("{\"token\": \"s3cret-$(wc -l <\"${0%/*}/runs\" | tr -d ' ')\"}");
    var known = new CopyOnWriteArrayList<>(List.of("Bearer s3cret-1"));
    var asked = new CopyOnWriteArrayList<String>();
    var server = server(known, asked);
    var file =
        kubeconfig(
            "https://127.0.0.1:" + server.getAddress().getPort(),
            "apiVersion: " + V1 + ", command: ./login, interactiveMode: Never");
    try (var client = new ApiClient(ApiAccess.ofKubeconfigOfPerson(file))) {
      assertThat(runs()).as("nothing is called yet").isZero();
      client.get(PATH);
      client.get(PATH);
      assertThat(runs()).isEqualTo(1);
      known.set(0, "Bearer s3cret-2");
      client.get(PATH);
      client.get(PATH);
      assertThat(asked)
          .containsExactly(
              "Bearer s3cret-1",
              "Bearer s3cret-1",
              "Bearer s3cret-1",
              "Bearer s3cret-2",
              "Bearer s3cret-2");
      known.clear();
      assertThatThrownBy(() -> client.get(PATH))
          .isInstanceOf(ApiFailure.class)
          .hasMessageContaining("401")
          .hasMessageNotContaining("s3cret");
      assertThat(runs()).as("once for each call").isEqualTo(3);
    } finally {
      server.stop(0);
    }
  }

  @Test
  void aClientCertificateOpensTheServerAndIsExchangedWhenItRunsOut() throws Exception {
    authorities.signed("first", "ca");
    authorities.signed("second", "ca");
    script(
        """
        cd "${0%/*}"; echo run >>runs
        [ "$(wc -l <runs)" -eq 1 ] && name=first until=2020-01-01T00:00:00Z || name=second until=2999-01-01T00:00:00+01:00
        pem() { awk '{ printf "%s\\\\n", $0 }' "$1"; }
        echo '{"apiVersion": "client.authentication.k8s.io/v1", "kind": "ExecCredential", "status": {'
        printf '"clientCertificateData": "%s", "clientKeyData": "%s",' "$(pem $name.crt)" "$(pem $name.key)"
        echo '"expirationTimestamp": "'$until'"}}'
        """);
    try (var server = ApiServer.start(authorities.server())) {
      var file =
          kubeconfig(
              server.uri().toString(),
              "apiVersion: " + V1 + ", command: ./login, interactiveMode: IfAvailable");
      try (var client = new ApiClient(ApiAccess.ofKubeconfigOfPerson(file))) {
        client.get(PATH);
        assertThat(authorities.clients).containsOnly("CN=first");
        client.get(PATH);
        assertThat(authorities.clients.getLast()).isEqualTo("CN=second");
        client.get(PATH);
        assertThat(runs()).isEqualTo(2);
      }
    }
  }

  @Test
  void whatAProgramIsTold() throws Exception {
    script(
        """
        echo "$1,$2,$COLOUR" >"${0%/*}/arguments"
        printf '%s' "$KUBERNETES_EXEC_INFO" >"${0%/*}/info"
        cat >"${0%/*}/input"
        echo '{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": {"token": "t"}}'
        """);
    var exec =
        "apiVersion: client.authentication.k8s.io/v1beta1, command: ./login, args: ['a b', -c],"
            + " env: [{name: COLOUR, value: red}], provideClusterInfo: true";
    new ExecCredentials(program(exec), false, LONG).current();
    assertThat(directory.resolve("arguments")).hasContent("a b,-c,red");
    assertThat(directory.resolve("input")).isEmptyFile();
    var info = new ObjectMapper().readTree(directory.resolve("info").toFile());
    assertThat(info.path("kind").asText()).isEqualTo("ExecCredential");
    assertThat(info.path("apiVersion").asText()).isEqualTo("client.authentication.k8s.io/v1beta1");
    assertThat(info.at("/spec/interactive").asBoolean(true)).isFalse();
    assertThat(info.at("/spec/cluster/server").asText()).isEqualTo("https://127.0.0.1:1");
    assertThat(info.at("/spec/cluster/certificate-authority-data").binaryValue())
        .isEqualTo(Files.readAllBytes(directory.resolve("ca.crt")));
    assertThat(info.at("/spec/cluster/config")).hasToString("{\"audience\":[\"a\",7,true]}");

    // It has our input now, which in a test may be a pipe that does not end: it is not read.
    script(
        """
        printf '%s' "$KUBERNETES_EXEC_INFO" >"${0%/*}/info"
        echo '{"apiVersion": "client.authentication.k8s.io/v1beta1", "kind": "ExecCredential", "status": {"token": "t"}}'
        """);
    new ExecCredentials(program(exec), true, LONG).current();
    assertThat(
            new ObjectMapper()
                .readTree(directory.resolve("info").toFile())
                .at("/spec/interactive")
                .asBoolean())
        .isTrue();
    var always = new ExecCredentials(program(exec + ", interactiveMode: Always"), false, LONG);
    assertThatThrownBy(always::current)
        .hasMessageContaining(
            "must ask somebody (interactiveMode: Always), and there is no terminal");
  }

  @Test
  void aTimeThatIsToComeKeepsWhatWasSaid() throws Exception {
    says(
        "{\"token\": \"t\", \"expirationTimestamp\": \"" + Instant.now().plusSeconds(3600) + "\"}");
    var credentials = credentials("");
    assertThat(credentials.current().token()).contains("t");
    credentials.current();
    assertThat(runs()).isEqualTo(1);
    says("{\"token\": \"t\", \"expirationTimestamp\": \"2020-01-01T00:00:00Z\"}");
    var expired = credentials("");
    expired.current();
    expired.current();
    assertThat(runs()).isEqualTo(3);
    assertThat(expired.current().toString()).isEqualTo("Made[hidden]");
  }

  @Test
  void whatGoesWrongIsSaidWithoutTheSecret() throws Exception {
    script("echo 's3cret' >&1; echo 'log in first' >&2; exit 3");
    fails("failed with exit code 3: log in first");
    script("echo s3cret");
    fails("says what is not JSON");
    script("echo '{\"kind\": \"ExecCredential\", \"status\": {\"token\": \"s3cret\"}}'");
    fails("says no ExecCredential of " + V1);
    says("{\"clientKeyData\": \"s3cret\"}");
    fails("clientCertificateData and clientKeyData without the other");
    says("{}");
    fails("says neither token nor clientCertificateData");
    says("{\"token\": \"s3cret\", \"expirationTimestamp\": \"soon\"}");
    fails("expirationTimestamp that is no time");
    script("exec yes s3cret");
    fails("says more than 1048576 octets");
  }

  @Test
  void oneThatDoesNotEndIsEnded() throws Exception {
    script("echo $$ >\"${0%/*}/pid\"; sleep 600");
    var program = program("apiVersion: " + V1 + ", command: ./login, interactiveMode: Never");
    var credentials = new ExecCredentials(program, false, Duration.ofSeconds(2));
    assertThatThrownBy(credentials::current).hasMessageContaining("has not ended within 2 s");
    long pid = Long.parseLong(Files.readString(directory.resolve("pid")).strip());
    assertThat(
            ProcessHandle.of(pid)
                .map(ProcessHandle::onExit)
                .orElseGet(() -> CompletableFuture.completedFuture(ProcessHandle.current())))
        .as("killed, and soon gone")
        .succeedsWithin(LONG);
  }

  @Test
  void onlyWhereItMayAskAPersonItHasTheTimeOfOne() throws Exception {
    var exec = "apiVersion: " + V1 + ", command: ./login, interactiveMode: ";
    assertThat(new ExecCredentials(program(exec + "Never"), true).patience()).hasMinutes(1);
    assertThat(new ExecCredentials(program(exec + "IfAvailable"), true).patience()).hasMinutes(5);
    assertThat(new ExecCredentials(program(exec + "IfAvailable"), false).patience()).hasMinutes(1);
  }

  @Test
  void whoDoesNotHaveItIsToldHowToGetIt() throws Exception {
    var program =
        program(
            "apiVersion: "
                + V1
                + ", command: no-such-login, interactiveMode: Never, installHint: 'see https://h/'");
    var credentials = new ExecCredentials(program, false, LONG);
    assertThatThrownBy(credentials::current)
        .hasMessageContaining("no-such-login cannot be run: there is no such program")
        .hasMessageEndingWith("\nsee https://h/");
  }

  @Test
  void whatAKubeconfigMustSay() {
    assertThatThrownBy(() -> program("command: a"))
        .hasMessageContaining("config:", "'apiVersion' of 'exec' is ''; give " + V1);
    assertThatThrownBy(() -> program("apiVersion: " + V1))
        .hasMessageContaining("'command' of 'exec' is missing");
    assertThatThrownBy(() -> program("apiVersion: " + V1 + ", command: a"))
        .hasMessageContaining("'interactiveMode' of 'exec' is ''; give Never");
  }
}
