package io.weft.controller;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import java.util.function.Predicate;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** An API server with Weft's kinds, and somebody who uses it as with kubectl. */
final class Cluster implements AutoCloseable {
  static final String BASE = "/apis/weft.io/v1alpha1/";
  static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final ObjectMapper JSON = new ObjectMapper();

  final ApiServer server = ApiServer.start();
  final ApiClient kubectl;

  Cluster() throws IOException {
    ResourceSchemas.all().forEach(kind -> server.define(yaml(Definition.yaml(kind))));
    kubectl = client();
  }

  ApiClient client() throws IOException {
    return new ApiClient(
        new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
  }

  Path kubeconfig(Path directory) throws IOException {
    return kubeconfig(directory, server);
  }

  static Path kubeconfig(Path directory, ApiServer server) throws IOException {
    return Files.writeString(
        directory.resolve("kubeconfig"),
        """
        current-context: c
        contexts: [{name: c, context: {cluster: c, user: u}}]
        clusters: [{name: c, cluster: {server: '%s'}}]
        users: [{name: u, user: {}}]
        """
            .formatted(server.uri()));
  }

  static ObjectNode yaml(String text) {
    return JSON.valueToTree(new Load(LoadSettings.builder().build()).loadFromString(text));
  }

  JsonNode create(String plural, String name, String spec) throws Exception {
    var kind =
        ResourceSchemas.all().stream()
            .filter(each -> each.plural().equals(plural))
            .findFirst()
            .orElseThrow();
    return kubectl.create(
        BASE + plural,
        yaml("{metadata: {name: " + name + "}, spec: " + spec + "}")
            .put("apiVersion", Resource.API_VERSION)
            .put("kind", kind.label()));
  }

  void network(String name, String spec) throws Exception {
    create("networks", name, spec);
  }

  void merge(String item, String patch) throws Exception {
    kubectl.merge(BASE + item, yaml(patch));
  }

  void delete(String item) throws Exception {
    kubectl.delete(BASE + item, "", "");
  }

  JsonNode get(String item) throws Exception {
    return kubectl.get(BASE + item);
  }

  TreeMap<String, JsonNode> list(String path) throws Exception {
    var all = new TreeMap<String, JsonNode>();
    kubectl.list(
        ApiCollection.of(path), object -> all.put(object.at("/metadata/name").asText(), object));
    return all;
  }

  TreeMap<String, JsonNode> claims() throws Exception {
    return list(BASE + "vniclaims");
  }

  /** Reason of each Event and what it is about, each as often as it is there. */
  java.util.List<String> events() throws Exception {
    return list(ClusterJson.EVENTS).values().stream()
        .map(
            event ->
                event.path("reason").asText() + " " + event.at("/involvedObject/name").asText())
        .sorted()
        .toList();
  }

  int vni(String network) throws Exception {
    return get("networks/" + network).at("/status/vni").asInt();
  }

  static JsonNode condition(JsonNode object, String type) {
    for (var each : object.at("/status/conditions")) {
      if (each.path("type").asText().equals(type)) {
        return each;
      }
    }
    return JSON.missingNode();
  }

  /** {@code True InForce}. */
  static String said(JsonNode object, String type) {
    var condition = condition(object, type);
    return condition.path("status").asText() + " " + condition.path("reason").asText();
  }

  JsonNode awaitSaid(String item, String type, String said) throws Exception {
    return await(item, object -> said(object, type).equals(said));
  }

  JsonNode await(String item, Predicate<JsonNode> condition) throws Exception {
    return await(item, () -> get(item), condition);
  }

  static <T> T await(String what, Callable<T> question, Predicate<T> condition) throws Exception {
    long end = System.nanoTime() + PATIENCE.toNanos();
    Object last = "nothing";
    while (System.nanoTime() < end) {
      try {
        var answer = question.call();
        if (condition.test(answer)) {
          return answer;
        }
        last = answer;
      } catch (ApiFailure | IOException e) {
        last = e.getMessage();
      }
      Thread.sleep(20);
    }
    throw new AssertionError(what + ": " + last);
  }

  /** Calls that wrote something other than a lease. */
  long writes() {
    return server.calls().stream()
        .filter(call -> !call.startsWith("GET") && !call.startsWith("WATCH"))
        .filter(call -> !call.contains("/leases"))
        .count();
  }

  @Override
  public void close() {
    kubectl.close();
    server.close();
  }
}
