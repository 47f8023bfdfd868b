package io.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.snakeyaml.engine.v2.api.Dump;
import org.snakeyaml.engine.v2.api.DumpSettings;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** {@code weft simulate --change} over what a cluster has, read from its API or from files. */
class WhatIfOfClusterTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final List<String> KINDS =
      List.of("Fabric", "Tenant", "Network", "TenantConnection", "Endpoint", "Node");

  @TempDir private Path directory;
  private ApiServer server;

  @BeforeEach
  void start() throws IOException {
    server = ApiServer.start();
    ResourceSchemas.all().forEach(kind -> server.define(yaml(Definition.yaml(kind))));
    put("{kind: Node, apiVersion: v1, metadata: {name: worker-1}}");
    put("{kind: Node, apiVersion: v1, metadata: {name: worker-2}}");
    put("{kind: Fabric, metadata: {name: default}, spec: {}}");
    put("{kind: Tenant, metadata: {name: red}, spec: {egress: node}, status: {l3vni: 5000}}");
    put(
        "{kind: Network, metadata: {name: web}, status: {vni: 321},"
            + " spec: {tenant: red, subnets: [10.1.0.0/24], gateway: [10.1.0.1]}}");
    put(
        "{kind: Network, metadata: {name: db}, status: {vni: 322},"
            + " spec: {tenant: red, subnets: [10.2.0.0/24], gateway: [10.2.0.1]}}");
    put(
        "{kind: Endpoint, metadata: {name: fw}, spec: {node: worker-2, network: web, tap: tap7,"
            + " addresses: [10.1.0.9], prefixes: [10.50.0.0/16]}}");
    Files.writeString(
        directory.resolve("kubeconfig"),
        """
        apiVersion: v1
        kind: Config
        current-context: here
        contexts: [{name: here, context: {cluster: here, user: reader}}]
        clusters: [{name: here, cluster: {server: "%s"}}]
        users: [{name: reader, user: {}}]
        """
            .formatted(server.uri()));
  }

  @AfterEach
  void stop() {
    server.close();
  }

  private static ObjectNode yaml(String text) {
    return JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  private void put(String text) {
    var object = yaml(text);
    if (!object.has("apiVersion")) {
      object.put("apiVersion", "weft.io/v1alpha1");
    }
    var _ = server.put(object);
  }

  private record Run(int code, String out, String err) {}

  private static Run simulate(String... arguments) {
    var all = new ArrayList<>(List.of("simulate", "--pods-per-node=2"));
    all.addAll(Arrays.asList(arguments));
    var out = new StringWriter();
    var err = new StringWriter();
    var outWriter = new PrintWriter(out);
    int code =
        Weft.commandLine(outWriter, new PrintWriter(err, true)).execute(all.toArray(String[]::new));
    outWriter.flush();
    return new Run(code, out.toString(), err.toString());
  }

  private String kubeconfig() {
    return "--kubeconfig=" + directory.resolve("kubeconfig");
  }

  private String change(String text) throws IOException {
    var place = Files.createDirectories(directory.resolve("next"));
    Files.writeString(place.resolve("all.yaml"), text);
    return "--change=" + place;
  }

  private static JsonNode document(Run run, int code) throws IOException {
    assertThat(run.code()).as(run.err() + run.out()).isEqualTo(code);
    return JSON.readTree(run.out());
  }

  /** As {@code kubectl get ... -o json} says it. */
  private ObjectNode list() {
    var items = JsonNodeFactory.instance.arrayNode();
    KINDS.forEach(kind -> server.objects(kind).forEach(items::add));
    items.addObject().put("apiVersion", "v1").put("kind", "Namespace");
    var list = JsonNodeFactory.instance.objectNode().put("apiVersion", "v1").put("kind", "List");
    list.set("items", items);
    return list;
  }

  private String captured(String file, String text) throws IOException {
    var place = Files.createDirectories(directory.resolve("captured-" + file));
    Files.writeString(place.resolve(file), text);
    return "--captured=" + place;
  }

  @Test
  void aClusterIsOnlyReadAndItsNodesAndNumbersAreTheOnesThatCount() throws Exception {
    server.forbid(call -> !call.startsWith("GET "));
    var same =
        change(
            """
            apiVersion: weft.io/v1alpha1
            kind: Network
            metadata: {name: db}
            spec: {tenant: red, subnets: [10.2.0.0/24], gateway: [10.2.0.1]}
            """);
    var nothing = document(simulate(kubeconfig(), same, "--json"), 0);
    assertThat(nothing.path("problems")).isEmpty();
    assertThat(nothing.path("operations")).isEmpty(); // so it kept the VNI that it was given
    assertThat(nothing.path("endpoints").asInt()).isEqualTo(5);
    var moved = change("{kind: Network, metadata: {name: db}, spec: {subnets: [10.2.0.0/24]}}");
    var lost = document(simulate(kubeconfig(), moved, "--json"), Weft.FAILED);
    assertThat(lost.at("/operations/0/node").asText()).isEqualTo("worker-1");
    assertThat(lost.at("/operations/1/node").asText()).isEqualTo("worker-2");
    assertThat(lost.at("/operations")).hasSize(2);
    assertThat(lost.path("reachability").toString())
        .contains("{\"from\":\"db\",\"to\":\"outside by IPv4\",\"before\":2,\"after\":0,")
        .contains("{\"from\":\"db\",\"to\":\"10.50.0.0/16 of red\",\"before\":2,\"after\":0,")
        .doesNotContain("\"from\":\"web\",\"to\":\"web\"");
    assertThat(server.calls()).allMatch(call -> call.startsWith("GET "));
  }

  @Test
  void whatIsDeletedGoesAndNothingElse() throws Exception {
    var gone = document(simulate(kubeconfig(), "--delete=Endpoint/fw", "--json"), Weft.FAILED);
    assertThat(gone.path("reachability").toString())
        .contains("{\"from\":\"db\",\"to\":\"10.50.0.0/16 of red\",\"before\":2,\"after\":0,")
        .contains(
            "{\"from\":\"db\",\"to\":\"web\",\"before\":6,\"after\":4,\"lost\":2,\"gained\":0,");
    var unknown = simulate(kubeconfig(), "--delete=Endpoint/fww");
    assertThat(unknown.code()).isEqualTo(Weft.USAGE);
    assertThat(unknown.err()).contains("--delete: there is no Endpoint fww");
    assertThat(simulate(kubeconfig(), "--delete=fw").err()).contains("is not KIND/NAME; kinds are");
  }

  @Test
  void filesSayTheSameAsTheCluster() throws Exception {
    var change = change("{kind: Network, metadata: {name: db}, spec: {subnets: [10.2.0.0/24]}}");
    var live = document(simulate(kubeconfig(), change, "--json"), Weft.FAILED);
    var json = captured("cluster.json", JSON.writeValueAsString(list()));
    assertThat(document(simulate(json, change, "--json"), Weft.FAILED)).isEqualTo(live);
    var yaml =
        captured(
            "cluster.yaml",
            new Dump(DumpSettings.builder().build())
                .dumpToString(JSON.convertValue(list(), Map.class)));
    assertThat(document(simulate(yaml, change, "--json"), Weft.FAILED)).isEqualTo(live);
  }

  @Test
  void whatIsKnownOfANodesAddressesDecidesAboutItsVtep() throws Exception {
    put(
        "{kind: Node, apiVersion: v1, metadata: {name: worker-1}, status: {addresses:"
            + " [{type: Hostname, address: worker-1}, {type: InternalIP, address: 10.100.0.5}]}}");
    var change =
        change("{kind: Fabric, metadata: {name: default}, spec: {vtep: {cidr: 10.100.0.0/16}}}");
    var moved = document(simulate(kubeconfig(), change, "--json"), Weft.FAILED);
    assertThat(moved.path("vteps")).hasSize(1);
    assertThat(moved.at("/vteps/0").toString())
        .isEqualTo(
            "{\"node\":\"worker-2\",\"before\":[\"198.18.64.2\"],\"after\":[\"10.100.0.1\"]}");
    assertThat(moved.path("sessionsReset").asInt()).isEqualTo(1);
    var captured = captured("nodes.json", JSON.writeValueAsString(list()));
    assertThat(document(simulate(captured, change, "--json"), Weft.FAILED)).isEqualTo(moved);
  }

  @Test
  void whatIsWrongIsSaid() throws Exception {
    var broken = change("{kind: Network, metadata: {name: db}, spec: {subnet: [10.2.0.0/24]}}");
    var kept = document(simulate(kubeconfig(), broken, "--json"), Weft.FAILED);
    assertThat(kept.path("problems").toString())
        .contains("changed: all.yaml:1:")
        .contains("subnet");
    assertThat(kept.path("lostPairs").asInt()).isZero(); // what was in force stays
    var big = captured("big.yaml", "#".repeat((1 << 20) + 1));
    assertThat(simulate(big, broken).err())
        .contains("there is no object of Weft")
        .contains("big.yaml: is not used: it has more than 1 MiB; take -o json");
    var both = simulate(kubeconfig(), big, broken);
    assertThat(both.code()).isEqualTo(Weft.USAGE);
    assertThat(both.err()).contains("give one of --intent, --kubeconfig and --captured");
    assertThat(simulate(kubeconfig()).err()).contains("give --change, --delete, or both");
    server.forbid(call -> call.contains("/nodes"));
    var refused = simulate(kubeconfig(), broken);
    assertThat(refused.code()).isEqualTo(Weft.FAILED);
    assertThat(refused.err()).contains("it takes the right to list Weft's kinds and nodes");
  }
}
