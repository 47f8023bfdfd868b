package io.weft.kubernetes.api;

import static io.weft.kubernetes.api.ApiClientTest.json;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** A watch goes on whatever the server does, and says each thing once. */
final class ApiWatchTest {
  private static final String PATH = "/api/v1/namespaces";

  private static final Duration SPREAD = Duration.ofSeconds(2);

  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private ScheduledExecutorService timer;
  private ApiServer server;
  private ApiClient client;
  private ApiWatch<String> watch;

  private final ApiWatch.Sink<String> sink =
      new ApiWatch.Sink<>() {
        @Override
        public void listed(SortedMap<String, String> objects) {
          told.add("listed " + objects);
        }

        @Override
        public void changed(String key, String object) {
          told.add("changed " + key + "=" + object);
        }

        @Override
        public void removed(String key) {
          told.add("removed " + key);
        }

        @Override
        public void troubled(Optional<ApiFailure> why) {
          told.add(why.isPresent() ? "trouble" : "well again");
        }
      };

  @BeforeEach
  void start() throws Exception {
    timer = Executors.newSingleThreadScheduledExecutor();
    server = ApiServer.start();
    client =
        new ApiClient(
            new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()),
            Duration.ofSeconds(60),
            SPREAD);
    make("blue", "1");
    watch =
        ApiWatch.start(
            client,
            ApiCollection.metadataOf(PATH),
            object -> object.at("/metadata/labels/v").asText(),
            sink,
            timer);
    expect("listed {blue=1}");
  }

  @AfterEach
  void stop() {
    watch.close();
    client.close();
    server.close();
    timer.shutdownNow();
  }

  private void make(String name, String label) throws Exception {
    client.create(PATH, json(body(name, label)));
  }

  private void label(String name, String label) throws Exception {
    client.merge(PATH + "/" + name, json(body(name, label)));
  }

  private static String body(String name, String label) {
    return "{'metadata':{'name':'" + name + "','labels':{'v':'" + label + "'}}}";
  }

  private void expect(String... events) throws InterruptedException {
    for (var event : events) {
      assertThat(next()).isEqualTo(event);
    }
  }

  private String next() throws InterruptedException {
    var event = told.poll(30, TimeUnit.SECONDS);
    return event == null ? "nothing" : event;
  }

  private void quiet() throws InterruptedException {
    assertThat(told.poll(400, TimeUnit.MILLISECONDS)).isNull();
  }

  private List<String> lists() {
    return server.calls().stream().filter(("GET " + PATH)::equals).toList();
  }

  @Test
  void changesComeInOrder() throws Exception {
    make("red", "1");
    label("blue", "2");
    client.delete(PATH + "/red", "", "");
    expect("changed red=1", "changed blue=2", "removed red");
  }

  @Test
  void aWatchThatEndsIsResumedWithoutAList() throws Exception {
    for (int i = 0; i < 5; i++) {
      server.cutWatches();
      label("blue", "a" + i);
      expect("changed blue=a" + i);
    }
    quiet();
    assertThat(lists()).hasSize(1);
  }

  @Test
  void whileTheServerIsAwayNothingIsForgotten() throws Exception {
    server.away(true);
    expect("trouble");
    server.away(false);
    // Through another client: the one under test must find back by itself.
    label("blue", "2");
    var event = next();
    while (event.equals("trouble")) {
      event = next();
    }
    assertThat(event).isEqualTo("well again");
    expect("changed blue=2");
    assertThat(lists()).hasSize(1);
  }

  /** A server that goes away while a watch is about to begin cuts that one too. */
  @Test
  void aWatchThatIsAboutToBeginEndsWithTheServer() throws Exception {
    server.latency(Duration.ofMillis(600));
    server.cutWatches();
    Thread.sleep(300); // it has been asked for anew, and is not answered yet
    server.away(true);
    expect("trouble");
  }

  @Test
  void whatWasForgottenMeanwhileIsListedAgain() throws Exception {
    server.away(true);
    expect("trouble");
    // While it is away: a watch that is there already would hear of it, and list nothing.
    put("blue", "2");
    put("red", "1");
    server.remove("Namespace", "blue");
    server.compact();
    server.away(false);
    var event = next();
    while (event.equals("trouble")) {
      event = next();
    }
    assertThat(event).isEqualTo("well again");
    expect("listed {red=1}");
    make("green", "1");
    expect("changed green=1");
    assertThat(lists()).hasSize(2);
  }

  /** Without a call. */
  private void put(String name, String label) throws IOException {
    server.put(((ObjectNode) json(body(name, label))).put("kind", "Namespace"));
  }

  @Test
  void bookmarksCarryTheVersionOverAQuietTime() throws Exception {
    // Others change; without bookmarks the version of this watch would be too old by then.
    for (int i = 0; i < 3; i++) {
      client.create("/api/v1/nodes", json("{'metadata':{'name':'n" + i + "'}}"));
    }
    Thread.sleep(1_500); // several bookmarks
    server.compact();
    server.cutWatches();
    label("blue", "2");
    expect("changed blue=2");
    assertThat(lists()).hasSize(1);
  }

  @Test
  void withoutBookmarksTheVersionGrowsTooOld() throws Exception {
    server.bookmarks(false);
    server.cutWatches();
    for (int i = 0; i < 3; i++) {
      client.create("/api/v1/nodes", json("{'metadata':{'name':'n" + i + "'}}"));
    }
    server.compact();
    server.cutWatches();
    expect("listed {blue=1}");
    assertThat(lists()).hasSize(2);
  }

  /** All nodes of a cluster are told at once that they are too late. */
  @Test
  void manyDoNotListAtOnce() throws Exception {
    server.bookmarks(false);
    var others = new ArrayList<ApiWatch<String>>();
    for (int i = 0; i < 20; i++) {
      others.add(
          ApiWatch.start(client, ApiCollection.of(PATH), ApiWatch::key, new Silent(), timer));
    }
    await(() -> server.watches() == 21);
    server.cutWatches();
    await(() -> server.watches() == 21);
    client.create("/api/v1/nodes", json("{'metadata':{'name':'n1'}}"));
    server.compact();
    int before = lists().size();
    long began = System.nanoTime();
    server.cutWatches();
    var times = new ArrayList<Long>();
    while (times.size() < 21) {
      for (int i = times.size(); i < lists().size() - before; i++) {
        times.add(TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - began));
      }
      assertThat(System.nanoTime() - began).isLessThan(TimeUnit.SECONDS.toNanos(30));
      Thread.sleep(5);
    }
    others.forEach(ApiWatch::close);
    assertThat(times.getLast() - times.getFirst()).as("%s", times).isGreaterThan(500);
  }

  private static final class Silent implements ApiWatch.Sink<String> {
    @Override
    public void listed(SortedMap<String, String> objects) {}

    @Override
    public void changed(String key, String object) {}

    @Override
    public void removed(String key) {}

    @Override
    public void troubled(Optional<ApiFailure> why) {}
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime()).isLessThan(end);
      Thread.sleep(10);
    }
  }

  @Test
  void closingEndsItAtOnce() throws Exception {
    await(() -> server.watches() == 1);
    long before = System.nanoTime();
    watch.close();
    assertThat(System.nanoTime() - before).isLessThan(1_000_000_000L);
    await(() -> server.watches() == 0);
    label("blue", "2");
    quiet();
  }

  @Test
  void aCollectionThatIsNotKnownIsTold() throws IOException, InterruptedException {
    try (var _ =
        ApiWatch.start(
            client, ApiCollection.of("/api/v1/nothing"), Object::toString, sink, timer)) {
      expect("trouble");
    }
  }
}
