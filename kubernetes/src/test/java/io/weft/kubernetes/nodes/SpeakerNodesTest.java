package io.weft.kubernetes.nodes;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Who reflects is the same for every node that asks, and follows the labels. */
final class SpeakerNodesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final BlockingQueue<ClusterSpeakers> told = new LinkedBlockingQueue<>();
  @TempDir private Path directory;
  private Optional<KeptObjects> kept = Optional.empty();
  private ApiServer server;
  private SpeakerNodes nodes;

  @BeforeEach
  void start() throws Exception {
    server = ApiServer.start();
  }

  @AfterEach
  void stop() {
    if (nodes != null) {
      nodes.close();
    }
    server.close();
  }

  private void node(String name, int last, String more) throws IOException {
    server.put(
        (ObjectNode)
            JSON.readTree(
                """
                {"apiVersion": "v1", "kind": "Node",
                 "metadata": {"name": "%s", "labels": {"kubernetes.io/os": "linux"%s}},
                 "status": {"addresses": [{"type": "Hostname", "address": "%1$s"},
                                          {"type": "InternalIP", "address": "10.0.0.%d"}]}}
                """
                    .formatted(name, more, last)));
  }

  private ApiClient client() throws IOException {
    return new ApiClient(
        new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
  }

  private void open(String self) throws Exception {
    nodes = SpeakerNodes.open(client(), self, PATIENCE, kept);
    nodes.watch(told::add);
  }

  private static List<String> names(List<SpeakerNode> nodes) {
    return nodes.stream().map(SpeakerNode::name).toList();
  }

  private void awaitReflectors(String... names) throws InterruptedException {
    while (true) {
      var next = told.poll(30, TimeUnit.SECONDS);
      assertThat(next).as("reflectors " + List.of(names)).isNotNull();
      if (names(next.reflectors()).equals(List.of(names))) {
        return;
      }
    }
  }

  /** A client that is not told of loses its session. */
  private void awaitReflectorsWithClients(String... names) throws InterruptedException {
    while (true) {
      var next = told.poll(30, TimeUnit.SECONDS);
      assertThat(next).as("reflectors " + List.of(names)).isNotNull();
      assertThat(next.clients()).hasSizeGreaterThanOrEqualTo(4);
      if (names(next.reflectors()).equals(List.of(names))) {
        return;
      }
    }
  }

  @Test
  void thatThereIsNobodyIsKeptAsWell() throws Exception {
    var access = new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous());
    kept = Optional.of(KeptObjects.open(directory.resolve("kept"), access));
    open("node-1");
    var file = directory.resolve("kept/v1.speakers.json");
    for (int i = 0; i < 600 && !Files.exists(file); i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    nodes.close();
    server.away(true);
    nodes = SpeakerNodes.open(client(), "node-1", PATIENCE, kept);
    assertThat(nodes.speakers().reflectors()).isEmpty();
  }

  @Test
  void theFirstThreeByNameReflectAndLabelsOverrideThem() throws Exception {
    for (int i = 1; i <= 6; i++) {
      node("node-" + i, i, "");
    }
    open("node-5");
    awaitReflectors("node-1", "node-2", "node-3");
    assertThat(nodes.speakers().reflectors().getFirst().addresses())
        .containsExactly(IpAddress.parse("10.0.0.1"));
    assertThat(nodes.speakers().clients()).as("only a reflector has clients").isEmpty();
    assertThat(server.calls())
        .as("a client lists the labelled and the first three, and watches the labelled")
        .filteredOn(call -> call.contains("/nodes"))
        .hasSizeLessThanOrEqualTo(3);

    node("node-6", 6, ", \"weft.io/reflector\": \"true\"");
    awaitReflectors("node-1", "node-2", "node-3", "node-6"); // the old ones stay for a while
    awaitReflectors("node-6");
    node("node-4", 4, ", \"weft.io/reflector\": \"true\"");
    awaitReflectors("node-4", "node-6");
    node("node-4", 4, ", \"weft.io/reflector\": \"false\"");
    node("node-6", 6, "");
    awaitReflectors("node-1", "node-2", "node-3");
  }

  @Test
  void aReflectorKnowsAllNodesAndThoseThatComeLater() throws Exception {
    node("node-1", 1, "");
    node("windows", 9, "");
    server.put(
        (ObjectNode)
            JSON.readTree(
                """
                {"apiVersion": "v1", "kind": "Node",
                 "metadata": {"name": "windows", "labels": {"kubernetes.io/os": "windows"}}}
                """));
    open("node-1");
    assertThat(names(nodes.speakers().reflectors())).containsExactly("node-1");
    assertThat(names(nodes.speakers().clients())).containsExactly("node-1");
    node("node-2", 2, "");
    while (!names(nodes.speakers().clients()).equals(List.of("node-1", "node-2"))) {
      assertThat(told.poll(30, TimeUnit.SECONDS)).isNotNull();
    }
  }

  @Test
  void whatTheServerRefusesIsAProblemAndTheLastWordStays() throws Exception {
    node("node-1", 1, "");
    open("node-2");
    awaitReflectors("node-1");
    server.away(true);
    server.cutWatches();
    while (nodes.speakers().problems().isEmpty()) {
      assertThat(told.poll(30, TimeUnit.SECONDS)).isNotNull();
    }
    assertThat(names(nodes.speakers().reflectors())).containsExactly("node-1");
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void withoutTheServerItGoesOnWithTheCopy(boolean silent) throws Exception {
    var access = new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous());
    kept = Optional.of(KeptObjects.open(directory.resolve("kept"), access));
    for (int i = 1; i <= 4; i++) {
      node("node-" + i, i, "");
    }
    open("node-1");
    awaitReflectors("node-1", "node-2", "node-3");
    while (nodes.speakers().clients().size() < 4) {
      assertThat(told.poll(30, TimeUnit.SECONDS)).isNotNull();
    }
    var before = nodes.speakers();
    var file = directory.resolve("kept/v1.speakers.json");
    for (int i = 0;
        i < 600 && !(Files.exists(file) && Files.readString(file).contains("node-4"));
        i++) {
      TimeUnit.MILLISECONDS.sleep(50);
    }
    nodes.close();
    server.away(silent);
    server.fail(silent ? 0 : Integer.MAX_VALUE);
    nodes = SpeakerNodes.open(client(), "node-1", PATIENCE, kept);
    assertThat(names(nodes.speakers().reflectors())).isEqualTo(names(before.reflectors()));
    assertThat(names(nodes.speakers().clients())).isEqualTo(names(before.clients()));

    told.clear();
    nodes.watch(told::add);
    server.away(false);
    server.fail(0);
    node("node-0", 7, "");
    awaitReflectorsWithClients("node-0", "node-1", "node-2", "node-3");
  }

  @Test
  void aNodeSpeaksAtItsVtep() throws Exception {
    var node =
        SpeakerNode.of(
            JSON.readTree(
                """
                {"metadata": {"name": "n"},
                 "status": {"addresses": [{"type": "InternalIP", "address": "fd00::7"},
                   {"type": "InternalIP", "address": "no address"},
                   {"type": "ExternalIP", "address": "192.0.2.7"},
                   {"type": "InternalIP", "address": "10.0.0.7"}]}}
                """));
    assertThat(node.speaker(FabricSpec.DEFAULT)).contains(IpAddress.parse("10.0.0.7"));
    assertThat(node.speaker(cidr("fd00::"))).contains(IpAddress.parse("fd00::7"));
    assertThat(node.speaker(cidr("fd01::"))).isEmpty();
    var annotated =
        SpeakerNode.of(
            JSON.readTree(
                "{\"metadata\": {\"name\": \"n\", \"annotations\": {\"weft.io/vtep\":"
                    + " \"10.9.9.9\"}}}"));
    assertThat(annotated.speaker(cidr("fd00::"))).contains(IpAddress.parse("10.9.9.9"));
    assertThat(SpeakerNode.of(JSON.readTree("[]")).speaker(FabricSpec.DEFAULT)).isEmpty();
  }

  private static FabricSpec cidr(String address) {
    var whole = FabricSpec.DEFAULT;
    return new FabricSpec(
        whole.asn(),
        new Vtep.OfCidrs(List.of(new IpPrefix(IpAddress.parse(address), 64))),
        whole.families(),
        whole.reflectors(),
        whole.peers(),
        whole.vniPools(),
        whole.autoRouteTarget(),
        whole.holdSeconds(),
        whole.restartSeconds(),
        whole.longLivedSeconds(),
        whole.policies(),
        whole.underlay(),
        whole.duplicates(),
        whole.services());
  }
}
