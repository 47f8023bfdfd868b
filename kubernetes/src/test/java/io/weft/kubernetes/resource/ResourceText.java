package io.weft.kubernetes.resource;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlReading;
import java.util.List;

/** Resources as text, and what reading them gives. */
final class ResourceText {
  static final String FABRIC =
      """
      apiVersion: weft.io/v1alpha1
      kind: Fabric
      metadata: {name: default, labels: {site: north}}
      spec:
        asn: 4200000000
        vtep: {cidr: 10.0.0.0/16}
        reflectors: {addresses: [10.0.0.1, "fd00::1"], clients: [10.0.0.0/8]}
        peers:
        - {address: 10.0.1.1, asn: 65001}
        - {address: 10.0.1.2}
        vniPools: {networks: 5000-5999}
        autoRouteTarget: rfc8365
        holdSeconds: 0
        restartSeconds: 4095
      """;

  static final String NETWORK =
      """
      kind: Network
      metadata: {name: red-web}
      spec:
        tenant: red
        vni: 100
        subnets: [192.168.1.0/24, "fd00:1::/64"]
        routeTargets: {import: [65000:100, 10.0.0.1:7], export: [65000:100]}
        mtu: 1450
      """;

  static List<ResourceReading> read(String text) {
    return switch (YamlDocument.parse("f.yaml", text)) {
      case YamlReading.Documents(var documents) ->
          documents.stream().map(ResourceReader::read).toList();
      case YamlReading.Unreadable _ -> List.of();
    };
  }

  static Resource good(String text) {
    var reading = read(text).getFirst();
    assertThat(reading.problems()).isEmpty();
    return reading.declared().orElseThrow().resource();
  }

  static List<String> problems(String text) {
    return read(text).getFirst().problems().stream().map(Object::toString).toList();
  }

  private ResourceText() {}
}
