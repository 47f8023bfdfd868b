package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.intent.NamespaceResolution.Namespace;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.time.Duration;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** Resources out of the API are in force as those out of files are, whatever the server does. */
final class IntentApiTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String BASE = "/apis/weft.io/v1alpha1/";

  private final BlockingQueue<IntentReading> readings = new LinkedBlockingQueue<>();
  private ApiServer server;
  private ApiClient kubectl;

  @BeforeEach
  void start() throws IOException {
    server = ApiServer.start();
    ResourceSchemas.all().forEach(kind -> server.define(yaml(Definition.yaml(kind))));
    kubectl = client();
  }

  @AfterEach
  void stop() {
    kubectl.close();
    server.close();
  }

  private ApiClient client() throws IOException {
    return new ApiClient(
        new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
  }

  private static ObjectNode yaml(String text) {
    return JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  private void create(String plural, String name, String spec) throws Exception {
    kubectl.create(BASE + plural, object(plural, name, spec));
  }

  private static ObjectNode object(String plural, String name, String spec) {
    var kind =
        ResourceSchemas.all().stream()
            .filter(each -> each.plural().equals(plural))
            .findFirst()
            .orElseThrow();
    return yaml("{metadata: {name: " + name + "}, spec: " + spec + "}")
        .put("apiVersion", Resource.API_VERSION)
        .put("kind", kind.label());
  }

  private void merge(String item, String patch) throws Exception {
    kubectl.merge(BASE + item, yaml(patch));
  }

  private IntentApi open() throws Exception {
    var source = IntentApi.open(client(), Duration.ofSeconds(10), Optional.empty());
    source.watch(readings::add);
    return source;
  }

  private IntentReading await(Predicate<IntentReading> wanted) throws InterruptedException {
    IntentReading last = null;
    for (int i = 0; i < 100; i++) {
      var next = readings.poll(60, TimeUnit.SECONDS);
      assertThat(next).as("the reading after %s", last).isNotNull();
      last = next;
      if (wanted.test(next)) {
        return next;
      }
    }
    throw new AssertionError(String.valueOf(last));
  }

  @Test
  void whatIsThereIsInForceFromTheStartAndFollowsChanges() throws Exception {
    create("fabrics", "default", "{asn: 65010}");
    create("tenants", "red", "{l3vni: 5000}");
    create("networks", "red-web", "{tenant: red, vni: 100, subnets: [10.0.0.0/24], gateway: true}");
    try (var source = open()) {
      var intent = source.reading().intent();
      assertThat(source.reading().problems()).isEmpty();
      assertThat(intent.fabric().spec().asn().toString()).isEqualTo("65010");
      var web = intent.networks().get("red-web");
      assertThat(web.vni().value()).isEqualTo(100);
      assertThat(web.network().spec().gateways()).hasToString("[10.0.0.1]");

      merge("networks/red-web", "{spec: {vni: 101}}");
      await(r -> r.intent().networks().get("red-web").vni().value() == 101);
      kubectl.delete(BASE + "networks/red-web", "", "");
      await(r -> r.intent().networks().isEmpty());
    }
  }

  @Test
  void endpointsAreReadAndFollowed() throws Exception {
    create("networks", "web", "{vni: 100}");
    try (var _ = open()) {
      create("endpoints", "vm-1", "{node: n1, network: web, tap: vm0}");
      await(r -> r.intent().endpoints().containsKey("vm-1"));
      merge("endpoints/vm-1", "{spec: {node: n2}}");
      await(r -> r.intent().endpoints().get("vm-1").spec().node().equals("n2"));
      kubectl.delete(BASE + "endpoints/vm-1", "", "");
      assertThat(await(r -> r.intent().endpoints().isEmpty()).problems()).isEmpty();
    }
  }

  @Test
  void aBadObjectHurtsNoOtherAndStandsAsItWas() throws Exception {
    create("networks", "one", "{vni: 100, subnets: [10.0.0.0/24]}");
    create("networks", "two", "{vni: 200}");
    create(
        "networks", "bad", "{subnets: [10.9.0.0/24], gateway: true}"); // the schema cannot see it
    try (var source = open()) {
      assertThat(source.reading().intent().networks()).containsOnlyKeys("one", "two");
      assertThat(source.reading().problems())
          .extracting(Problem::toString)
          .contains(
              "networks/bad: Network bad: a gateway routes within a tenant, and this network has"
                  + " none; name one or remove the gateway");

      merge("networks/one", "{spec: {gateway: true}}");
      var reading = await(r -> r.problems().stream().anyMatch(p -> p.object().endsWith("one")));
      assertThat(reading.intent().networks().get("one").network().spec().gateways()).isEmpty();
      assertThat(reading.intent().networks()).containsOnlyKeys("one", "two");
    }
  }

  /** Pods of a namespace wait for its network, and do not begin as if there were none. */
  @Test
  void whoseANetworkIsIsReadEvenWhereTheRestCannotBe() throws Exception {
    create(
        "networks",
        "bad",
        "{subnets: [10.9.0.0/24], gateway: true, namespaces: {names: [shop], selector:"
            + " {matchLabels: {team: a}}}}");
    create(
        "networks",
        "worse",
        "{vni: 5, namespaces: {names: [bank], selector: {matchExpressions: [{key: team, operator:"
            + " In, values: []}]}}}");
    create("networks", "nobodys", "{subnets: [10.8.0.0/24], gateway: true}");
    try (var source = open()) {
      var reading = source.reading();
      assertThat(reading.intent().networks()).isEmpty();
      assertThat(choice(reading, "shop")).isEqualTo(new NamespaceResolution.Choice.Chosen("bad"));
      assertThat(choice(reading, "bank")).isEqualTo(new NamespaceResolution.Choice.Chosen("worse"));
      assertThat(choice(reading, "other")).isInstanceOf(NamespaceResolution.Choice.NoNetwork.class);
      merge("networks/bad", "{spec: {gateway: null, vni: 100}}");
      await(r -> r.intent().networks().containsKey("bad"));
      assertThat(choice(source.reading(), "shop"))
          .isEqualTo(new NamespaceResolution.Choice.Chosen("bad"));
    }
  }

  private static NamespaceResolution.Choice choice(IntentReading reading, String namespace) {
    return NamespaceResolution.choose(
        reading, NamespaceResolution.Namespace.of(namespace), Optional.empty());
  }

  @Test
  void aVniThatWasGivenOutAloneCounts() throws Exception {
    create("networks", "free", "{}");
    create("networks", "fixed", "{vni: 7}");
    create("tenants", "red", "{}");
    create("networks", "routed", "{tenant: red, vni: 8, subnets: [10.0.0.0/24], gateway: true}");
    merge("networks/free/status", "{status: {vni: 12345}}");
    merge("networks/fixed/status", "{status: {vni: 12346}}");
    merge("tenants/red/status", "{status: {l3vni: 150000}}");
    try (var source = open()) {
      var intent = source.reading().intent();
      assertThat(intent.networks().get("free").vni().value()).isEqualTo(12345);
      assertThat(intent.networks().get("fixed").vni().value())
          .as("the controller moves it to 7 once that is nobody else's")
          .isEqualTo(12346);
      assertThat(intent.tenants().get("red").l3Vni().orElseThrow().value()).isEqualTo(150000);
    }
  }

  @Test
  void aVniIsWaitedForAndNeverComputed() throws Exception {
    create("tenants", "red", "{}");
    create(
        "networks",
        "free",
        "{tenant: red, subnets: [10.0.0.0/24], gateway: true, namespaces: {names: [web]}}");
    try (var source = open()) {
      assertThat(source.reading().intent().networks()).isEmpty();
      assertThat(NamespaceResolution.networks(source.reading(), Namespace.of("web")))
          .as("pods of the namespace wait for it")
          .containsExactly("free");
      assertThat(source.reading().problems())
          .singleElement()
          .satisfies(
              problem ->
                  assertThat(problem.toString())
                      .startsWith("networks/free: Network free: waits for its VNI; "));
      merge("networks/free/status", "{status: {vni: 12345}}");
      var routeless = await(r -> r.intent().networks().containsKey("free"));
      assertThat(routeless.intent().tenants().get("red").l3Vni()).isEmpty();
      assertThat(routeless.problems())
          .singleElement()
          .satisfies(
              problem ->
                  assertThat(problem.toString())
                      .startsWith("tenants/red: Tenant red: waits for its L3 VNI"));
      merge("tenants/red/status", "{status: {l3vni: 150000}}");
      var routed = await(r -> r.intent().tenants().get("red").l3Vni().isPresent());
      assertThat(routed.problems()).isEmpty();
    }
  }

  /** As all that run already: they had it before the other came. */
  @Test
  void aNodeThatStartsTakesWhatIsInForceAndThenTheOlderOne() throws Exception {
    create("tenants", "red", "{}");
    create("networks", "z-first", "{tenant: red, vni: 100, subnets: [10.0.0.0/16]}");
    create("networks", "m-second", "{tenant: red, vni: 101, subnets: [10.0.0.0/24, 10.1.0.0/16]}");
    create("networks", "a-third", "{tenant: red, vni: 102, subnets: [10.1.0.0/24]}");
    try (var source = open()) {
      assertThat(source.reading().intent().networks())
          .as("the third clashes with the second only, which is out")
          .containsOnlyKeys("z-first", "a-third");
      assertThat(source.reading().problems())
          .extracting(Problem::toString)
          .isNotEmpty()
          .allMatch(problem -> problem.startsWith("networks/m-second: Network m-second: subnet"));
      kubectl.delete(BASE + "networks/z-first", "", "");
      var reading = await(r -> !r.intent().networks().containsKey("z-first"));
      assertThat(reading.intent().networks()).as("what is in force stays").hasSize(1);
    }
    try (var source = open()) {
      assertThat(source.reading().intent().networks()).containsOnlyKeys("m-second");
    }
    merge(
        "networks/a-third/status",
        "{status: {conditions: [{type: Ready, status: 'True', reason: InForce, message: '',"
            + " lastTransitionTime: '2026-01-01T00:00:00Z', observedGeneration: 1}]}}");
    try (var source = open()) {
      assertThat(source.reading().intent().networks())
          .as("the controller says that it is in force")
          .containsOnlyKeys("a-third");
      merge("networks/a-third", "{spec: {mtu: 1400}}");
      await(r -> r.intent().networks().get("a-third").network().spec().mtu().isPresent());
    }
  }

  /** A node that starts now must not drop a network because somebody else wants its VNI. */
  @Test
  void aVniInAStatusIsNobodyElses() throws Exception {
    create("networks", "holder", "{}");
    merge("networks/holder/status", "{status: {vni: 100}}");
    create("networks", "a-newcomer", "{vni: 100}");
    create("networks", "routed", "{tenant: red, vni: 8, subnets: [10.0.0.0/24], gateway: true}");
    create("tenants", "red", "{l3vni: 100}");
    try (var source = open()) {
      var intent = source.reading().intent();
      assertThat(intent.networks()).containsOnlyKeys("holder", "routed");
      assertThat(intent.tenants().get("red").l3Vni()).isEmpty();
      assertThat(source.reading().problems())
          .extracting(Problem::toString)
          .contains(
              "networks/a-newcomer: Network a-newcomer: vni 100 is that of Network holder; give"
                  + " another",
              "tenants/red: Tenant red: l3vni 100 is that of Network holder; give another");
    }
  }

  @Test
  void withoutTheServerWhatWasReadStaysInForce() throws Exception {
    create("networks", "one", "{vni: 100}");
    try (var _ = open()) {
      server.away(true);
      var away = await(r -> r.problems().size() == Kind.values().length);
      assertThat(away.intent().networks()).containsOnlyKeys("one");
      assertThat(away.problems().getFirst().toString())
          .startsWith("Kubernetes API: Endpoint: what was read before stays in force: GET ")
          .contains("no answer of " + server.uri());
      server.away(false);
      server.compact();
      create("networks", "two", "{vni: 200}");
      var back = await(r -> r.problems().isEmpty() && r.intent().networks().size() == 2);
      assertThat(back.intent().networks()).containsOnlyKeys("one", "two");
    }
  }

  @Test
  void aServerThatIsAwayAtTheStartIsWaitedForAWhile() throws Exception {
    server.away(true);
    var client = client();
    assertThatThrownBy(() -> IntentApi.open(client, Duration.ofMillis(300), Optional.empty()))
        .isInstanceOf(IOException.class)
        .hasMessageContaining("the Kubernetes API does not answer; it was waited for")
        .hasMessageContaining("no answer of");
  }

  @Test
  void aKindThatTheServerDoesNotKnowIsAProblem() throws Exception {
    try (var bare = ApiServer.start()) {
      bare.define(yaml(Definition.yaml(ResourceSchemas.all().get(Kind.NETWORK.ordinal()))));
      var client =
          new ApiClient(
              new ApiAccess(bare.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
      client.create(BASE + "networks", object("networks", "one", "{vni: 100}"));
      try (var source = IntentApi.open(client, Duration.ofSeconds(10), Optional.empty())) {
        assertThat(source.reading().intent().networks()).containsOnlyKeys("one");
        // A node does not start on that: the Fabric might be declared.
        assertThat(source.reading().fabricProblems())
            .extracting(Problem::toString)
            .containsExactly(
                "Kubernetes API: Fabric: the server does not know this kind: kubectl apply -f"
                    + " deploy/crds");
      }
    }
  }

  @Test
  void thousandsOfNetworksAreReadInAMoment() throws Exception {
    for (int i = 0; i < 3000; i++) {
      create("networks", "n" + i, "{vni: " + (1000 + i) + "}");
    }
    long before = System.nanoTime();
    try (var source = open()) {
      assertThat(source.reading().intent().networks()).hasSize(3000);
      assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(20));
      merge("networks/n7", "{spec: {vni: 7}}");
      await(r -> r.intent().networks().get("n7").vni().value() == 7);
    }
  }
}
