package io.weft.agent.cluster;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cluster.PodEvents.News;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Events of pods, at a server. */
final class PodEventsTest {
  private ApiServer server;
  private ApiClient client;
  private PodEvents events;
  private final BlockingQueue<List<News>> news = new LinkedBlockingQueue<>();
  private final AtomicInteger looks = new AtomicInteger();

  @BeforeEach
  void open() throws Exception {
    server = ApiServer.start();
    client =
        new ApiClient(
            new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
    events =
        new PodEvents(
            client,
            "n1",
            () -> {
              looks.incrementAndGet();
              var next = news.poll();
              return next == null ? List.of() : next;
            },
            Duration.ofMillis(10));
  }

  @AfterEach
  void close() throws Exception {
    events.close();
    client.close();
    server.close();
  }

  private static News of(String pod, String reason) {
    return new News(
        new PodName("shop", Optional.of(pod), Optional.of("uid-" + pod)), reason, "as it is");
  }

  private void await(BooleanSupplier condition) throws Exception {
    long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
    while (!condition.getAsBoolean()) {
      assertThat(System.nanoTime() - end).as(server.objects("Event").toString()).isNegative();
      Thread.sleep(10);
    }
  }

  private void tell(List<News> next) throws Exception {
    news.add(next);
    await(news::isEmpty);
    int taken = looks.get();
    await(() -> looks.get() > taken); // the one that took it has ended
  }

  private List<ObjectNode> written() {
    return server.objects("Event");
  }

  @Test
  void oneOfAPodAndAReasonIsWritten() throws Exception {
    tell(List.of(of("web-0", "FramesStopped")));
    tell(List.of(of("web-0", "FramesStopped"), of("web-0", "DuplicateAddress")));
    tell(List.of(of("web-1", "FramesStopped")));
    assertThat(written()).hasSize(3);
    var event = written().getFirst();
    assertThat(event.at("/metadata/namespace").asText()).isEqualTo("shop");
    assertThat(event.at("/involvedObject/kind").asText()).isEqualTo("Pod");
    assertThat(event.at("/involvedObject/uid").asText()).startsWith("uid-web-");
    assertThat(event.path("type").asText()).isEqualTo("Warning");
    assertThat(event.at("/source/host").asText()).isEqualTo("n1");
    assertThat(events.problems()).isEmpty();
  }

  @Test
  void manyPodsDoNotLoadTheServer() throws Exception {
    var all = new ArrayList<News>();
    for (int i = 0; i < 3 * PodEvents.MOST_IN_MINUTE; i++) {
      all.add(of("web-" + i, "FramesStopped"));
    }
    tell(all);
    assertThat(written()).hasSize(PodEvents.MOST_IN_MINUTE);
  }

  @Test
  void whoMayNotWriteThemSaysSo() throws Exception {
    server.away(true);
    tell(List.of(of("web-0", "FramesStopped")));
    assertThat(events.problems().getFirst()).startsWith("Kubernetes API: Events of pods: ");
    server.away(false);
    tell(List.of(of("web-0", "FramesStopped")));
    await(() -> events.problems().isEmpty());
    assertThat(written()).hasSize(1);
  }

  /** Frames were stopped for a moment: nothing says so a second time. */
  @Test
  void whatCouldNotBeWrittenIsWrittenLater() throws Exception {
    server.away(true);
    tell(List.of(of("web-0", "FramesStopped"), of("web-1", "FramesStopped")));
    server.away(false);
    await(() -> written().size() == 2);
    await(() -> events.problems().isEmpty());
  }

  /** As that of a pod whose name no server takes; others' are written, and it is not for ever. */
  @Test
  void oneThatIsRefusedKeepsNoOtherBack() throws Exception {
    tell(List.of(of("Web", "FramesStopped"), of("web-1", "FramesStopped")));
    await(() -> written().size() == 1);
    await(() -> !events.problems().isEmpty());
  }

  private static News over(String pod, String reason) {
    var wrong = of(pod, reason);
    return News.recovered(wrong.pod(), reason, "over");
  }

  private List<String> told() {
    return written().stream()
        .sorted(Comparator.comparingLong(each -> each.at("/metadata/resourceVersion").asLong()))
        .map(each -> each.path("type").asText() + " " + each.path("reason").asText())
        .toList();
  }

  @Test
  void thatSomethingIsOverIsToldOnceAndOnlyOfWhatWasTold() throws Exception {
    tell(List.of(over("web-0", "DuplicateAddress")));
    assertThat(written()).isEmpty();
    tell(List.of(of("web-0", "DuplicateAddress")));
    tell(List.of(over("web-0", "DuplicateAddress"), over("web-1", "DuplicateAddress")));
    tell(List.of(of("web-0", "DuplicateAddress")));
    tell(List.of(over("web-0", "DuplicateAddress")));
    assertThat(told())
        .as("one of each in five minutes")
        .containsExactly("Warning DuplicateAddress", "Normal DuplicateAddressResolved");
  }

  /** Otherwise what is over would seem to go on. */
  @Test
  void thatItIsOverIsToldAfterThatItBegan() throws Exception {
    server.away(true);
    tell(List.of(of("web-0", "DuplicateAddress"), of("web-1", "FramesStopped")));
    tell(List.of(over("web-0", "DuplicateAddress")));
    server.away(false);
    await(() -> written().size() == 3);
    assertThat(told().stream().filter(each -> each.contains("Duplicate")))
        .containsExactly("Warning DuplicateAddress", "Normal DuplicateAddressResolved");
  }

  @Test
  void aPodMayHaveTheLongestName() throws Exception {
    var name = "w".repeat(235) + "-" + "0".repeat(17);
    tell(List.of(of(name, "FramesStopped")));
    assertThat(events.problems()).isEmpty();
    assertThat(written().getFirst().at("/involvedObject/name").asText()).isEqualTo(name);
    assertThat(written().getFirst().at("/metadata/name").asText()).matches("w{235}\\.[0-9a-f]{16}");
  }
}
