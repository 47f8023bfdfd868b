package io.weft.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.lab.cluster.ClusterFile;
import io.weft.lab.cluster.FakeKubelets;
import io.weft.lab.cluster.LabCluster;
import io.weft.lab.topology.Topologies;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The demo with namespaces and pods, as a user runs it. */
final class LabClusterTest {
  private static final String NAME = "weft-k-" + ProcessHandle.current().pid();

  @TempDir private Path files;
  private final ByteArrayOutputStream out = new ByteArrayOutputStream();
  private final ByteArrayOutputStream err = new ByteArrayOutputStream();

  private LabCommands commands() {
    return new LabCommands(
        new PrintStream(out, true, StandardCharsets.UTF_8),
        new PrintStream(err, true, StandardCharsets.UTF_8),
        false);
  }

  private static String example() throws IOException {
    return Files.readString(Topologies.TWO_RACKS.resolveSibling("cluster.yaml"));
  }

  @Test
  void aClusterHolds() throws IOException {
    Machine.requireWeft();
    int code = commands().runCluster(Machine.example(files, "cluster", NAME), true);
    var report = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
    assertThat(report.path("checks"))
        .as(err.toString(StandardCharsets.UTF_8))
        .extracting(check -> check.path("name").asText())
        .containsExactly(
            "underlay",
            "conditions",
            "vnis",
            "pods",
            "tables",
            "ping",
            "mtu",
            "isolation",
            "encapsulation",
            "arp-suppression",
            "controllers",
            "namespace-moves",
            "node-states",
            "agent-restart",
            "clean-up");
    assertThat(report.path("checks"))
        .allSatisfy(
            check -> assertThat(check.path("ok").asBoolean()).as(check.toString()).isTrue());
    assertThat(report.path("pods"))
        .extracting(pod -> pod.path("name").asText() + " " + pod.path("network").asText())
        .contains("web-0 red-shop", "db-1 red-storage", "web-1 blue-shop")
        .hasSize(8);
    assertThat(report.path("pods"))
        .extracting((JsonNode pod) -> pod.path("addresses").get(0).asText())
        .allMatch(address -> address.startsWith("10.2"));
    assertThat(code).isZero();
    Machine.assertNothingLeft(NAME);
  }

  @Test
  void theSameInAClusterThatIsThere() throws Exception {
    Machine.requireWeft();
    var path = Machine.example(files, "cluster", NAME);
    var file = ClusterFile.read(path);
    try (var lab = Lab.open(path, file.topology())) {
      try (var cluster = LabCluster.start(file, lab.buildCluster())) {
        FakeKubelets.makeFabric(cluster);
        cluster.startProcesses();
        try (var kubelets = new FakeKubelets(cluster)) {
          var kubeconfig = kubelets.kubeconfig(files);
          int code = commands().runInCluster(path, kubeconfig, true);
          var report = new ObjectMapper().readTree(out.toString(StandardCharsets.UTF_8));
          assertThat(kubelets.failures()).isEmpty();
          assertThat(report.path("checks"))
              .as(err.toString(StandardCharsets.UTF_8))
              .extracting(check -> check.path("name").asText() + " " + check.path("ok").asText())
              .containsExactly(
                  "conditions true",
                  "vnis true",
                  "node-states true",
                  "pods true",
                  "ping true",
                  "clean-up true");
          assertThat(report.toString()).doesNotContain("not checked").contains("24 ways within");
          assertThat(code).isZero();
          assertThat(kubelets.left()).isEmpty();

          kubelets.make("{kind: Namespace, metadata: {name: shop}}");
          assertThat(commands().runInCluster(path, kubeconfig, false)).isEqualTo(2);
          assertThat(err.toString(StandardCharsets.UTF_8))
              .contains("Namespace shop is in the cluster already, and no lab has made it");
          assertThat(kubelets.left()).containsExactly("shop");
        }
      } finally {
        lab.remove();
      }
    }
    Machine.assertNothingLeft(NAME);
  }

  private String problems(String text) throws IOException {
    var file = Files.writeString(files.resolve("bad.yaml"), text);
    assertThat(commands().runCluster(file, false)).isEqualTo(2);
    return err.toString(StandardCharsets.UTF_8);
  }

  @Test
  void whatIsWrongInTheFileIsSaidBeforeAnythingIsBuilt() throws IOException {
    var pod = "\n---\napiVersion: v1\nkind: Pod\nmetadata: {name: x, namespace: %s}\nspec: %s\n";
    assertThat(
            problems(
                example()
                    + pod.formatted("shpo", "{}")
                    + pod.formatted("shop", "{nodeName: a7}")
                    + pod.formatted("shop", "{}").replace("name: x", "name: web-0")))
        .contains("bad.yaml:", "there is no Namespace 'shpo' in this file; did you mean 'shop'?")
        .contains("Pod shop/x: spec.nodeName: there is no node 'a7'")
        .contains("there is a Pod 'shop/web-0' already");
  }

  @Test
  void aPodThatNoNetworkTakesInWouldNeverStart() throws IOException {
    assertThat(
            problems(
                example()
                    .replace(
                        "metadata: {name: bank, labels: {team: blue}}", "metadata: {name: bank}")))
        .contains("Pod bank/web-0: would never start: no Network selects namespace 'bank'");
  }

  @Test
  void aTopologyWithReflectorsOrEndpointsIsNoCluster() throws IOException {
    assertThat(problems(Topologies.twoRacksText()))
        .contains("remove reflectors and gateways of the Topology")
        .contains("the endpoints of a cluster are its Pods")
        .contains("has no Pod");
  }
}
