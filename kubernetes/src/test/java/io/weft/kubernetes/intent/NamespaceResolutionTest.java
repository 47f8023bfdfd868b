package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    assertThat(NamespaceResolution.networks(reading, "b")).containsExactly("n0");
    assertThat(NamespaceResolution.networks(reading, "c")).containsExactly("n1");
    assertThat(NamespaceResolution.networks(reading, "d")).isEmpty();
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
    assertThat(NamespaceResolution.networks(reading, "a")).containsExactly("n0");
    assertThat(NamespaceResolution.networks(reading, "b")).containsExactly("n0", "n1");
  }

  /** A pod that began without its interface would never get one. */
  @Test
  void aNetworkThatIsNotInForceHasItsNamespacesAllTheSame() throws IOException {
    var reading = read("{names: [a]}, tenant: missing", "{names: [b]}");
    assertThat(reading.intent().networks()).containsOnlyKeys("n1");
    assertThat(NamespaceResolution.networks(reading, "a")).containsExactly("n0");
  }

  @Test
  void whatIsNoNamespaceOrTwiceIsSaid() throws IOException {
    assertThat(read("{names: [a, a, B]}").problems())
        .extracting(Problem::message)
        .anyMatch(m -> m.contains("namespace 'a' is given twice"))
        .anyMatch(m -> m.contains("'B' is not a DNS label"));
  }
}
