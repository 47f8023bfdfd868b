package io.weft.kubernetes.api;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess.Identity;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** The client against a server that stores, refuses, and is away. */
final class ApiClientTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final ApiCollection NAMESPACES = ApiCollection.of("/api/v1/namespaces");
  private static final ApiCollection PODS = ApiCollection.of("/api/v1/pods");

  private ApiServer server;
  private ApiClient client;

  @BeforeEach
  void start() throws IOException {
    server = ApiServer.start();
    client = client(server.uri());
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private static ApiClient client(URI uri) throws IOException {
    return new ApiClient(new ApiAccess(uri, Optional.empty(), new Identity.Anonymous()));
  }

  static JsonNode json(String text) throws IOException {
    return JSON.readTree(text.replace('\'', '"'));
  }

  private static JsonNode namespace(String name) throws IOException {
    return json("{'metadata':{'name':'" + name + "'}}");
  }

  @Test
  void anObjectIsMadeOnceReadChangedAndRemoved() throws Exception {
    var made = client.create(NAMESPACES.path(), namespace("blue"));
    assertThat(made.at("/metadata/resourceVersion").asText()).isNotEmpty();

    var twice =
        catchThrowableOfType(
            ApiFailure.class, () -> client.create(NAMESPACES.path(), namespace("blue")));
    assertThat(twice.isAlreadyThere()).isTrue();
    assertThat(twice.isConflict()).isFalse();
    assertThat(twice)
        .hasMessage(
            "POST /api/v1/namespaces: 409 AlreadyExists: namespaces \"blue\" already exists");

    var labelled =
        client.merge(NAMESPACES.item("blue"), json("{'metadata':{'labels':{'team':'red'}}}"));
    assertThat(labelled.at("/metadata/labels/team").asText()).isEqualTo("red");

    var stale =
        catchThrowableOfType(ApiFailure.class, () -> client.replace(NAMESPACES.item("blue"), made));
    assertThat(stale.isConflict()).isTrue();

    var other =
        catchThrowableOfType(
            ApiFailure.class,
            () ->
                client.delete(
                    NAMESPACES.item("blue"), "", made.at("/metadata/resourceVersion").asText()));
    assertThat(other.isConflict()).isTrue();
    client.delete(NAMESPACES.item("blue"), made.at("/metadata/uid").asText(), "");
    var gone = catchThrowableOfType(ApiFailure.class, () -> client.get(NAMESPACES.item("blue")));
    assertThat(gone.isNotFound()).isTrue();
  }

  @Test
  void statusAndTheRestAreWrittenApart() throws Exception {
    client.create(NAMESPACES.path(), namespace("blue"));
    var status = client.merge(NAMESPACES.item("blue") + "/status", json("{'status':{'a':1}}"));
    assertThat(status.at("/status/a").asInt()).isEqualTo(1);
    assertThat(client.merge(NAMESPACES.item("blue"), json("{'status':{'a':2}}")).at("/status/a"))
        .isEqualTo(json("1"));
  }

  @Test
  void aLongListComesInPagesAndOnlyItsSelectionAndMetadata() throws Exception {
    for (int i = 0; i < 1203; i++) {
      client.create(
          "/api/v1/namespaces/blue/pods",
          json(
              "{'metadata':{'name':'p%d'},'spec':{'nodeName':'%s'}}"
                  .formatted(i, i % 3 == 0 ? "n1" : "n2")));
    }
    var all = new ArrayList<String>();
    client.list(PODS, object -> all.add(ApiWatch.key(object)));
    assertThat(all).hasSize(1203).doesNotHaveDuplicates().contains("blue/p1202");
    assertThat(server.calls().stream().filter("GET /api/v1/pods"::equals)).hasSize(3);

    var here = new ArrayList<JsonNode>();
    client.list(PODS.where("spec.nodeName", "n1"), here::add);
    assertThat(here).hasSize(401).allSatisfy(pod -> assertThat(pod.has("spec")).isTrue());

    var partial = new ArrayList<JsonNode>();
    client.list(ApiCollection.metadataOf("/api/v1/pods"), partial::add);
    assertThat(partial).hasSize(1203).allSatisfy(pod -> assertThat(pod.has("spec")).isFalse());
  }

  @Test
  void anAnswerThatIsLostIsTold() throws Exception {
    server.fail(1);
    var failure =
        catchThrowableOfType(
            ApiFailure.class, () -> client.create(NAMESPACES.path(), namespace("blue")));
    assertThat(failure.status()).isEqualTo(500);
    assertThat(client.get(NAMESPACES.item("blue")).at("/metadata/name").asText()).isEqualTo("blue");

    server.away(true);
    var away = catchThrowableOfType(ApiFailure.class, () -> client.get("/api/v1/namespaces/x"));
    assertThat(away.isUnanswered()).isTrue();
    assertThat(away.getMessage())
        .startsWith("GET /api/v1/namespaces/x: no answer of " + server.uri());

    int free;
    try (var socket = new ServerSocket(0)) {
      free = socket.getLocalPort();
    }
    try (var nowhere = client(URI.create("http://127.0.0.1:" + free))) {
      assertThat(
              catchThrowableOfType(ApiFailure.class, () -> nowhere.get("/version")).isUnanswered())
          .isTrue();
    }
  }

  @Test
  void closingEndsACallThatHangs() throws Exception {
    server.latency(Duration.ofSeconds(20));
    var call =
        CompletableFuture.supplyAsync(
            () -> catchThrowableOfType(Exception.class, () -> client.get("/api/v1/namespaces")));
    Thread.sleep(200);
    client.close();
    assertThat(call.get(5, TimeUnit.SECONDS)).isNotNull();
  }

  /** Another goes on over the same connection. */
  @Test
  void closingEndsOnlyItsOwnCalls() throws Exception {
    server.latency(Duration.ofSeconds(60));
    try (var other = client.sharing()) {
      var own =
          CompletableFuture.supplyAsync(
              () -> catchThrowableOfType(Exception.class, () -> client.get("/api/v1/namespaces")));
      Thread.sleep(200);
      client.close();
      assertThat(own.get(30, TimeUnit.SECONDS)).isInstanceOf(ApiFailure.class);
      server.latency(Duration.ZERO);
      assertThat(other.get("/api/v1/namespaces").path("items").size()).isZero();
    }
  }

  @Test
  void credentialsAreNotSentInTheClear() {
    assertThatThrownBy(
            () ->
                new ApiAccess(
                    URI.create("http://127.0.0.1:1"), Optional.empty(), new Identity.Token("t")))
        .hasMessageContaining("in the clear");
    assertThat(new Identity.Token("secret").toString()).doesNotContain("secret");
  }

  /** The server vanishes in the middle of its answer: no packet says so. */
  @Test
  @Timeout(60)
  void anAnswerThatStopsInTheMiddleIsNotWaitedFor() throws Exception {
    try (var silent = new RawServer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{\"items\": [");
        var impatient = impatient(silent.uri())) {
      var list = catchThrowableOfType(ApiFailure.class, () -> impatient.list(NAMESPACES, _ -> {}));
      assertThat(list).hasMessageContaining("nothing has come for 1 s");
      var get = catchThrowableOfType(ApiFailure.class, () -> impatient.get("/api/v1/nodes/a"));
      assertThat(get).hasMessageContaining("nothing has come for 1 s");
      var merge =
          catchThrowableOfType(
              ApiFailure.class, () -> impatient.merge("/api/v1/nodes/a", namespace("a")));
      assertThat(merge.isAway()).isTrue();
    }
    try (var silent = new RawServer("HTTP/1.1 500 Oh\r\nContent-Length: 100\r\n\r\n{");
        var impatient = impatient(silent.uri())) {
      assertThatThrownBy(() -> impatient.get("/api/v1/nodes/a")).isInstanceOf(ApiFailure.class);
    }
  }

  /** Slow is not silent: what comes octet by octet is read to its end. */
  @Test
  @Timeout(60)
  void anAnswerThatComesSlowlyIsReadToItsEnd() throws Exception {
    var answer = "{\"a\": \"b\"}";
    try (var slow =
            new RawServer(
                "HTTP/1.1 200 OK\r\nContent-Length: " + answer.length() + "\r\n\r\n",
                answer.split("(?<=.)"));
        var impatient = impatient(slow.uri())) {
      assertThat(impatient.get("/api/v1/nodes/a").path("a").asText()).isEqualTo("b");
    }
  }

  /** Else the server would read all pods of the cluster for each node that asks for its own. */
  @Test
  void whatAFieldSelectsIsAskedOfTheServersCache() throws Exception {
    try (var raw =
            new RawServer(
                "HTTP/1.1 200 OK\r\n"
                    + "Content-Length: 65\r\n\r\n"
                    + "{\"metadata\": {\"resourceVersion\": \"7\", \"continue\":"
                    + " \"\"},\"items\":[]}");
        var asking = impatient(raw.uri())) {
      asking.list(PODS.where("spec.nodeName", "n1"), _ -> {});
      asking.list(NAMESPACES, _ -> {});
      assertThat(raw.requests.get(0)).contains("resourceVersion=0", "fieldSelector=");
      assertThat(raw.requests.get(1)).doesNotContain("resourceVersion");
    }
  }

  @Test
  void ofAnObjectTheMetadataAloneCanBeAskedFor() throws Exception {
    client.create(
        "/api/v1/namespaces/blue/pods",
        json("{'metadata':{'name':'a','labels':{'x':'y'}},'spec':{'nodeName':'n1'}}"));
    var pod = client.getMetadata("/api/v1/namespaces/blue/pods/a");
    assertThat(pod.at("/metadata/labels/x").asText()).isEqualTo("y");
    assertThat(pod.has("spec")).isFalse();
  }

  private static ApiClient impatient(URI uri) throws IOException {
    return new ApiClient(
        new ApiAccess(uri, Optional.empty(), new Identity.Anonymous()),
        Duration.ofSeconds(1),
        Duration.ZERO);
  }

  /** Answers each request with the same octets, a part each 300 ms, and keeps the connection. */
  private static final class RawServer implements AutoCloseable {
    private final ServerSocket listener = new ServerSocket(0, 10, InetAddress.getLoopbackAddress());
    private final List<String> requests = new CopyOnWriteArrayList<>();
    private final List<Socket> open = new CopyOnWriteArrayList<>();
    private final String head;
    private final String[] parts;

    RawServer(String head, String... parts) throws IOException {
      this.head = head;
      this.parts = parts;
      Thread.ofVirtual().start(this::run);
    }

    URI uri() {
      return URI.create("http://127.0.0.1:" + listener.getLocalPort());
    }

    private void run() {
      try {
        while (true) {
          var socket = listener.accept();
          open.add(socket);
          Thread.ofVirtual().start(() -> serve(socket));
        }
      } catch (IOException _) {
        // closed
      }
    }

    private void serve(Socket socket) {
      try {
        var in = new BufferedReader(new InputStreamReader(socket.getInputStream(), UTF_8));
        for (var line = in.readLine(); line != null; line = in.readLine()) {
          if (line.contains(" HTTP/")) {
            requests.add(line);
          }
          if (line.isEmpty()) {
            answer(socket);
          }
        }
      } catch (IOException | InterruptedException _) {
        // closed
      }
    }

    private void answer(Socket socket) throws IOException, InterruptedException {
      var out = socket.getOutputStream();
      out.write(head.getBytes(UTF_8));
      for (var part : parts) {
        out.flush();
        Thread.sleep(300);
        out.write(part.getBytes(UTF_8));
      }
      out.flush();
    }

    @Override
    public void close() throws IOException {
      listener.close();
      for (var socket : open) {
        socket.close();
      }
    }
  }
}
