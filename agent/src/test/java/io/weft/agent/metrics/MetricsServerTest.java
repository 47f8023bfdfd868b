package io.weft.agent.metrics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

final class MetricsServerTest {
  private static final InetAddress LOOPBACK = InetAddress.ofLiteral("127.0.0.1");

  private static HttpResponse<String> get(int port, String path, String... headers)
      throws IOException, InterruptedException {
    var request = HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path));
    if (headers.length > 0) {
      request.headers(headers);
    }
    try (var client = HttpClient.newHttpClient()) {
      return client.send(request.build(), BodyHandlers.ofString());
    }
  }

  private static MetricsServer serve(Readings readings) {
    return MetricsServer.start(new MetricsAddress(LOOPBACK, 0, true), () -> readings);
  }

  @Test
  void itSpeaksTheFormatsOfPrometheusAndOpenMetrics() throws Exception {
    var readings = new Readings();
    readings.set(Metric.BUILD, true, "0.1.0", "node", "a\"1");
    readings.set(Metric.PEERS, 2, "Established");
    readings.set(Metric.STOPPED, 7, "red", "arp");
    try (var server = serve(readings)) {
      int port = server.port().orElseThrow();
      var plain = get(port, "/metrics");
      assertThat(plain.statusCode()).isEqualTo(200);
      assertThat(plain.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("text/plain; version=0.0.4");
      assertThat(plain.body().lines())
          .contains(
              "weft_build_info{name=\"a\\\"1\",role=\"node\",version=\"0.1.0\"} 1",
              "# TYPE weft_bgp_peers gauge",
              "weft_bgp_peers{state=\"Established\"} 2.0",
              "# TYPE weft_stopped_frames_total counter",
              "weft_stopped_frames_total{reason=\"arp\",tenant=\"red\"} 7.0");
      var open = get(port, "/metrics", "Accept", "application/openmetrics-text");
      assertThat(open.headers().firstValue("Content-Type").orElseThrow())
          .startsWith("application/openmetrics-text");
      assertThat(open.body()).endsWith("# EOF\n");
      assertThat(get(port, "/metrics?name%5B%5D=weft_bgp_peers").body())
          .doesNotContain("weft_stopped");
    }
  }

  @Test
  void rowsAreBoundedAndThoseLeftOutAreCounted() {
    var readings = new Readings();
    for (int i = 0; i < Readings.MAX_ROWS + 5; i++) {
      readings.set(Metric.PEER_UP, true, "10.0.0." + i);
    }
    readings.add(Metric.PEER_UP, 1, "10.0.0.1");
    var snapshots = readings.snapshots();
    assertThat(snapshots.stream())
        .anySatisfy(
            each -> {
              assertThat(each.getMetadata().getName()).isEqualTo("weft_bgp_peer_established");
              assertThat(each.getDataPoints()).hasSize(Readings.MAX_ROWS);
            })
        .anySatisfy(
            each -> {
              assertThat(each.getMetadata().getName()).isEqualTo("weft_metrics_left_out");
              assertThat(each.getDataPoints()).hasSize(1);
            });
    assertThatThrownBy(() -> readings.set(Metric.PEER_UP, true))
        .isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void noMetricHasARowForEachEndpointOrMac() {
    assertThat(Metric.values())
        .allSatisfy(
            metric ->
                assertThat(metric.labels())
                    .doesNotContainAnyElementsOf(List.of("endpoint", "mac", "ip", "pod", "route")));
    assertThat(Metric.values())
        .extracting(Metric::title)
        .doesNotHaveDuplicates()
        .allMatch(name -> name.matches("[a-z_]+"));
  }

  @Test
  void manyReadersAskTheDaemonOnceInASecond() throws Exception {
    var asked = new AtomicInteger();
    try (var server =
        MetricsServer.start(
            new MetricsAddress(LOOPBACK, 0, true),
            () -> {
              asked.incrementAndGet();
              return new Readings();
            })) {
      long start = System.nanoTime();
      for (int i = 0; i < 20; i++) {
        get(server.port().orElseThrow(), "/metrics");
      }
      long seconds = (System.nanoTime() - start) / 1_000_000_000L;
      assertThat(asked.get()).isBetween(1, (int) seconds + 2);
    }
  }

  @Test
  void aPortThatIsTakenIsAProblemOnlyForWhoAskedForIt() throws Exception {
    try (var other = new ServerSocket(0, 1, LOOPBACK)) {
      int port = other.getLocalPort();
      try (var chosen =
              MetricsServer.start(new MetricsAddress(LOOPBACK, port, true), Readings::new);
          var standard =
              MetricsServer.start(new MetricsAddress(LOOPBACK, port, false), Readings::new)) {
        assertThat(chosen.problems().getFirst())
            .startsWith("metrics cannot be read at 127.0.0.1 port " + port + ": ");
        assertThat(standard.problems()).isEmpty();
        assertThat(standard.port()).isEmpty();
      }
    }
  }

  @Test
  void anAddressIsReadWithItsPort() {
    assertThat(MetricsAddress.parse("10.0.0.1:9477")).hasToString("10.0.0.1 port 9477");
    assertThat(MetricsAddress.parse("[fd00::1]:9477").host()).isEqualTo("[fd00:0:0:0:0:0:0:1]");
    assertThat(MetricsAddress.parse("fd00::1:9477").port()).isEqualTo(9477);
    for (var wrong : List.of("", "9477", ":9477", "10.0.0.1", "host:9477", "10.0.0.1:0", "1:x")) {
      assertThatThrownBy(() -> MetricsAddress.parse(wrong))
          .as(wrong)
          .isInstanceOf(IllegalArgumentException.class);
    }
  }
}
