package io.weft.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/** The manifests of {@code deploy/} hold together, and the Helm chart says the same. */
final class ManifestsTest {
  private static final Pattern VALUE = Pattern.compile("\\{\\{ ([A-Za-z.]+) }}");

  /** What {@code kustomization.yaml} lists, in its order. */
  private static List<String> listed() throws IOException {
    var files = new ArrayList<String>();
    Manifests.read("kustomization.yaml")
        .getFirst()
        .path("resources")
        .forEach(each -> files.add(each.asText()));
    return files;
  }

  private static TreeMap<String, JsonNode> deployed() throws IOException {
    var all = new ArrayList<JsonNode>();
    for (var file : listed()) {
      all.addAll(Manifests.read(file));
    }
    return byIdentity(all);
  }

  /** Fails where two objects are one for the API server. */
  private static TreeMap<String, JsonNode> byIdentity(List<JsonNode> objects) {
    var all = new TreeMap<String, JsonNode>();
    for (var object : objects) {
      var key =
          "%s %s %s/%s"
              .formatted(
                  object.path("apiVersion").asText(),
                  object.path("kind").asText(),
                  object.at("/metadata/namespace").asText(""),
                  object.at("/metadata/name").asText());
      assertThat(all.put(key, object)).as(key).isNull();
    }
    return all;
  }

  private static List<JsonNode> ofKind(String kind) throws IOException {
    return deployed().values().stream()
        .filter(object -> object.path("kind").asText().equals(kind))
        .toList();
  }

  @Test
  void everyFileIsListed() throws IOException {
    try (var files = Files.walk(Manifests.DIRECTORY)) {
      var there =
          files
              .filter(file -> file.toString().endsWith(".yaml"))
              .map(file -> Manifests.DIRECTORY.relativize(file).toString())
              .filter(file -> !file.startsWith("chart/") && !file.equals("kustomization.yaml"));
      assertThat(listed()).containsExactlyInAnyOrderElementsOf(there.toList());
    }
  }

  @Test
  void whatRefersToAnObjectOfOursFindsIt() throws IOException {
    var all = deployed().keySet();
    for (var kind : List.of("RoleBinding", "ClusterRoleBinding")) {
      for (var binding : ofKind(kind)) {
        var namespace = binding.at("/metadata/namespace").asText("");
        var role = binding.path("roleRef");
        assertThat(all)
            .contains(
                "rbac.authorization.k8s.io/v1 %s %s/%s"
                    .formatted(role.path("kind").asText(), namespace, role.path("name").asText()));
        for (var subject : binding.path("subjects")) {
          assertThat(all)
              .contains(
                  "v1 ServiceAccount %s/%s"
                      .formatted(
                          subject.path("namespace").asText(), subject.path("name").asText()));
        }
      }
    }
    for (var workload : workloads()) {
      var pod = workload.at("/spec/template/spec");
      assertThat(all)
          .contains("v1 ServiceAccount weft-system/" + pod.path("serviceAccountName").asText());
      assertThat(workload.at("/spec/template/metadata/labels"))
          .isEqualTo(workload.at("/spec/selector/matchLabels"));
      var volumes = new TreeSet<String>();
      pod.path("volumes").forEach(volume -> volumes.add(volume.path("name").asText()));
      var mounted = new TreeSet<String>();
      for (var container : containers(pod)) {
        container.path("volumeMounts").forEach(mount -> mounted.add(mount.path("name").asText()));
      }
      assertThat(mounted).isEqualTo(volumes);
    }
  }

  private static List<JsonNode> workloads() throws IOException {
    return Stream.concat(ofKind("DaemonSet").stream(), ofKind("Deployment").stream()).toList();
  }

  private static List<JsonNode> containers(JsonNode pod) {
    var all = new ArrayList<JsonNode>();
    pod.path("initContainers").forEach(all::add);
    pod.path("containers").forEach(all::add);
    return all;
  }

  @Test
  void onlyTheAgentIsPrivilegedAndNobodyWritesItsRoot() throws IOException {
    for (var workload : workloads()) {
      for (var container : containers(workload.at("/spec/template/spec"))) {
        var context = container.path("securityContext");
        var name = container.path("name").asText();
        assertThat(context.path("readOnlyRootFilesystem").asBoolean()).as(name).isTrue();
        if (name.equals("agent")) {
          assertThat(container.path("command").get(0).asText()).isEqualTo("/bin/setpriv");
          assertThat(container.path("command").get(1).asText()).startsWith("--bounding-set=-all,");
        } else {
          assertThat(context.path("privileged").asBoolean()).as(name).isFalse();
          assertThat(context.path("allowPrivilegeEscalation").asBoolean(true)).as(name).isFalse();
          assertThat(context.at("/capabilities/drop/0").asText()).as(name).isEqualTo("ALL");
        }
        assertThat(container.at("/resources/limits/memory").asText()).as(name).isNotEmpty();
      }
    }
  }

  @Test
  void kustomizeMakesTheSameObjects() throws Exception {
    var kubectl = Path.of("/usr/bin/kubectl");
    assumeTrue(Files.exists(kubectl), "needs kubectl");
    var process =
        new ProcessBuilder(kubectl.toString(), "kustomize", Manifests.DIRECTORY.toString())
            .redirectErrorStream(true)
            .start();
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    assertThat(byIdentity(Manifests.objects(text))).isEqualTo(deployed());
  }

  @Test
  void theChartRendersToTheSameObjects() throws Exception {
    var build =
        new ProcessBuilder(Path.of("..", "build", "chart").toAbsolutePath().toString())
            .redirectErrorStream(true)
            .start();
    var printed = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(build.waitFor()).as(printed).isZero();
    var chart = Path.of("..", "dist", "chart", "weft");
    var values = Manifests.objects(Files.readString(chart.resolve("values.yaml"))).getFirst();
    var used = new TreeSet<String>();
    var rendered = new ArrayList<JsonNode>();
    for (var directory : List.of("crds", "templates")) {
      try (var files = Files.list(chart.resolve(directory))) {
        for (var file : files.toList()) {
          var template = Files.readString(file);
          assertThat(template).as("any namespace will do").doesNotContain("weft-system");
          rendered.addAll(Manifests.objects(render(template, values, used)));
        }
      }
    }
    var expected = deployed();
    expected.remove("v1 Namespace /weft-system"); // helm install --create-namespace makes it
    assertThat(byIdentity(rendered)).isEqualTo(expected);
    assertThat(used)
        .as("each value is in use")
        .containsExactlyInAnyOrder(
            ".Release.Namespace",
            ".Values.image",
            ".Values.imagePullPolicy",
            ".Values.node.maxUnavailable",
            ".Values.controller.replicas",
            ".Values.cni.binDir",
            ".Values.cni.mode",
            ".Values.cni.confDir");
  }

  private static String render(String template, JsonNode values, TreeSet<String> used) {
    return VALUE
        .matcher(template)
        .replaceAll(
            found -> {
              used.add(found.group(1));
              return found.group(1).equals(".Release.Namespace")
                  ? "weft-system"
                  : Optional.of(values.at(pointer(found.group(1))))
                      .filter(value -> !value.isMissingNode())
                      .orElseThrow(() -> new AssertionError(found.group() + " has no value"))
                      .asText();
            });
  }

  private static String pointer(String name) {
    return name.substring(".Values".length()).replace('.', '/');
  }
}
