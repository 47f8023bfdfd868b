package io.weft.kubernetes.api;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess.Identity;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

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

  @Test
  void credentialsAreNotSentInTheClear() {
    assertThatThrownBy(
            () ->
                new ApiAccess(
                    URI.create("http://127.0.0.1:1"), Optional.empty(), new Identity.Token("t")))
        .hasMessageContaining("in the clear");
    assertThat(new Identity.Token("secret").toString()).doesNotContain("secret");
  }
}
