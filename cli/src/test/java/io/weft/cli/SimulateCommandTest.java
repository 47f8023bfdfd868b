package io.weft.cli;

import static io.weft.cli.WhatIfCall.NOW;
import static io.weft.cli.WhatIfCall.weft;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code weft simulate} with a script, and with another intent. */
class SimulateCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path directory;

  private WhatIfCall whatIf(String changed, String... more) throws IOException {
    return WhatIfCall.of(directory, NOW, changed, more);
  }

  private JsonNode document(String changed, int code) throws IOException {
    return WhatIfCall.document(directory, code, NOW, changed);
  }

  @Test
  void theSameIntentDoesNothing() throws Exception {
    var document = document(NOW, 0);
    assertThat(document.path("operations")).isEmpty();
    assertThat(document.path("endpoints").asInt()).isEqualTo(9);
    assertThat(document.path("problems")).isEmpty();
    // Six pods of red reach each other, and three of the plain network.
    assertThat(document.path("reachablePairs").asInt()).isEqualTo(6 * 5 + 3 * 2);
  }

  @Test
  void anotherVniIsWorkForAllAndHurtsNobodyInTheEnd() throws Exception {
    var document = document(NOW.replace("vni: 102", "vni: 202"), 0);
    assertThat(document.path("operations")).hasSize(3);
    assertThat(document.at("/operations/0/routesAnnounced").asInt()).isEqualTo(2);
    assertThat(document.at("/operations/0/routesWithdrawn").asInt()).isEqualTo(2);
    assertThat(document.path("sessionsReset").asInt()).isZero();
    assertThat(document.path("lostPairs").asInt()).isZero();
    assertThat(document.path("virtualMillis").asDouble()).isPositive().isLessThan(1_000);
  }

  @Test
  void whoeverIsInterruptedMeanwhileIsToldForHowLong() throws Exception {
    var renumbered = NOW.replace("vni: 102", "vni: 202");
    var atOnce = document(renumbered, 0);
    assertThat(atOnce.path("interruptedPairs").asInt()).isEqualTo(3 * 2);
    assertThat(atOnce.path("longestInterruptionMillis").asDouble()).isBetween(0.1, 50.0);
    assertThat(atOnce.at("/reachability/0/from").asText()).isEqualTo("plain");
    assertThat(atOnce.at("/reachability/0/interrupted").asInt()).isEqualTo(3 * 2);
    assertThat(atOnce.at("/interrupted/0/millis"))
        .isEqualTo(atOnce.path("longestInterruptionMillis"));
    assertThat(whatIf(renumbered).out())
        .contains("nobody loses anything for good; 6 pairs are interrupted, for ");
    var text = whatIf(renumbered, "--max-interruption=0");
    assertThat(text.code()).isEqualTo(Weft.FAILED);
    assertThat(text.out()).contains("NOT harmless: 6 pairs are interrupted, for ");
  }

  @Test
  void theChangeComesToOneNodeAfterTheOther() throws Exception {
    var run = whatIf(NOW.replace("vni: 102", "vni: 202"), "--spread=400", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    var document = JSON.readTree(run.out());
    assertThat(document.path("virtualMillis").asDouble()).isBetween(400.0, 450.0);
    // The target is made of the VNI: the first and the last node are apart for all of it.
    assertThat(document.path("longestInterruptionMillis").asDouble()).isBetween(400.0, 450.0);
    var routed = JSON.readTree(whatIf(NOW.replace("vni: 100", "vni: 200"), "--json").out());
    // Neighbours in one subnet do not use the gateway, which has ways to each other for them too.
    assertThat(routed.at("/reachability/1/to").asText()).isEqualTo("web");
    assertThat(routed.path("reachability").toString())
        .contains("{\"from\":\"web\",\"to\":\"web\",\"before\":6,\"after\":6,")
        .contains("\"lost\":0,\"gained\":0,\"interrupted\":6,");
    assertThat(weft("simulate", "--spread=-1").code()).isEqualTo(Weft.USAGE);
  }

  @Test
  void aNetworkThatGoesToAnotherTenantIsLostToTheFirst() throws Exception {
    var moved = NOW.replace("tenant: red, vni: 101", "tenant: blue, vni: 101");
    var document = document(moved, Weft.FAILED);
    assertThat(document.path("lostPairs").asInt()).isEqualTo(2 * 3 * 3);
    assertThat(document.path("lost").toString())
        .contains("{\"from\":\"n1-db-0\",\"to\":\"n2-web-2\"}");
    assertThat(document.path("gainedPairs").asInt()).isZero();
    var text = whatIf(moved);
    assertThat(text.out()).contains("LOST  n1-db-0 to n2-web-2").contains("BGP sessions reset");
    var back = WhatIfCall.document(directory, 0, moved, NOW);
    assertThat(back.path("gainedPairs").asInt()).isEqualTo(2 * 3 * 3);
  }

  @Test
  void aNetworkMayChangeItsTenantFromNodeToNode() throws Exception {
    var adopted = NOW.replace("{vni: 102,", "{tenant: red, vni: 102,");
    var run = whatIf(adopted, "--spread=300", "--json");
    assertThat(run.code()).as(run.err()).isZero();
    // Its VNI and its target stay: only the moves of its ports are noticed.
    assertThat(JSON.readTree(run.out()).path("longestInterruptionMillis").asDouble())
        .isBetween(0.0, 50.0);
  }

  @Test
  void aWayOutThatIsTakenAwayIsLostToEachPod() throws Exception {
    var open = NOW.replace("{l3vni: 5000}", "{l3vni: 5000, egress: node}");
    var gained = document(open, 0);
    assertThat(gained.path("reachability").toString())
        .isEqualTo(
            """
            [{"from":"db","to":"outside by IPv4","before":0,"after":3,"lost":0,"gained":3,\
            "interrupted":0,"longestMillis":0.0},\
            {"from":"web","to":"outside by IPv4","before":0,"after":3,"lost":0,"gained":3,\
            "interrupted":0,"longestMillis":0.0}]\
            """);
    var lost = WhatIfCall.of(directory, open, NOW);
    assertThat(lost.code()).isEqualTo(Weft.FAILED);
    assertThat(lost.out())
        .contains("LOST  n2-web-2 to outside by IPv4")
        .contains("NOT harmless: 6 pairs do not reach each other any more\n");
  }

  @Test
  void theClustersNodesReachItsPodsAndAreReached() throws Exception {
    var cluster =
        NOW.replace("{l3vni: 5000}", "{l3vni: 5000, egress: cluster}")
            .replace("vni: 100,", "vni: 100, namespaces: {default: true},");
    var reachability = document(cluster, 0).path("reachability").toString();
    // The node of each pod, by its own addresses, and the other way round for those it knows.
    assertThat(reachability)
        .contains("{\"from\":\"db\",\"to\":\"nodes\",\"before\":0,\"after\":3,")
        .contains("{\"from\":\"web\",\"to\":\"nodes\",\"before\":0,\"after\":3,")
        .contains("{\"from\":\"nodes\",\"to\":\"web\",\"before\":0,\"after\":9,");
  }

  @Test
  void connectedTenantsReachEachOtherByWhatTheConnectionLetsThrough() throws Exception {
    var two =
        NOW.replace("metadata: {name: blue}", "metadata: {name: blue}\nspec: {l3vni: 5001}")
            .replace(
                "{vni: 102, subnets: [10.3.0.0/24]}",
                "{tenant: blue, vni: 102, subnets: [10.3.0.0/24], gateway: true}");
    var connection =
        """
        ---
        kind: TenantConnection
        metadata: {name: some}
        spec:
          between: [{tenant: red, prefixes: [10.1.0.0/24]}, blue]
        """;
    var document = WhatIfCall.document(directory, 0, two, two + connection);
    var reachability = document.path("reachability").toString();
    assertThat(reachability)
        .contains("{\"from\":\"plain\",\"to\":\"web\",\"before\":0,\"after\":9,")
        .contains("{\"from\":\"web\",\"to\":\"plain\",\"before\":0,\"after\":9,")
        .doesNotContain("\"from\":\"plain\",\"to\":\"db\"");
  }

  @Test
  void endpointsThatResourcesDeclareTakePart() throws Exception {
    var router =
        """
        ---
        kind: Endpoint
        metadata: {name: vpn}
        spec:
          node: rack1-a
          network: web
          link: eth7
          mac: "02:00:00:00:00:01"
          addresses: [10.1.0.10]
          prefixes: [10.50.0.0/16]
        """;
    var document = document(NOW + router, 0);
    assertThat(document.at("/operations/2/node").asText()).isEqualTo("rack1-a");
    assertThat(document.path("reachability").toString())
        .contains("{\"from\":\"db\",\"to\":\"10.50.0.0/16 of red\",\"before\":0,\"after\":3,")
        .contains(
            "{\"from\":\"db\",\"to\":\"web\",\"before\":9,\"after\":12,\"lost\":0,\"gained\":3,");
    var sameName = router.replace("name: vpn", "name: n1-db-0").replace("rack1-a", "n1");
    assertThat(document(NOW + sameName, 0).path("refused").toString())
        .contains("\"n1-db-0\":\"afterwards: a call has attached an endpoint of this name");
  }

  @Test
  void anotherNumberOfTheFabricEndsEachSession() throws Exception {
    var another = document(NOW.replace("asn: 65000", "asn: 65001"), Weft.FAILED);
    assertThat(another.path("sessionsReset").asInt()).isEqualTo(3);
    assertThat(another.path("lostPairs").asInt()).isZero();
    var reflectors = NOW.replace("asn: 65000", "asn: 65000, reflectors: {addresses: [192.0.2.1]}");
    var more = reflectors.replace("192.0.2.1", "192.0.2.1, 192.0.2.2");
    var made = WhatIfCall.document(directory, 0, reflectors, more);
    assertThat(made.path("sessionsMade").asInt()).isEqualTo(3);
  }

  @Test
  void whatIsWrongIsSaid() throws Exception {
    assertThat(weft("simulate", "--pods-within=-1").err()).contains("within 0 to 3600 s, not -1");
    assertThat(weft("simulate", "--intent=" + directory).code()).isEqualTo(Weft.USAGE);
    assertThat(document(NOW.replace("vni: 102", "vin: 102"), Weft.FAILED).path("problems"))
        .isNotEmpty();
    var nowhere = weft("simulate", "--script=" + directory.resolve("none"));
    assertThat(nowhere.code()).isEqualTo(Weft.USAGE);
    assertThat(nowhere.err()).contains("there is no file");
    var noRecording = weft("replay", directory.toString());
    assertThat(noRecording.code()).isEqualTo(Weft.FAILED);
    assertThat(noRecording.err()).contains("no recording");
  }

  @Test
  void aScriptIsDoneAgain() throws Exception {
    var script = directory.resolve("script");
    Files.writeString(
        script,
        """
        fabric nodes=3 networks=2 tenants=1 reflectors=1 routed=true seed=5
        100 create p1 n1 net0 100.64.0.10
        200 create p2 n2 net0 100.64.0.11
        9000 remove p1
        """);
    var run = weft("simulate", "--script=" + script, "--json");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(JSON.readTree(run.out()).path("ok").asBoolean()).isTrue();
    Files.writeString(
        script,
        """
        cluster seed=5 millis=60000
        20000 come p1 n1 net0
        30000 crash-node n1 copy 1000
        """);
    var cluster = weft("simulate", "--script=" + script, "--json");
    assertThat(cluster.code()).as(cluster.err()).isZero();
    assertThat(JSON.readTree(cluster.out()).path("ok").asBoolean()).isTrue();
    Files.writeString(script, "cluster seed=5 millis=60000\n20000 burn n1\n");
    assertThat(weft("simulate", "--script=" + script).err()).contains("there is no 'burn'");
    Files.writeString(script, "fabric nodes=3 nonsense\n");
    assertThat(weft("simulate", "--script=" + script).code()).isEqualTo(Weft.USAGE);
  }

  /** One seed after the other, until somebody stops it. */
  @ParameterizedTest
  @ValueSource(
      strings = {"--nodes=3 --dual --multicast --changes=1 --networks=3 --tenants=1", "--cluster"})
  void aSoakGoesOnUntilItIsStopped(String what) throws Exception {
    var out = new StringWriter();
    var err = new Awaited("seed 6: everything held");
    var arguments = ("simulate --soak --seed=5 --minutes=1 " + what).split(" ");
    var command = Weft.commandLine(new PrintWriter(out, true), new PrintWriter(err, true));
    var code = new FutureTask<>(() -> command.execute(arguments));
    var thread = Thread.ofPlatform().start(code);
    assertThat(err.said.await(120, TimeUnit.SECONDS)).as("%s", err).isTrue();
    thread.interrupt();
    assertThat(code.get(60, TimeUnit.SECONDS)).isZero();
    assertThat(err.toString()).contains("seed 5: everything held");
    assertThat(out.toString()).isEmpty();
  }

  /** Lets somebody wait for a text. */
  private static final class Awaited extends StringWriter {
    private final String text;
    private final CountDownLatch said = new CountDownLatch(1);

    Awaited(String text) {
      this.text = text;
    }

    @Override
    public void write(String more, int from, int length) {
      super.write(more, from, length);
      if (toString().contains(text)) {
        said.countDown();
      }
    }
  }

  @Test
  void aSoakHasNoScriptAndNoOtherIntent() throws Exception {
    Path script = Files.writeString(directory.resolve("s"), "fabric nodes=2 networks=1 seed=1\n");
    var run = weft("simulate", "--soak", "--script=" + script);
    assertThat(run.code()).isEqualTo(Weft.USAGE);
    assertThat(run.err()).contains("--soak goes from seed to seed");
    assertThat(whatIf(NOW, "--soak").code()).isEqualTo(Weft.USAGE);
  }
}
