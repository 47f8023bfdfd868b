package io.weft.cli;

import static io.weft.cli.WhatIfCall.NOW;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code weft simulate --intent --change} where the change touches neighbours of the Fabric. */
final class WhatIfPeersTest {
  private static final String SWITCH = "{address: 192.0.2.9, asn: 65009}";

  @TempDir private Path directory;

  private static String peers(String... peers) {
    return NOW.replace("{asn: 65000}", "{asn: 65000, peers: [" + String.join(", ", peers) + "]}");
  }

  private JsonNode document(int code, String before, String after) throws IOException {
    return WhatIfCall.document(directory, code, before, after);
  }

  private static String sessions(JsonNode document) {
    var text = new StringBuilder();
    for (var each : document.path("sessions")) {
      text.append(
          "%s %s %s;"
              .formatted(
                  each.path("node").asText(),
                  each.path("peer").asText(),
                  each.path("fate").asText()));
    }
    return text.toString();
  }

  @Test
  void aNewNeighbourHearsOfEachNodeWhatItWouldHearFromThere() throws Exception {
    var added = document(0, NOW, peers(SWITCH));
    assertThat(sessions(added)).isEqualTo("n1 192.0.2.9 made;n2 192.0.2.9 made;n3 192.0.2.9 made;");
    assertThat(added.path("sessionsReset").asInt()).isZero();
    var heard = added.at("/neighbours/0");
    assertThat(heard.path("routesBefore").asInt()).isZero();
    // Nine pods, three networks on three nodes, and the subnets of the two that are routed.
    assertThat(heard.path("routesAfter").asInt()).isEqualTo(9 + 3 * 3 + 2 * 3);
    assertThat(heard.path("gained")).isEqualTo(heard.path("routesAfter"));
    assertThat(added.path("notSimulated").toString())
        .isEqualTo("[\"what neighbours in 'peers' of the Fabric announce, which no intent says\"]");
    assertThat(added.path("interruptedPairs").asInt()).isZero();
  }

  @Test
  void oneThatGoesLosesAllAndOneThatStaysNothing() throws Exception {
    var other = "{address: 192.0.2.10, asn: internal}";
    var gone = document(Weft.FAILED, peers(SWITCH, other), peers(other));
    assertThat(sessions(gone))
        .isEqualTo("n1 192.0.2.9 ended;n2 192.0.2.9 ended;n3 192.0.2.9 ended;");
    assertThat(gone.at("/neighbours/0/routesAfter").asInt()).isZero();
    assertThat(gone.at("/neighbours/0/lost")).isEqualTo(gone.at("/neighbours/0/routesBefore"));
    assertThat(gone.at("/neighbours/1/routesBefore").asInt()).isPositive();
    assertThat(gone.at("/neighbours/1/lost").asInt()).isZero();
    assertThat(gone.at("/neighbours/1/gained").asInt()).isZero();
  }

  @Test
  void whatAnotherNetworkIsToThemIsTold() throws Exception {
    var now = peers(SWITCH);
    var same = document(0, now, now);
    assertThat(sessions(same)).isEmpty();
    assertThat(same.at("/neighbours/0/lost").asInt()).isZero();
    var renumbered = document(0, now, now.replace("vni: 102", "vni: 202"));
    assertThat(sessions(renumbered)).isEmpty();
    var heard = renumbered.at("/neighbours/0");
    assertThat(heard.path("routesAfter")).isEqualTo(heard.path("routesBefore"));
    assertThat(heard.path("lost").asInt()).isPositive().isEqualTo(heard.path("gained").asInt());
  }

  @Test
  void anotherSettingResetsASessionWithItAloneAndALimitDoesNot() throws Exception {
    var now = peers(SWITCH, "{interface: eth7, asn: external}");
    var held = document(Weft.FAILED, now, now.replace("65009}", "65009, holdSeconds: 30}"));
    assertThat(sessions(held))
        .isEqualTo("n1 192.0.2.9 reset;n2 192.0.2.9 reset;n3 192.0.2.9 reset;");
    assertThat(held.path("neighbours")).hasSize(2);
    var limited = document(0, now, now.replace("65009}", "65009, maximumPrefixes: {limit: 1000}}"));
    assertThat(sessions(limited)).isEmpty();
    var shut = document(Weft.FAILED, now, now.replace("65009}", "65009, shutdown: repair}"));
    assertThat(sessions(shut)).contains("n2 192.0.2.9 ended;").doesNotContain("eth7");
  }

  @Test
  void peopleAreToldWhoAndWhatIsLeftOut() throws Exception {
    var range = "{range: 10.9.0.0/24, asn: external}";
    var text =
        WhatIfCall.of(
            directory,
            peers(SWITCH, range),
            peers(SWITCH.replace("65009}", "65009, ttlSecurity: 1}"), range),
            "--nodes=7",
            "--pods-per-node=1");
    assertThat(text.code()).as(text.out() + text.err()).isZero();
    assertThat(text.out())
        .contains("NOT SIMULATED  neighbours that come by themselves (range 10.9.0.0/24)")
        .contains("NOT SIMULATED  passwords, TTLs and BFD of neighbours in 'peers'");
    var gone = WhatIfCall.of(directory, peers(SWITCH), NOW, "--nodes=7", "--pods-per-node=1");
    assertThat(gone.out())
        .contains("192.0.2.9  ended         7  n1, n2, n3, n4, n5 and 2 more\n")
        .contains("NOT harmless: 7 BGP sessions end");
  }
}
