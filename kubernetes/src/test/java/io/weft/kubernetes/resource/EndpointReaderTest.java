package io.weft.kubernetes.resource;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlReading;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** An Endpoint says in full where it is, or in words what is missing. */
final class EndpointReaderTest {
  private static ResourceReading read(String spec) {
    var text = "{kind: Endpoint, metadata: {name: db-1}, spec: %s}".formatted(spec);
    if (YamlDocument.parse("f.yaml", text) instanceof YamlReading.Documents(var documents)) {
      return ResourceReader.read(documents.getFirst());
    }
    throw new AssertionError(text);
  }

  private static EndpointSpec good(String spec) {
    var reading = read(spec);
    assertThat(reading.problems()).isEmpty();
    return ((Endpoint) reading.declared().orElseThrow().resource()).spec();
  }

  @Test
  void aVlanOfALink() {
    assertThat(
            good(
                "{node: rack1.example.org, network: web, link: eth1, vlan: 7, mac:"
                    + " '52:54:00:00:00:01', addresses: [10.0.0.1, 'fd00::1'], prefixes:"
                    + " [10.9.0.0/16], sticky: true}"))
        .isEqualTo(
            new EndpointSpec(
                "rack1.example.org",
                "web",
                Optional.empty(),
                Optional.of("eth1"),
                OptionalInt.of(7),
                Optional.of(MacAddress.parse("52:54:00:00:00:01")),
                List.of(IpAddress.parse("10.0.0.1"), IpAddress.parse("fd00::1")),
                List.of(IpPrefix.parse("10.9.0.0/16")),
                true,
                false));
  }

  @Test
  void aLinkThatLearnsNeedsNoMac() {
    var spec = good("{node: n1, network: web, link: eth1, learn: true}");
    assertThat(spec.learn()).isTrue();
    assertThat(spec.mac()).isEmpty();
  }

  @Test
  void aTapNeedsNothingElse() {
    var spec = good("{node: n1, network: web, tap: vm0}");
    assertThat(spec.place()).isEqualTo("tap vm0");
    assertThat(spec.mac()).isEmpty();
    assertThat(spec.sticky()).isFalse();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {node: n1, network: web}                             | give 'tap' or 'link'
          {node: n1, network: web, tap: a, link: b}            | give 'tap' or 'link'
          {node: n1, network: web, tap: a, vlan: 7}            | a VLAN is that of a link
          {node: n1, network: web, link: a}                    | 'mac' is missing
          {node: n1, network: web, link: lo, mac: '52:54:00:00:00:01'} | and not the loopback
          {node: n1, network: web, link: a/b, mac: '52:54:00:00:00:01'} | 'a/b' cannot name a link
          {node: n1, network: web, tap: a, vlan: 4095}         | is out of 1..4094
          {node: n1, network: web, tap: a, mac: '01:00:00:00:00:01'} | is not a unicast address
          {node: 'n 1', network: web, tap: a}                  | cannot name a node
          {node: n1, network: Web, tap: a}                     | 'Web' is not a DNS label
          {network: web, tap: a}                               | 'node' is missing
          {node: n1, network: web, tap: a, addresses: [1.1.1.1, 1.1.1.1]} | stands twice
          {node: n1, network: web, tap: a, addresses: [1.1.1.1, 1.1.1.2, 1.1.1.3, 1.1.1.4, 1.1.1.5]} | at most 4 addresses
          {node: n1, network: web, tap: a, prefix: x}          | did you mean 'prefixes'
          """)
  void whatIsWrongIsSaid(String spec, String words) {
    var reading = read(spec);
    assertThat(reading.declared()).isEmpty();
    assertThat(reading.problems()).extracting(Problem::message).anyMatch(m -> m.contains(words));
    assertThat(reading.problems()).extracting(Problem::object).containsOnly("Endpoint db-1");
  }
}
