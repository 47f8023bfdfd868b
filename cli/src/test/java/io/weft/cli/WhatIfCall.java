package io.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * A call of {@code weft simulate --intent --change}, of three nodes with three pods each where it
 * does not say another number.
 *
 * @param out what it said on standard output
 * @param err and on standard error
 */
record WhatIfCall(int code, String out, String err) {
  /**
   * Two networks of a tenant that routes, a tenant without any, and a network that stands alone.
   */
  static final String NOW =
      """
      kind: Fabric
      metadata: {name: default}
      spec: {asn: 65000}
      ---
      kind: Tenant
      metadata: {name: red}
      spec: {l3vni: 5000}
      ---
      kind: Tenant
      metadata: {name: blue}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [10.1.0.0/24], gateway: [10.1.0.1]}
      ---
      kind: Network
      metadata: {name: db}
      spec: {tenant: red, vni: 101, subnets: [10.2.0.0/24], gateway: [10.2.0.1]}
      ---
      kind: Network
      metadata: {name: plain}
      spec: {vni: 102, subnets: [10.3.0.0/24]}
      """;

  /** From one intent to another; both are written into the directory. */
  static WhatIfCall of(Path directory, String before, String after, String... more)
      throws IOException {
    var arguments =
        new ArrayList<>(
            List.of(
                "simulate",
                "--intent=" + write(directory.resolve("now"), before),
                "--change=" + write(directory.resolve("next"), after)));
    arguments.addAll(List.of(more));
    for (var option : List.of("--nodes", "--pods-per-node")) {
      if (arguments.stream().noneMatch(each -> each.startsWith(option + "="))) {
        arguments.add(option + "=3");
      }
    }
    return weft(arguments.toArray(String[]::new));
  }

  /** Any call of weft. */
  static WhatIfCall weft(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    var outWriter = new PrintWriter(out);
    int code = Weft.commandLine(outWriter, new PrintWriter(err, true)).execute(arguments);
    outWriter.flush();
    return new WhatIfCall(code, out.toString(), err.toString());
  }

  private static Path write(Path place, String text) throws IOException {
    Files.createDirectories(place);
    Files.writeString(place.resolve("all.yaml"), text);
    return place;
  }

  /** The answer for programs, of a call that ended with this code. */
  static JsonNode document(Path directory, int code, String before, String after, String... more)
      throws IOException {
    var arguments = new ArrayList<>(List.of(more));
    arguments.add("--json");
    var call = of(directory, before, after, arguments.toArray(String[]::new));
    assertThat(call.code()).as(call.err() + call.out()).isEqualTo(code);
    return new ObjectMapper().readTree(call.out());
  }
}
