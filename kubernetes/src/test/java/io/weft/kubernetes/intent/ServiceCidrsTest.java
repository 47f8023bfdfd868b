package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.util.Optional;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Where services are, as the API server says it, whatever version it has. */
final class ServiceCidrsTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Semaphore changes = new Semaphore(0);
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private ApiServer server;
  private ApiClient client;
  private ServiceCidrs services;

  @BeforeEach
  void start() throws Exception {
    server = ApiServer.start();
    client =
        new ApiClient(
            new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
  }

  @AfterEach
  void stop() {
    client.close();
    if (services != null) {
      services.close();
    }
    timer.shutdownNow();
    server.close();
  }

  private void put(String name, String cidrs) throws IOException {
    server.put(
        (ObjectNode)
            JSON.readTree(
                """
                {"apiVersion": "networking.k8s.io/v1", "kind": "ServiceCIDR",
                 "metadata": {"name": "%s"}, "spec": {"cidrs": [%s]}}
                """
                    .formatted(name, cidrs)));
  }

  private void open() {
    services = ServiceCidrs.open(client, changes::release, timer, Optional.empty());
  }

  private void awaitPrefixes(String... texts) throws InterruptedException {
    assertThat(changes.tryAcquire(30, TimeUnit.SECONDS)).as("a change").isTrue();
    assertThat(services.prefixes())
        .containsExactlyElementsOf(Stream.of(texts).map(IpPrefix::parse).toList());
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    for (int i = 0; i < 600 && !condition.getAsBoolean(); i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
  }

  @Test
  void allServiceCidrsCountAsTheyComeAndGo() throws Exception {
    put("kubernetes", "\"10.96.0.0/16\", \"fd00:10:96::/112\"");
    open();
    awaitPrefixes("10.96.0.0/16", "fd00:10:96::/112");
    put("more", "\"10.97.0.0/16\"");
    awaitPrefixes("10.96.0.0/16", "fd00:10:96::/112", "10.97.0.0/16");
    server.remove("ServiceCIDR", "kubernetes");
    awaitPrefixes("10.97.0.0/16");
    assertThat(services.problem()).isEmpty();
  }

  /** Kubernetes 1.30 to 1.32. */
  @Test
  void whereTheServerHasNoneItIsSaidWhatToDo() throws Exception {
    server.undefine("ServiceCIDR");
    open();
    await(() -> services.problem().isPresent());
    assertThat(services.problem().orElseThrow())
        .isEqualTo(
            "the cluster does not say where services are: this API server has no ServiceCIDR"
                + " (Kubernetes before 1.33); where a tenant with egress: cluster has a default"
                + " route by a gateway or an endpoint, set spec.services of the Fabric to the API server's"
                + " --service-cluster-ip-range");
    assertThat(services.prefixes()).isEmpty();
    TimeUnit.SECONDS.sleep(3);
    assertThat(server.asked()).as("asked again after minutes").hasSize(1);
  }

  @Test
  void whatAnAgentMayNotReadIsSaid() throws Exception {
    server.forbid(call -> call.contains("servicecidrs"));
    open();
    await(() -> services.problem().isPresent());
    assertThat(services.problem().orElseThrow()).contains("grant that, or where a tenant");
  }

  @Test
  void ofTooManyTheFirstCount() throws Exception {
    for (int i = 0; i < 17; i++) {
      put("c%02d".formatted(i), "\"10.%d.0.0/16\"".formatted(i));
    }
    open();
    assertThat(changes.tryAcquire(30, TimeUnit.SECONDS)).isTrue();
    assertThat(services.prefixes()).hasSize(16).doesNotContain(IpPrefix.parse("10.16.0.0/16"));
    assertThat(services.problem().orElseThrow()).contains("17 ServiceCIDRs", "first 16");
    server.away(true);
    await(() -> services.problem().orElse("").contains("Kubernetes API"));
    assertThat(services.problem().orElseThrow()).contains("Kubernetes API", "17 ServiceCIDRs");
    server.away(false);
    await(() -> !services.problem().orElse("").contains("Kubernetes API"));
    assertThat(services.problem().orElseThrow()).startsWith("the cluster has 17 ServiceCIDRs");
  }
}
