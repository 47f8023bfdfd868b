package io.weft.lab.run;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import org.assertj.core.api.IterableAssert;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Real agents: the examples as a user runs them. */
final class LabExamplesTest {
  private static final String NAME = "weft-example-" + ProcessHandle.current().pid();

  @TempDir private Path files;

  @BeforeEach
  void needsWeft() {
    Machine.requireWeft();
  }

  /** The checks of the example, which all hold; without the one that measures time. */
  private IterableAssert<JsonNode> checks(String example) throws IOException {
    var out = new ByteArrayOutputStream();
    var commands =
        new LabCommands(
            new PrintStream(out, true, StandardCharsets.UTF_8),
            new PrintStream(OutputStream.nullOutputStream()),
            false);
    int code = commands.run(Machine.example(files, example, NAME), true, false, false);
    Machine.assertNothingLeft(NAME);
    assertThat(code).as(out.toString(StandardCharsets.UTF_8)).isZero();
    return assertThat(new ObjectMapper().readTree(out.toByteArray()).path("checks"))
        .allSatisfy(
            check -> assertThat(check.path("ok").asBoolean()).as(check.toString()).isTrue());
  }

  private static boolean isNamed(JsonNode check, String name) {
    return check.path("name").asText().equals(name);
  }

  private static void contains(JsonNode check, String words) {
    assertThat(check.path("detail").asText()).contains(words);
  }

  @Test
  void tenantsRoute() throws IOException {
    checks("tenants").hasSize(9).anyMatch(check -> isNamed(check, "routing"));
  }

  @Test
  void tenantsLiveOverIpv6Alone() throws IOException {
    checks("ipv6")
        .hasSize(9)
        .anySatisfy(check -> contains(check, "[1430] octets"))
        .anySatisfy(check -> contains(check, "70 octets before"));
  }

  @Test
  void nodesHaveVtepsOfBothFamilies() throws IOException {
    checks("dual-stack")
        .hasSize(10)
        .anyMatch(check -> isNamed(check, "dual-stack"))
        .anySatisfy(check -> contains(check, "[1430] octets"));
  }

  @Test
  void tenantsMeetOnPurpose() throws IOException {
    checks("connections").hasSize(10).anyMatch(check -> isNamed(check, "connections"));
  }

  @Test
  void tenantsGoOutThroughTheirNodes() throws IOException {
    checks("egress")
        .hasSize(11)
        .anyMatch(check -> isNamed(check, "egress"))
        .anyMatch(check -> isNamed(check, "prefixes"));
  }

  @Test
  void endpointsSayByBgpWhatIsBehindThem() throws IOException {
    Machine.requireFrr();
    checks("endpoint-bgp")
        .hasSize(11)
        .anyMatch(check -> isNamed(check, "endpoint-bgp"))
        .anyMatch(check -> isNamed(check, "prefixes"));
  }
}
