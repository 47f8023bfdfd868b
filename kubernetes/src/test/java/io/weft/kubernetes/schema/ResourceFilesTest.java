package io.weft.kubernetes.schema;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiFailure;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.stream.Stream;
import org.assertj.core.api.Assertions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.snakeyaml.engine.v2.api.Load;
import org.snakeyaml.engine.v2.api.LoadSettings;

/** The generated files are in the repository as they should be, and a server works with them. */
final class ResourceFilesTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final Path ROOT = Path.of(System.getenv().getOrDefault("WEFT_HOME", ".."));

  /** The least that a kind asks for; of the others: nothing. */
  private static final Map<String, String> LEAST =
      Map.of(
          "Endpoint", "{\"node\": \"n\", \"network\": \"w\", \"tap\": \"t\"}",
          "TenantConnection", "{\"tenants\": [\"a\", \"b\"]}");

  static Stream<Map.Entry<String, String>> files() {
    return ResourceFiles.all().entrySet().stream();
  }

  @ParameterizedTest
  @MethodSource("files")
  void aFileIsAsItShouldBe(Map.Entry<String, String> file) {
    assertThat(ROOT.resolve(file.getKey()))
        .as("write it again with: make resources")
        .content()
        .isEqualTo(file.getValue());
  }

  private static Object yaml(String text) {
    return new Load(LoadSettings.builder().build()).loadFromString(text);
  }

  private static ApiServer server() throws Exception {
    var server = ApiServer.start();
    for (var kind : ResourceSchemas.all()) {
      server.define(JSON.valueToTree(yaml(Definition.yaml(kind))));
    }
    return server;
  }

  private static ApiClient client(ApiServer server) throws Exception {
    return new ApiClient(
        new ApiAccess(server.uri(), Optional.empty(), new ApiAccess.Identity.Anonymous()));
  }

  /** Of several values the server prints the first one alone, and says nothing of the others. */
  @Test
  void aColumnShowsOneValue() {
    for (var kind : ResourceSchemas.all()) {
      assertThat(Definition.yaml(kind)).as(kind.label()).doesNotContain("[*]");
    }
  }

  /** Every resource of every example is stored as it is: no field is refused or pruned. */
  @Test
  void theExamplesFollowTheSchemas() throws Exception {
    var counted = new LinkedHashMap<String, Integer>();
    try (var files = Files.newDirectoryStream(ROOT.resolve("examples"), "*.yaml")) {
      for (var file : files) {
        try (var server = server();
            var client = client(server)) {
          for (var document :
              new Load(LoadSettings.builder().build()).loadAllFromString(Files.readString(file))) {
            var object = (ObjectNode) JSON.valueToTree(document);
            var kind = object.path("kind").asText();
            for (var known : ResourceSchemas.all()) {
              if (known.label().equals(kind)) {
                var stored =
                    client.create(
                        "/apis/weft.io/v1alpha1/" + known.plural(),
                        object.put("apiVersion", "weft.io/v1alpha1"));
                assertThat(stored.path("spec"))
                    .as("%s of %s", object, file)
                    .isEqualTo(object.path("spec"));
                counted.merge(kind, 1, Integer::sum);
              }
            }
          }
        }
      }
    }
    assertThat(counted).containsKeys("Fabric", "Tenant", "Network", "TenantConnection");
  }

  /** A server reads bounds as floating point, and refuses what it cannot hold against them. */
  @Test
  void aStatusIsStoredWithTheGenerationItWasSaidOf() throws Exception {
    try (var server = server();
        var client = client(server)) {
      var status =
          JSON.readTree(
              """
              {"status": {"conditions": [{"type": "Ready", "status": "True", "reason": "InForce",
               "message": "", "lastTransitionTime": "2026-11-27T10:00:00Z", "observedGeneration": 7}]}}
              """);
      var counted = 0;
      for (var kind : ResourceSchemas.all()) {
        if (!Definition.yaml(kind).contains("observedGeneration")) {
          continue;
        }
        var path = "/apis/weft.io/v1alpha1/" + kind.plural();
        var object =
            JSON.createObjectNode().put("apiVersion", "weft.io/v1alpha1").put("kind", kind.label());
        object.putObject("metadata").put("name", "default");
        object.set("spec", JSON.readTree(LEAST.getOrDefault(kind.label(), "{}")));
        client.create(path, object);
        var stored = client.merge(path + "/default/status", status);
        assertThat(stored.at("/status/conditions/0/observedGeneration").asLong())
            .as(kind.label())
            .isEqualTo(7);
        counted++;
      }
      assertThat(counted).isEqualTo(6);
    }
  }

  @Test
  void whatCannotBeIsRefused() throws Exception {
    try (var server = server();
        var client = client(server)) {
      refused(client, "networks", "{'vni': 16777216}", "spec.vni: 16777216  is above 16777215");
      refused(client, "networks", "{'subnets': ['10.0.0.0']}", "spec.subnets[0]: Invalid value");
      refused(client, "tenants", "{'egress': 'tor'}", "spec.egress: Unsupported value");
      refused(client, "fabrics", "{'asn': '65000'}", "spec.asn: Invalid value");
      refused(client, "fabrics", "{'peers': [{'asn': 'x'}]}", "spec.peers[0].asn: Invalid value");
      // By rules.
      refused(client, "fabrics", "{}", "the one Fabric is named 'default'");
      refused(
          client, "fabrics", "{'peers': [{'asn': 1}]}", "spec.peers[0]: Invalid value: a peer has");
      refused(client, "tenants", "{'shares': ['53/UDP']}", "with 'egress: cluster' only");
      refused(client, "networks", "{'mtu': 1000, 'subnets': ['fd00::/64']}", "RFC 8200");
      var both = "{'node': 'n', 'network': 'w', 'tap': 't', 'link': 'l'}";
      refused(client, "endpoints", both, "one of tap and link");
      var block = "{'network': 'w', 'prefix': '10.0.0.0/24', 'node': 'n'}";
      refused(client, "addressblocks", block, "the name is that of the network");
    }
  }

  private static void refused(ApiClient client, String plural, String spec, String words)
      throws Exception {
    var kind =
        ResourceSchemas.all().stream()
            .filter(each -> each.plural().equals(plural))
            .findFirst()
            .orElseThrow();
    var object =
        JSON.readTree(
            "{'apiVersion':'weft.io/v1alpha1','kind':'%s','metadata':{'name':'a'},'spec':%s}"
                .formatted(kind.label(), spec)
                .replace('\'', '"'));
    var failure =
        Assertions.catchThrowableOfType(
            ApiFailure.class, () -> client.create("/apis/weft.io/v1alpha1/" + plural, object));
    assertThat(failure).isNotNull().hasMessageContaining(words);
    assertThat(failure.status()).isEqualTo(422);
  }
}
