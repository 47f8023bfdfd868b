package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.kubernetes.intent.NamespaceResolution.Namespace;
import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A namespace has one network, or none and a reason. */
final class NamespaceResolutionTest {
  @TempDir private Path directory;

  private IntentReading read(String... networks) throws IOException {
    var text = new StringBuilder();
    for (int i = 0; i < networks.length; i++) {
      text.append(
          "kind: Network\nmetadata: {name: n%d}\nspec: {vni: %d, namespaces: %s}\n---\n"
              .formatted(i, 100 + i, networks[i]));
    }
    Files.writeString(directory.resolve("n.yaml"), text.toString());
    return IntentDirectory.load(directory);
  }

  @Test
  void aNamespaceHasTheNetworkThatNamesIt() throws IOException {
    var reading = read("{names: [a, b]}", "{names: [c]}", "{}");
    assertThat(reading.problems()).isEmpty();
    assertThat(NamespaceResolution.networks(reading, Namespace.of("b"))).containsExactly("n0");
    assertThat(NamespaceResolution.networks(reading, Namespace.of("c"))).containsExactly("n1");
    assertThat(NamespaceResolution.networks(reading, Namespace.of("d"))).isEmpty();
  }

  @Test
  void aNamespaceOfTwoNetworksIsAProblemOfBothAndHurtsNothingElse() throws IOException {
    var reading = read("{names: [a, b]}", "{names: [b]}");
    assertThat(reading.intent().networks()).containsOnlyKeys("n0", "n1");
    assertThat(reading.problems())
        .extracting(Problem::toString)
        .containsExactly(
            "n.yaml:3:42: Network n0: namespace 'b' is also that of Network n1 (n.yaml:7:39), so"
                + " its new pods get no interface; keep one of them",
            "n.yaml:7:39: Network n1: namespace 'b' is also that of Network n0 (n.yaml:3:42), so"
                + " its new pods get no interface; keep one of them");
    assertThat(NamespaceResolution.networks(reading, Namespace.of("a"))).containsExactly("n0");
    assertThat(NamespaceResolution.networks(reading, Namespace.of("b")))
        .containsExactly("n0", "n1");
  }

  /** A pod that began without its interface would never get one. */
  @Test
  void aNetworkThatIsNotInForceHasItsNamespacesAllTheSame() throws IOException {
    var reading = read("{names: [a]}, tenant: missing", "{names: [b]}");
    assertThat(reading.intent().networks()).containsOnlyKeys("n1");
    assertThat(NamespaceResolution.networks(reading, Namespace.of("a"))).containsExactly("n0");
  }

  @Test
  void whatIsNoNamespaceOrTwiceIsSaid() throws IOException {
    assertThat(read("{names: [a, a, B]}").problems())
        .extracting(Problem::message)
        .anyMatch(m -> m.contains("namespace 'a' is given twice"))
        .anyMatch(m -> m.contains("'B' is not a DNS label"));
  }

  private static Namespace namespace(String name, String annotation, String... labels) {
    var all = new TreeMap<String, String>();
    all.put("kubernetes.io/metadata.name", name);
    for (var label : labels) {
      all.put(label.split("=", -1)[0], label.split("=", -1)[1]);
    }
    return new Namespace(
        name, Optional.of(all), Optional.of(annotation).filter(text -> !text.isEmpty()));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          {}                                                                   | true
          {matchLabels: {team: red}}                                           | true
          {matchLabels: {team: blue}}                                          | false
          {matchLabels: {team: red, tier: web}}                                | false
          {matchLabels: {kubernetes.io/metadata.name: a}}                      | true
          {matchExpressions: [{key: team, operator: In, values: [blue, red]}]} | true
          {matchExpressions: [{key: team, operator: In, values: [blue]}]}      | false
          {matchExpressions: [{key: tier, operator: In, values: [web]}]}       | false
          {matchExpressions: [{key: team, operator: NotIn, values: [red]}]}    | false
          {matchExpressions: [{key: tier, operator: NotIn, values: [web]}]}    | true
          {matchExpressions: [{key: team, operator: Exists}]}                  | true
          {matchExpressions: [{key: tier, operator: Exists}]}                  | false
          {matchExpressions: [{key: tier, operator: DoesNotExist}]}            | true
          {matchExpressions: [{key: team, operator: DoesNotExist}]}            | false
          {matchLabels: {team: red}, matchExpressions: [{key: tier, operator: Exists}]} | false
          """)
  void aSelectorMeansWhatItMeansInKubernetes(String selector, boolean selects) throws IOException {
    var reading = read("{selector: %s}".formatted(selector));
    assertThat(reading.problems()).isEmpty();
    assertThat(NamespaceResolution.networks(reading, namespace("a", "", "team=red")))
        .isEqualTo(selects ? List.of("n0") : List.of());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '~',
      textBlock =
          """
          {matchLabels: {a: 1}}                               | must be text
          {matchExpressions: [{key: a, operator: Is}]}        | 'Is' is not known
          {matchExpressions: [{key: a, operator: In}]}        | operator In needs values
          {matchExpressions: [{key: a, operator: Exists, values: [b]}]} | operator Exists has no values
          {matchExpressions: [{operator: Exists}]}            | 'key' is missing
          """)
  void aBadSelectorIsSaidAndSelectsNothing(String selector, String words) throws IOException {
    var reading = read("{selector: %s}".formatted(selector));
    assertThat(reading.problems()).extracting(Problem::message).anyMatch(m -> m.contains(words));
    assertThat(NamespaceResolution.networks(reading, namespace("a", "", "team=red"))).isEmpty();
  }

  /** Of the pod before that of the namespace before what networks select; only where allowed. */
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a     |    |    | n0
          b     |    |    | refused: selected by the networks n0, n1
          b     | n1 |    | n1
          b     | n1 | n0 | n0
          b     |    | n1 | n1
          a     | n1 |    | refused: names Network 'n1', which does not let namespace 'a' in
          a     |    | n1 | refused: of the pod names Network 'n1', which does not let namespace 'a'
          a     | n0 | n1 | refused: of the pod names Network 'n1'
          a     |    | n9 | refused: there is no such Network
          other |    |    | none
          other |    | n0 | refused: does not let namespace 'other' in
          a     |    | n2 | n2
          other |    | n2 | n2
          other | n2 |    | n2
          """)
  void anAnnotationChoosesAmongTheNetworksThatLetTheNamespaceIn(
      String name, String ofNamespace, String ofPod, String expected) throws IOException {
    var reading = read("{names: [a, b]}", "{names: [b]}", "{selector: {}, byAnnotation: true}");
    var given = ofNamespace == null ? "" : ofNamespace;
    var choice =
        NamespaceResolution.choose(reading, namespace(name, given), Optional.ofNullable(ofPod));
    switch (choice) {
      case Choice.Chosen(var network) -> assertThat(network).isEqualTo(expected);
      case Choice.NoNetwork _ -> assertThat(expected).isEqualTo("none");
      case Choice.Refused(var why) -> {
        assertThat(expected).startsWith("refused: ");
        assertThat(why).contains(expected.substring("refused: ".length()));
      }
    }
  }

  @Test
  void withoutTheApiASelectorOfNamesCountsAndOneOfLabelsDoesNot() throws IOException {
    var reading =
        read(
            "{selector: {matchExpressions: [{key: kubernetes.io/metadata.name, operator: In,"
                + " values: [a]}]}}",
            "{selector: {matchExpressions: [{key: team, operator: DoesNotExist}]}}");
    assertThat(NamespaceResolution.networks(reading, Namespace.of("a"))).containsExactly("n0");
    assertThat(NamespaceResolution.networks(reading, Namespace.of("b"))).isEmpty();
  }

  /** While the API is away. */
  @Test
  void theNameAloneDecidesWhereNothingElseCan() throws IOException {
    var names = read("{names: [a, b]}", "{names: [b]}", "{names: [c], byAnnotation: true}");
    assertThat(NamespaceResolution.chooseByName(names, "a")).contains(new Choice.Chosen("n0"));
    assertThat(NamespaceResolution.chooseByName(names, "b")).isEmpty();
    assertThat(NamespaceResolution.chooseByName(names, "c")).isEmpty();
    assertThat(NamespaceResolution.chooseByName(names, "d"))
        .containsInstanceOf(Choice.NoNetwork.class);
    var labels = read("{names: [a]}", "{selector: {matchLabels: {team: red}}}");
    assertThat(NamespaceResolution.chooseByName(labels, "a")).isEmpty();
    var any = read("{names: [a]}", "{selector: {}, byAnnotation: true}");
    assertThat(NamespaceResolution.chooseByName(any, "a")).isEmpty();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      textBlock =
          """
          a     |    | n1
          other |    | n0
          other | n2 | n2
          other | n0 | n0
          a     | n0 | refused: does not let namespace 'a' in
          a     | n2 | n2
          """)
  void whoHasNoNetworkOfHisOwnHasTheDefaultOne(String name, String ofPod, String expected)
      throws IOException {
    var reading = read("{default: true}", "{names: [a]}", "{selector: {}, byAnnotation: true}");
    assertThat(reading.problems()).isEmpty();
    var choice =
        NamespaceResolution.choose(reading, namespace(name, ""), Optional.ofNullable(ofPod));
    switch (choice) {
      case Choice.Chosen(var network) -> assertThat(network).isEqualTo(expected);
      case Choice.NoNetwork(var why) -> assertThat(why).isEqualTo(expected);
      case Choice.Refused(var why) ->
          assertThat(why).contains(expected.substring("refused: ".length()));
    }
  }

  @Test
  void theNameAloneDecidesThatANamespaceHasTheDefaultNetwork() throws IOException {
    var names = read("{default: true}", "{names: [a]}");
    assertThat(NamespaceResolution.chooseByName(names, "a")).contains(new Choice.Chosen("n1"));
    assertThat(NamespaceResolution.chooseByName(names, "b")).contains(new Choice.Chosen("n0"));
    var labels = read("{default: true}", "{selector: {matchLabels: {team: red}}}");
    assertThat(NamespaceResolution.chooseByName(labels, "b")).isEmpty();
  }

  @Test
  void twoDefaultNetworksAreNone() throws IOException {
    var reading = read("{default: true}", "{default: true}", "{names: [a]}");
    assertThat(reading.problems())
        .extracting(Problem::toString)
        .containsExactly(
            "n.yaml:3:40: Network n0: 2 networks are the default one, so pods of namespaces that"
                + " none selects get no interface; keep 'default' in one of them",
            "n.yaml:7:40: Network n1: 2 networks are the default one, so pods of namespaces that"
                + " none selects get no interface; keep 'default' in one of them");
    assertThat(NamespaceResolution.choose(reading, Namespace.of("b"), Optional.empty()))
        .isInstanceOf(Choice.Refused.class);
    assertThat(NamespaceResolution.choose(reading, Namespace.of("a"), Optional.empty()))
        .isEqualTo(new Choice.Chosen("n2"));
  }

  @Test
  void whatNamespacesOfAClusterGetNoInterfaceIsSaid() throws IOException {
    var reading = read("{selector: {matchLabels: {team: red}}}", "{names: [a]}");
    assertThat(
            NamespaceResolution.problems(
                reading,
                List.of(
                    namespace("a", "", "team=red"),
                    namespace("b", "n1", "team=red"),
                    namespace("c", "", "team=red"),
                    namespace("d", ""))))
        .satisfiesExactly(
            a -> assertThat(a).startsWith("Namespace a: ").contains("n0, n1"),
            b -> assertThat(b).startsWith("Namespace b: ").contains("does not let"));
  }
}
