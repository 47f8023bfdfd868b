package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.node.ApiNodes;
import io.weft.agent.node.NodeProcess;
import io.weft.apiserver.ApiServer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Pods of a cluster come into the network of their namespace: labels, annotations, changes. */
final class PodNetworksTest {
  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private ApiNodes cluster;
  private ApiServer server;
  private PluginProgram plugin;
  private int containers;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    cluster = new ApiNodes(namespaces, 1);
    server = cluster.server;
    network("red", 1, "{selector: {matchLabels: {team: red}}}");
    network("blue", 2, "{selector: {matchLabels: {team: blue}}}");
    network("lab", 3, "{names: [a], byAnnotation: true}");
    namespace("a", "{team: red}", "{}");
    node = new NodeProcess(namespaces, cluster.underlay(1), directory);
    plugin = new PluginProgram(node.socket(), "weft");
    node.startWith(cluster.option(directory))
        .awaitStatus(is -> is.has("vtep") && is.path("converged").asBoolean());
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (cluster != null) {
      cluster.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private String apply(String text) {
    return cluster.apply(text);
  }

  private void network(String name, int vni, String selection) {
    apply(
        "{kind: Network, metadata: {name: %s}, spec: {vni: %d, subnets: [10.%d.0.0/16], namespaces: %s}, status: {vni: %d}}"
            .formatted(name, vni, vni, selection, vni));
  }

  private void namespace(String name, String labels, String annotations) {
    apply(
        "{kind: Namespace, metadata: {name: %s, labels: %s, annotations: %s}}"
            .formatted(name, labels, annotations));
  }

  private String pod(String namespace, String name, String annotations) {
    return apply(
        "{kind: Pod, metadata: {name: %s, namespace: %s, annotations: %s}, spec: {nodeName: n1}}"
            .formatted(name, namespace, annotations));
  }

  private PluginProgram.Outcome add(String namespace, String pod, String uid) throws Exception {
    var configuration = plugin.configuration("1.0.0", "");
    configuration.remove("network");
    return add(configuration, namespace, pod, uid);
  }

  private PluginProgram.Outcome add(
      ObjectNode configuration, String namespace, String pod, String uid) throws Exception {
    var container = "c" + ++containers;
    return plugin.call(
        "ADD",
        container,
        "/run/netns/" + namespaces.create(container),
        configuration,
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=%s;K8S_POD_NAME=%s;K8S_POD_UID=%s"
            .formatted(namespace, pod, uid));
  }

  /** The second number of its address says in which network it is. */
  private void isIn(int network, PluginProgram.Outcome added) throws Exception {
    assertThat(added.exitCode()).as(added.output()).isZero();
    assertThat(added.json().at("/ips/0/address").asText()).startsWith("10." + network + ".");
  }

  private static void isRefused(PluginProgram.Outcome added, String words) throws Exception {
    assertThat(added.exitCode()).as(added.output()).isOne();
    assertThat(added.json().path("details").asText()).contains(words);
  }

  @Test
  void labelsAndAnnotationsSayWhoIsWhere() throws Exception {
    isIn(1, add("a", "plain", pod("a", "plain", "{}")));
    isIn(3, add("a", "mine", pod("a", "mine", "{weft.io/network: lab}")));
    isRefused(
        add("a", "thief", pod("a", "thief", "{weft.io/network: blue}")),
        "Network 'blue', which does not let namespace 'a' in");

    isRefused(
        add(plugin.configuration("1.0.0", "blue"), "a", "thief", pod("a", "thief", "{}")),
        "names Network 'blue', which does not let namespace 'a' in");

    namespace("b", "{team: blue}", "{}"); // seen or not: it is asked for
    isIn(2, add(plugin.configuration("1.0.0", "blue"), "b", "x", pod("b", "x", "{}")));
    isIn(2, add("b", "web", pod("b", "web", "{}")));
    namespace("c", "{}", "{}");
    var configured = add("c", "web", pod("c", "web", "{}"));
    isRefused(configured, "no Network selects namespace 'c'");

    int calls = server.calls().size();
    isIn(3, add("a", "mine", "another-pod"));
    assertThat(server.calls().subList(calls, server.calls().size()))
        .as("what was seen is of a former pod of the name")
        .anyMatch(call -> call.contains("/namespaces/a/pods/mine"));
    assertThat(node.status().path("endpoints")).hasSize(5);
  }

  @Test
  void aNamespaceThatMovesTakesItsNewPodsAlongAndTheOthersAreNamed() throws Exception {
    isIn(1, add("a", "old", pod("a", "old", "{}")));
    assertThat(node.status().path("misplacedPods")).isEmpty();
    namespace("a", "{team: blue}", "{}");
    var status = node.awaitStatus(is -> is.path("misplacedPods").size() == 1);
    var moved = status.path("misplacedPods").get(0);
    assertThat(moved.path("pod").asText()).isEqualTo("a/old");
    assertThat(moved.path("network").asText()).isEqualTo("red");
    assertThat(moved.path("now").asText()).isEqualTo("network 'blue'");
    assertThat(status.path("endpoints").get(0).path("network").asText()).isEqualTo("red");
    isIn(2, add("a", "new", pod("a", "new", "{}")));

    namespace("a", "{team: blue}", "{weft.io/network: red}");
    status =
        node.awaitStatus(is -> is.path("problems").toString().contains("does not let namespace"));
    assertThat(status.path("problems").toString()).contains("Namespace a: ");
    isRefused(add("a", "third", pod("a", "third", "{}")), "of namespace 'a' names Network 'red'");
    namespace("a", "{team: red}", "{}");
    node.awaitStatus(
        is ->
            is.path("problems").isEmpty() && is.path("misplacedPods").toString().contains("a/new"));
  }

  @Test
  void ofTwoNetworksThatSelectANamespaceNoneIsTakenAndBothStand() throws Exception {
    network("red-too", 4, "{names: [a]}");
    var status =
        node.awaitStatus(
            is -> is.path("problems").toString().contains("selected by the networks red, red-too"));
    assertThat(status.path("problems")).hasSize(1);
    isRefused(add("a", "web", pod("a", "web", "{}")), "selected by the networks red, red-too");
    isIn(4, add("a", "named", pod("a", "named", "{weft.io/network: red-too}")));
  }

  private static void isLeftForLater(PluginProgram.Outcome added, String words) throws Exception {
    assertThat(added.code()).as(added.output()).isEqualTo(CniFailure.TRY_AGAIN);
    assertThat(added.json().path("msg").asText()).isEqualTo(words);
  }

  /** What a pod begins with it keeps: it must not begin before all of that is there. */
  @Test
  void podsWaitForEachVniThatTheyNeed() throws Exception {
    apply("{kind: Tenant, metadata: {name: green}, spec: {egress: cluster}}");
    apply("{kind: Tenant, metadata: {name: pods}, spec: {egress: cluster}}");
    var green =
        "{kind: Network, metadata: {name: green}, spec: {tenant: green, subnets: [10.5.0.0/16], gateway: true, namespaces: {names: [g]}}%s}";
    apply(green.formatted(""));
    var pods =
        "{kind: Network, metadata: {name: pods}, spec: {tenant: pods, subnets: [10.6.0.0/16], gateway: true, namespaces: {default: true}}%s}";
    apply(pods.formatted(""));
    namespace("g", "{}", "{}");
    var uid = pod("g", "web", "{}");
    node.awaitStatus(is -> is.path("problems").toString().contains("Network pods: waits"));
    isLeftForLater(add("g", "web", uid), "Network green waits for its VNI");

    apply(green.formatted(", status: {vni: 5}"));
    node.awaitStatus(is -> is.path("problems").toString().contains("Tenant green: waits"));
    isLeftForLater(add("g", "web", uid), "Tenant green waits for its VNI");

    apply("{kind: Tenant, metadata: {name: green}, spec: {egress: cluster}, status: {l3vni: 105}}");
    node.awaitStatus(is -> !is.path("problems").toString().contains("Tenant green: waits"));
    isLeftForLater(add("g", "web", uid), "Network pods waits for its VNI");

    apply(pods.formatted(", status: {vni: 6}"));
    node.awaitStatus(is -> is.path("problems").toString().contains("Tenant pods: waits"));
    var added = add("g", "web", uid);
    assertThat(added.exitCode()).as(added.output()).isZero();
    assertThat(added.json().at("/ips/0/address").asText()).matches("10[.]6[.].*/32");
    assertThat(added.json().at("/ips/1/address").asText()).startsWith("10.5.");
  }

  @Test
  void withoutTheApiPodsThatWereSeenStart() throws Exception {
    namespace("s", "{team: red}", "{weft.io/network: nowhere}"); // seen when it is a problem
    isIn(3, add("a", "first", pod("a", "first", "{weft.io/network: lab}"))); // gets a block
    var uid = pod("a", "seen", "{weft.io/network: lab}");
    node.awaitStatus(is -> is.path("problems").toString().contains("Namespace s: "));
    server.away(true);
    isIn(3, add("a", "seen", uid));
    var unknown = add("a", "unseen", "7");
    assertThat(unknown.code()).as(unknown.output()).isEqualTo(CniFailure.TRY_AGAIN);
    assertThat(unknown.json().path("msg").asText()).contains("pod a/unseen is not known");
  }

  @Test
  void whatItCostsToAsk() throws Exception {
    add("a", "warm", pod("a", "warm", "{}"));
    var seen = new ArrayList<Long>();
    var asked = new ArrayList<Long>();
    for (int i = 0; i < 15; i++) {
      var uid = pod("a", "p" + i, "{}");
      int before = server.calls().size();
      Thread.sleep(100); // the watch has it by then, or the pod is counted with the asked ones
      long begin = System.nanoTime();
      isIn(1, add("a", "p" + i, uid));
      long nanos = System.nanoTime() - begin;
      boolean get =
          server.calls().subList(before, server.calls().size()).toString().contains("/p" + i);
      (get ? asked : seen).add(nanos);
      begin = System.nanoTime();
      isIn(1, add("a", "q" + i, "")); // nobody has made it
      asked.add(System.nanoTime() - begin);
    }
    System.out.printf(
        "ADD, median: %d us where the watch has the pod (%d), %d us where it is asked for (%d)%n",
        median(seen), seen.size(), median(asked), asked.size());
    assertThat(seen).isNotEmpty();
  }

  private static long median(ArrayList<Long> nanos) {
    Collections.sort(nanos);
    return nanos.isEmpty() ? 0 : nanos.get(nanos.size() / 2) / 1000;
  }
}
