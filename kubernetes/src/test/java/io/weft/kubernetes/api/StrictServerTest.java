package io.weft.kubernetes.api;

import static io.weft.kubernetes.api.ApiClientTest.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Our server refuses what Kubernetes' refuses, and the client gets along with a strict one. */
final class StrictServerTest {
  private static final String NODES = "/api/v1/nodes";
  private static final String LEASES = "/apis/coordination.k8s.io/v1/namespaces/w/leases";
  private static final String EVENTS = "/api/v1/namespaces/default/events";

  private ApiServer server;
  private ApiClient client;

  @BeforeEach
  void start() throws IOException {
    server = ApiServer.start();
    client =
        new ApiClient(
            new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()),
            Duration.ofSeconds(60),
            Duration.ZERO);
  }

  @AfterEach
  void stop() {
    client.close();
    server.close();
  }

  private ApiFailure create(String path, String object) {
    return catchThrowableOfType(ApiFailure.class, () -> client.create(path, json(object)));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "nodes  | {\"metadata\":{\"name\":\"a..b\"}} | metadata.name",
        "nodes  | {\"metadata\":{\"name\":\"a\",\"labels\":{\"x\":\"a b\"}}} | metadata.labels",
        "nodes  | {\"metadata\":{\"name\":\"a\",\"labels\":{\"x/y/z\":\"a\"}}} | qualified name",
        "nodes  | {\"metadata\":{\"name\":\"a\",\"ownerReferences\":[{\"kind\":\"Node\"}]}} | uid must",
        "nodes  | {\"metadata\":{\"name\":\"a\",\"resourceVersion\":\"7\"}} | resourceVersion should not",
        "nodes  | {\"kind\":\"Pod\",\"metadata\":{\"name\":\"a\"}} | does not match",
        "nodes  | {\"metadata\":{\"name\":\"a\"},\"spec\":{\"taints\":[{\"key\":\"a\"}]}} | effect",
        "leases | {\"metadata\":{\"name\":\"a\"},\"spec\":{\"renewTime\":\"2026-01-01T00:00:00Z\"}} | parsing time",
        "leases | {\"metadata\":{\"name\":\"a\"},\"spec\":{\"leaseDurationSeconds\":0}} | greater than 0",
        "leases | {\"metadata\":{\"name\":\"a\",\"namespace\":\"b\"}} | namespace of the object",
        "events | {\"metadata\":{\"name\":\"a\"},\"involvedObject\":{\"namespace\":\"b\"}} | does not match",
        "events | {\"metadata\":{\"name\":\"a\"},\"eventTime\":\"2026-01-01T00:00:00.000000Z\"} | reportingInstance",
      })
  void whatIsNotOfTheFormIsRefused(String kind, String object, String words) {
    var path = kind.equals("nodes") ? NODES : kind.equals("leases") ? LEASES : EVENTS;
    assertThat(create(path, object)).isNotNull().hasMessageContaining(words);
  }

  /** Who replaces without having seen it would undo what another did. */
  @Test
  void aLeaseIsReplacedByWhoHasSeenItOnly() throws Exception {
    var seen = client.create(LEASES, json("{'metadata':{'name':'a'},'spec':{}}"));
    var blind = json("{'metadata':{'name':'a'},'spec':{'holderIdentity':'x'}}");
    var refused =
        catchThrowableOfType(ApiFailure.class, () -> client.replace(LEASES + "/a", blind));
    assertThat(refused).hasMessageContaining("must be specified for an update");
    client.replace(LEASES + "/a", ((ObjectNode) seen).put("kind", "Lease"));
    var status =
        catchThrowableOfType(
            ApiFailure.class, () -> client.merge(LEASES + "/a/status", json("{}")));
    assertThat(status.isNotFound()).as("a Lease has no status").isTrue();
  }

  @Test
  void objectsAreNotSelectedByAnyField() {
    var pods = ApiCollection.of("/api/v1/pods");
    assertThat(
            catchThrowableOfType(
                ApiFailure.class, () -> client.list(pods.where("spec.image", "a"), _ -> {})))
        .hasMessageContaining("field label not supported");
  }

  /** Pages are of one moment; a watch that goes on from there misses nothing. */
  @Test
  void aListIsOfOneMomentHoweverManyPagesItHas() throws Exception {
    for (int i = 0; i < 600; i++) {
      node("n" + i);
    }
    var names = new ArrayList<String>();
    var version =
        client.list(
            ApiCollection.of(NODES),
            object -> {
              names.add(ApiWatch.key(object));
              assertThat(object.has("kind")).isFalse();
              if (names.size() == 1) {
                node("n0-later");
                server.remove("Node", "n9");
              }
            });
    assertThat(names).hasSize(600).contains("n9").doesNotContain("n0-later");
    try (var events = client.watch(ApiCollection.of(NODES), version, Duration.ofSeconds(30))) {
      assertThat(events.next().orElseThrow().path("type").asText()).isEqualTo("ADDED");
      assertThat(events.next().orElseThrow().path("type").asText()).isEqualTo("DELETED");
    }
  }

  private void node(String name) {
    try {
      server.put(((ObjectNode) json("{'metadata':{'name':'" + name + "'}}")).put("kind", "Node"));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static final class Told implements ApiWatch.Sink<String> {
    private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
    private volatile long troubled;
    private volatile long listed;

    @Override
    public void listed(SortedMap<String, String> objects) {
      listed = System.nanoTime();
      told.add("listed " + objects.size());
    }

    @Override
    public void changed(String key, String object) {
      told.add("changed " + key);
    }

    @Override
    public void removed(String key) {
      told.add("removed " + key);
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      if (why.isPresent()) {
        troubled = System.nanoTime();
      }
      told.add(why.map(failure -> "trouble " + failure.status()).orElse("well again"));
    }

    void expect(String... events) throws InterruptedException {
      for (var event : events) {
        assertThat(told.poll(60, TimeUnit.SECONDS)).isEqualTo(event);
      }
    }
  }

  /** A slow list outlives what the server remembers: 410 in the middle of its pages. */
  @Test
  void aListThatTheServerForgetsIsBegunAgain() throws Exception {
    for (int i = 0; i < 600; i++) {
      node("n" + i);
    }
    var told = new Told();
    var timer = Executors.newSingleThreadScheduledExecutor();
    var seen = new AtomicInteger();
    try (var _ =
        ApiWatch.start(
            client,
            ApiCollection.of(NODES),
            object -> {
              if (seen.incrementAndGet() == 1) {
                server.compact();
              }
              return ApiWatch.key(object);
            },
            told,
            timer)) {
      told.expect("listed 600");
      assertThat(seen.get()).isEqualTo(1100);
    } finally {
      timer.shutdownNow();
    }
  }

  /** Roles, or the kind, may come later than who needs them; a busy server says when to come. */
  @Test
  void refusalsPassAndABusyServerIsNotAskedEarlier() throws Exception {
    server.forbid(("GET " + NODES)::equals);
    var told = new Told();
    var timer = Executors.newSingleThreadScheduledExecutor();
    try (var _ = ApiWatch.start(client, ApiCollection.of(NODES), ApiWatch::key, told, timer)) {
      told.expect("trouble 403");
      server.busy(1, 2);
      server.forbid(_ -> false);
      var next = told.told.poll(60, TimeUnit.SECONDS);
      while ("trouble 403".equals(next)) {
        next = told.told.poll(60, TimeUnit.SECONDS);
      }
      assertThat(next).isEqualTo("trouble 429");
      told.expect("listed 0", "well again");
      assertThat(told.listed - told.troubled).isGreaterThan(TimeUnit.SECONDS.toNanos(2));
    } finally {
      timer.shutdownNow();
    }
  }
}
