package io.weft.kubernetes.intent;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.yaml.Problem;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

class IntentMergeTest {
  private static final String TENANTS =
      "kind: Tenant\nmetadata: {name: red}\n---\nkind: Tenant\nmetadata: {name: blue}\n";

  private final Map<String, String> files = new TreeMap<>();
  private IntentMerge merge = IntentMerge.EMPTY;

  private static String network(String name, String spec) {
    return "kind: Network\nmetadata: {name: " + name + "}\nspec: {" + spec + "}\n";
  }

  private static List<IntentFile> parsed(Map<String, String> files) {
    return files.entrySet().stream()
        .map(e -> IntentFile.read(e.getKey(), e.getValue().getBytes(StandardCharsets.UTF_8)))
        .toList();
  }

  /** Reads all files again and gives the problems. */
  private List<String> next() {
    merge = merge.next(parsed(files));
    return merge.reading().problems().stream().map(Problem::toString).toList();
  }

  /** The networks in force and their VNIs. */
  private String networks() {
    var vnis = new TreeMap<String, Integer>();
    merge.reading().intent().networks().forEach((name, n) -> vnis.put(name, n.vni().value()));
    return vnis.toString();
  }

  private List<String> put(String file, String text) {
    files.put(file, text);
    return next();
  }

  private List<String> remove(String file) {
    files.remove(file);
    return next();
  }

  @Test
  void nothingGivesDefaults() {
    assertThat(next()).isEmpty();
    assertThat(merge.reading().intent()).isEqualTo(Intent.NONE);
  }

  @Test
  void routeTargetsAreFilledIn() {
    put("f.yaml", "kind: Fabric\nmetadata: {name: default}\nspec: {autoRouteTarget: rfc8365}");
    put(
        "n.yaml",
        network("a", "vni: 100")
            + "---\n"
            + network("b", "vni: 101, routeTargets: {import: ['1:2']}"));
    var networks = merge.reading().intent().networks();
    assertThat(networks.get("a").exports()).containsExactly(RouteTarget.parse("65000:268435556"));
    assertThat(networks.get("a").imports())
        .containsExactly(RouteTarget.parse("65000:100"), RouteTarget.parse("65000:268435556"));
    assertThat(networks.get("b").imports()).containsExactly(RouteTarget.parse("1:2"));
    assertThat(networks.get("b").vniIsAutomatic()).isFalse();
    put("f.yaml", "kind: Fabric\nmetadata: {name: default}\nspec: {asn: 4200000000}");
    assertThat(merge.reading().intent().networks().get("a").exports())
        .containsExactly(
            RouteTarget.automatic(merge.reading().intent().fabric().spec().asn(), new Vni(100)));
  }

  @Test
  void aMissingTenantTakesOutItsNetworkOnly() {
    put("t.yaml", TENANTS);
    assertThat(
            put(
                "n.yaml",
                network("a", "vni: 1, tenant: rde")
                    + "---\n"
                    + network("b", "vni: 2, tenant: red")))
        .containsExactly(
            "n.yaml:3:24: Network a: there is no Tenant 'rde'; declare it or name another; did you mean 'red'?");
    assertThat(networks()).isEqualTo("{b=2}");
    assertThat(remove("t.yaml")).hasSize(2);
    assertThat(networks()).isEqualTo("{}");
  }

  @Test
  void aNetworkWhoseNewTenantIsMissingStandsAsItWas() {
    put("t.yaml", TENANTS);
    put("n.yaml", network("a", "vni: 1, tenant: red"));
    assertThat(put("n.yaml", network("a", "vni: 1, tenant: green"))).hasSize(1);
    assertThat(merge.reading().intent().networks().get("a").network().spec().tenant())
        .contains("red");
  }

  @Test
  void oneVniForTwoOnTheFirstLoadRejectsBoth() {
    files.put("a.yaml", network("a", "vni: 100"));
    files.put("c.yaml", network("c", "vni: 7"));
    assertThat(put("b.yaml", network("b", "vni: 100")))
        .containsExactly(
            "a.yaml:3:13: Network a: vni 100 is also that of Network b (b.yaml:3:13); give one of them another vni",
            "b.yaml:3:13: Network b: vni 100 is also that of Network a (a.yaml:3:13); give one of them another vni");
    assertThat(networks()).isEqualTo("{c=7}");
  }

  @Test
  void aNewcomerDoesNotTakeTheVniOfOneInForce() {
    put("b.yaml", network("b", "vni: 100"));
    assertThat(put("a.yaml", network("a", "vni: 100")))
        .containsExactly(
            "a.yaml:3:13: Network a: vni 100 is also that of Network b (b.yaml:3:13); give one of them another vni");
    assertThat(networks()).isEqualTo("{b=100}");
    assertThat(next()).hasSize(1); // and so it stays
    assertThat(remove("b.yaml")).isEmpty();
    assertThat(networks()).isEqualTo("{a=100}");
  }

  @Test
  void aChangedNetworkThatClashesStandsAsItWas() {
    put("a.yaml", network("a", "vni: 1"));
    put("b.yaml", network("b", "vni: 2"));
    assertThat(put("b.yaml", network("b", "vni: 1"))).hasSize(1);
    assertThat(networks()).isEqualTo("{a=1, b=2}");
    // c wants what b asked to leave but still has.
    assertThat(put("c.yaml", network("c", "vni: 2"))).hasSize(2);
    assertThat(networks()).isEqualTo("{a=1, b=2}");
  }

  @Test
  void twoMayExchangeTheirVnis() {
    put("n.yaml", network("a", "vni: 1") + "---\n" + network("b", "vni: 2"));
    assertThat(put("n.yaml", network("a", "vni: 2") + "---\n" + network("b", "vni: 1"))).isEmpty();
    assertThat(networks()).isEqualTo("{a=2, b=1}");
  }

  @Test
  void aChangeOfOneInForceIsNotHeldUpByANewcomer() {
    put("t.yaml", TENANTS);
    put("a.yaml", network("a", "vni: 1"));
    files.put("a.yaml", network("a", "vni: 1, mtu: 1400"));
    assertThat(put("b.yaml", network("b", "vni: 1")))
        .singleElement()
        .asString()
        .startsWith("b.yaml:3:13: Network b");
    assertThat(merge.reading().intent().networks().get("a").network().spec().mtu()).hasValue(1400);
  }

  @Test
  void aLoserDoesNotPullOthersDown() {
    put("t.yaml", TENANTS);
    put("a.yaml", network("a", "vni: 1"));
    files.put("b.yaml", network("b", "vni: 1, tenant: red, subnets: [10.0.0.0/8]"));
    assertThat(put("c.yaml", network("c", "vni: 3, tenant: red, subnets: [10.1.0.0/16]")))
        .isNotEmpty()
        .allMatch(problem -> problem.contains(": Network b: "));
    assertThat(networks()).isEqualTo("{a=1, c=3}");
  }

  @Test
  void overlapsWithinATenantOnly() {
    files.put("t.yaml", TENANTS);
    files.put("a.yaml", network("a", "vni: 1, tenant: red, subnets: [10.0.0.0/8]"));
    files.put("b.yaml", network("b", "vni: 2, tenant: blue, subnets: [10.0.0.0/8]"));
    files.put("c.yaml", network("c", "vni: 3, subnets: [10.0.0.0/8]"));
    assertThat(next()).isEmpty();
    assertThat(
            put("d.yaml", network("d", "vni: 4, tenant: red, subnets: ['fd00::/64', 10.9.0.0/16]")))
        .containsExactly(
            "d.yaml:3:52: Network d: subnet 10.9.0.0/16 overlaps 10.0.0.0/8 of Network a (a.yaml:3:39)"
                + " in the same tenant 'red'; choose subnets that do not overlap");
    assertThat(networks()).isEqualTo("{a=1, b=2, c=3}");
  }

  @Test
  void automaticVnisThatCollideNameBoth() {
    // Found by search: both fall on 93581 in the default pool.
    assertThat(put("n.yaml", network("n629", "") + "---\n" + network("n820", "")))
        .containsExactly(
            "n.yaml:2:18: Network n629: its automatic vni 93581 is also the automatic one of Network n820"
                + " (n.yaml:6:18); give one of them an explicit vni of its own",
            "n.yaml:6:18: Network n820: its automatic vni 93581 is also the automatic one of Network n629"
                + " (n.yaml:2:18); give one of them an explicit vni of its own");
    assertThat(put("n.yaml", network("n629", "") + "---\n" + network("n820", "vni: 5"))).isEmpty();
    assertThat(networks()).isEqualTo("{n629=93581, n820=5}");
    assertThat(put("x.yaml", network("x", "vni: 93581")))
        .containsExactly(
            "x.yaml:3:13: Network x: vni 93581 is also the automatic one of Network n629 (n.yaml:2:18);"
                + " give one of them an explicit vni of its own");
  }

  @Test
  void aPoolInWhichTheyCollideLeavesTheVnisThatTheyHave() {
    put("n.yaml", network("a", "") + "---\n" + network("b", ""));
    var before = networks();
    assertThat(
            put(
                "f.yaml",
                "kind: Fabric\nmetadata: {name: default}\nspec: {vniPools: {networks: 7-7}}"))
        .hasSize(2);
    assertThat(networks()).isEqualTo(before);
  }

  @Test
  void resultsDoNotDependOnTheOrderOfFiles() {
    var texts = new ArrayList<String>();
    for (int i = 0; i < 40; i++) {
      texts.add(network("m" + i * 20, i % 3 == 0 ? "vni: " + (100 + i / 6) : ""));
    }
    texts.add(network("n629", ""));
    texts.add(network("n820", ""));
    String first = "";
    for (int seed = 0; seed < 20; seed++) {
      Collections.shuffle(texts, new Random(seed));
      files.clear();
      for (int i = 0; i < texts.size(); i++) {
        files.put("f%02d.yaml".formatted(i), texts.get(i));
      }
      merge = IntentMerge.EMPTY;
      next();
      assertThat(networks()).contains("m20=").doesNotContain("n629").doesNotContain("n820");
      first = first.isEmpty() ? networks() : first;
      assertThat(networks()).isEqualTo(first);
    }
  }

  @Test
  void aBadVersionLeavesTheLastGoodOne() {
    put("n.yaml", network("a", "vni: 1") + "---\n" + network("b", "vni: 2"));
    assertThat(put("n.yaml", network("a", "vni: 0") + "---\n" + network("b", "vni: 3")))
        .containsExactly("n.yaml:3:13: Network a: vni 0 is out of 1..16777215");
    assertThat(networks()).isEqualTo("{a=1, b=3}");
    put("n.yaml", network("b", "vni: 3"));
    assertThat(networks()).isEqualTo("{b=3}");
  }

  @Test
  void aFileThatDoesNotParseLosesNothing() {
    put("n.yaml", network("a", "vni: 1") + "---\n" + network("b", "vni: 2"));
    assertThat(put("n.yaml", network("a", "vni: 9") + "---\nkind: [")).hasSize(1);
    assertThat(networks()).isEqualTo("{a=1, b=2}");
    assertThat(put("n.yaml", "")).isEmpty();
    assertThat(networks()).isEqualTo("{}");
  }

  @Test
  void aFileThatNeverParsedGivesNothingAndHurtsNobody() {
    files.put("a.yaml", network("a", "vni: 1"));
    assertThat(put("b.yaml", network("b", "vni: 2") + "---\nkind: ["))
        .singleElement()
        .asString()
        .startsWith("b.yaml:5:8: is not YAML");
    assertThat(networks()).isEqualTo("{a=1}");
  }

  @Test
  void aResourceWhoseNameCannotBeReadIsNotTakenForRemoved() {
    put("n.yaml", network("a", "vni: 1") + "---\n" + network("b", "vni: 2"));
    assertThat(put("n.yaml", network("A", "vni: 1") + "---\n" + network("b", "vni: 3"))).hasSize(1);
    assertThat(networks()).isEqualTo("{a=1, b=3}");
  }

  @Test
  void aResourceThatMovedAndTurnedBadIsFollowed() {
    put("a.yaml", network("a", "vni: 1"));
    files.put("a.yaml", "");
    assertThat(put("b.yaml", network("a", "vni: x"))).hasSize(1);
    assertThat(put("b.yaml", "kind: [")).hasSize(1);
    assertThat(networks()).isEqualTo("{a=1}");
    remove("b.yaml");
    assertThat(networks()).isEqualTo("{}");
  }

  @Test
  void twiceDeclaredIsReportedAndTheOneInForceStays() {
    files.put("a.yaml", network("a", "vni: 1"));
    assertThat(put("b.yaml", "---\n" + network("a", "vni: 2")))
        .containsExactly(
            "b.yaml:3:18: Network a: is declared already at a.yaml:2:18; remove one of them");
    assertThat(networks()).isEqualTo("{}");
    remove("b.yaml");
    assertThat(networks()).isEqualTo("{a=1}");
    assertThat(put("0.yaml", network("a", "vni: 2")))
        .containsExactly(
            "a.yaml:2:18: Network a: is declared already at 0.yaml:2:18; remove one of them");
    assertThat(networks()).isEqualTo("{a=1}");
  }

  @Test
  void aBadFabricStaysAsItWas() {
    put("f.yaml", "kind: Fabric\nmetadata: {name: default}\nspec: {asn: 5}");
    assertThat(put("f.yaml", "kind: Fabric\nmetadata: {name: default}\nspec: {asn: 0}")).hasSize(1);
    assertThat(merge.reading().intent().fabric().spec().asn().value()).isEqualTo(5);
    remove("f.yaml");
    assertThat(merge.reading().intent().fabric().spec().asn().value()).isEqualTo(65000);
  }

  @Test
  void aFileTooManyIsNotUsed() {
    var many = new StringBuilder();
    for (int i = 0; i < IntentMerge.MAX_RESOURCES; i++) {
      many.append("---\nkind: Tenant\nmetadata: {name: t").append(i).append("}\n");
    }
    files.put("b.yaml", many.toString());
    assertThat(next()).isEmpty();
    assertThat(put("c.yaml", TENANTS))
        .containsExactly("c.yaml: is not used: with it there would be more than 10000 resources");
    assertThat(merge.reading().intent().tenants()).hasSize(IntentMerge.MAX_RESOURCES);
  }

  /**
   * Whatever is edited: no contradiction in force, and what is right without others is in force.
   */
  @Test
  void randomEditsNeverGiveAContradiction() {
    for (int seed = 0; seed < 300; seed++) {
      var random = new Random(seed);
      files.clear();
      files.put("t.yaml", TENANTS);
      merge = IntentMerge.EMPTY;
      for (int step = 0; step < 15; step++) {
        for (int edits = random.nextInt(1, 4); edits > 0; edits--) {
          edit(random);
        }
        next();
        assertConsistent("seed " + seed + " step " + step);
        var again = merge.next(parsed(files));
        assertThat(again.reading()).as("seed %d step %d", seed, step).isEqualTo(merge.reading());
      }
    }
  }

  private void edit(Random random) {
    var name = "n" + random.nextInt(6);
    switch (random.nextInt(8)) {
      case 0 -> files.remove(name + ".yaml");
      case 1 -> files.put(name + ".yaml", "kind: [");
      default ->
          files.put(
              name + ".yaml",
              network(
                  name,
                  (random.nextBoolean() ? "vni: " + random.nextInt(5) + ", " : "")
                      + "tenant: "
                      + List.of("red", "blue", "green")
                          .get(random.nextInt(random.nextInt(10) == 0 ? 3 : 2))
                      + ", subnets: [10."
                      + random.nextInt(4)
                      + ".0.0/16, 11."
                      + random.nextInt(2) * 128
                      + ".0.0/"
                      + (random.nextBoolean() ? 9 : 16)
                      + "]"));
    }
  }

  private void assertConsistent(String where) {
    var inForce = new ArrayList<>(merge.reading().intent().networks().values());
    for (var one : inForce) {
      assertThat(merge.reading().intent().tenants())
          .as(where)
          .containsKey(one.network().spec().tenant().orElseThrow());
      assertThat(files).as(where).containsKey(one.name() + ".yaml");
      for (var other : inForce) {
        if (!one.equals(other)) {
          assertThat(one.vni()).as(where).isNotEqualTo(other.vni());
          boolean apart =
              !one.network().spec().tenant().equals(other.network().spec().tenant())
                  || one.network().spec().subnets().stream()
                      .noneMatch(
                          s -> other.network().spec().subnets().stream().anyMatch(s::overlaps));
          assertThat(apart).as(where).isTrue();
        }
      }
    }
    for (var file : files.keySet()) {
      var name = file.replace(".yaml", "");
      boolean inForceNow = merge.reading().intent().networks().containsKey(name);
      boolean complained = merge.reading().problems().stream().anyMatch(p -> p.file().equals(file));
      assertThat(inForceNow || complained || name.equals("t")).as(where).isTrue();
    }
  }
}
