package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cni.PluginProgram.Outcome;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.node.NodeProcess;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Verbs in any order, any number of times, in every version, for several containers, networks and
 * interfaces, with an agent that is killed between and in the middle, and with wrong input between:
 * what the node and the containers have is what a runtime believes, after each call.
 */
@Timeout(300)
class CniVerbsTest {
  private static final String NETWORKS =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
        restartSeconds: 1 # what a killed agent leaves half taken away may look like a remote's
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24, "fd00:1::/64"], gateway: true}
      ---
      kind: Network
      metadata: {name: storage}
      spec: {vni: 300, subnets: [192.168.3.0/24]}
      """;

  private static final int STEPS = 120;
  private static final List<String> VERSIONS_WITH_CHECK = List.of("0.4.0", "1.0.0", "1.1.0");
  private static final List<String> VERSIONS = List.of("0.3.0", "0.3.1", "0.4.0", "1.0.0", "1.1.0");
  private static final List<String> INTERFACES = List.of("eth0", "net1");
  private static final int CONTAINERS = 3;

  /** What the specification has codes for, and those of Weft's own (docs/cni.md). */
  private static final List<Integer> CODES = List.of(1, 2, 3, 4, 6, 7, 101, 102, 103, 104);

  @TempDir private Path directory;
  private final TreeMap<Attachment, TreeMap<String, String>> believed = new TreeMap<>();
  private final TreeMap<String, String> pods = new TreeMap<>();
  private TestNamespaces namespaces;
  private NodeProcess node;
  private Map<String, PluginProgram> programs;
  private Random random;

  /** One interface of one container in one CNI network. */
  private record Attachment(String network, String container, String name)
      implements Comparable<Attachment> {
    String endpoint() {
      return container + "/" + name + "@" + network;
    }

    boolean isSamePlace(Attachment other) {
      return container.equals(other.container) && name.equals(other.name);
    }

    @Override
    public int compareTo(Attachment other) {
      return endpoint().compareTo(other.endpoint());
    }
  }

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    namespaces = new TestNamespaces();
    node = NodeProcess.alone(namespaces, directory);
    node.write("networks.yaml", NETWORKS);
    programs =
        Map.of(
            "web", new PluginProgram(node.socket(), "web"),
            "storage", new PluginProgram(node.socket(), "storage"));
    for (int i = 0; i < CONTAINERS; i++) {
      pods.put("c" + i, "/run/netns/" + namespaces.create("p" + i));
    }
    start();
  }

  @AfterEach
  void close() throws Exception {
    if (node != null) {
      node.close();
    }
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private void start() throws Exception {
    node.start();
    node.awaitStatus(status -> status.has("vtep") && status.path("converged").asBoolean());
  }

  private <T> T any(List<T> list) {
    return list.get(random.nextInt(list.size()));
  }

  private ObjectNode configuration(Attachment attachment, String version) {
    return programs.get(attachment.network()).configuration(version, attachment.network());
  }

  private Outcome call(String verb, Attachment attachment, ObjectNode configuration)
      throws Exception {
    return programs
        .get(attachment.network())
        .run(environment(verb, attachment), configuration + "");
  }

  private TreeMap<String, String> environment(String verb, Attachment attachment) {
    return new TreeMap<>(
        Map.of(
            "CNI_COMMAND", verb,
            "CNI_CONTAINERID", attachment.container(),
            "CNI_NETNS", pods.get(attachment.container()),
            "CNI_IFNAME", attachment.name(),
            "CNI_PATH", "/opt/cni/bin"));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3})
  void theNodeHoldsWhatTheRuntimeBelieves(long seed) throws Exception {
    random = new Random(seed);
    for (int step = 0; step < STEPS; step++) {
      var attachment =
          new Attachment(
              any(List.of("web", "storage")), any(List.copyOf(pods.keySet())), any(INTERFACES));
      var did = step(attachment, any(VERSIONS));
      holdsWhatIsBelieved("seed %d, step %d: %s of %s".formatted(seed, step, did, attachment));
    }
    for (var attachment : List.copyOf(believed.keySet())) {
      delete(attachment, any(VERSIONS));
    }
    holdsWhatIsBelieved("in the end");
    assertThat(NetworkNamespaces.list())
        .as("namespaces of tenants")
        .noneMatch(name -> name.startsWith(namespaces.prefix()));
  }

  private String step(Attachment attachment, String version) throws Exception {
    int dice = random.nextInt(100);
    if (dice < 35) {
      add(attachment, version);
      return "ADD";
    } else if (dice < 50) {
      delete(attachment, version);
      return "DEL";
    } else if (dice < 65) {
      check(attachment, any(VERSIONS_WITH_CHECK));
      return "CHECK";
    } else if (dice < 70) {
      collect(attachment);
      return "GC";
    } else if (dice < 75) {
      answers(attachment, version);
      return "STATUS, VERSION";
    } else if (dice < 90) {
      return "wrong input " + wrong(attachment, version);
    } else if (dice < 94) {
      spoil(attachment, any(VERSIONS_WITH_CHECK));
      return "a change in the container";
    } else if (dice < 97) {
      node.kill();
      assertThat(call("ADD", attachment, configuration(attachment, version)).code()).isEqualTo(11);
      assertThat(call("DEL", attachment, configuration(attachment, version)).code()).isEqualTo(11);
      start();
      return "kill between calls";
    }
    killDuringAdd(attachment, version);
    return "kill during ADD";
  }

  /** The node's endpoints, and the interfaces of all containers. */
  private void holdsWhatIsBelieved(String when) throws Exception {
    var expected = new TreeSet<String>();
    believed.keySet().forEach(each -> expected.add(each.endpoint()));
    assertThat(node.endpoints()).as(when).isEqualTo(expected);
    for (var pod : pods.entrySet()) {
      var wanted = new TreeSet<>(List.of("lo"));
      believed.keySet().stream()
          .filter(each -> each.container().equals(pod.getKey()))
          .forEach(each -> wanted.add(each.name()));
      try (var links = Rtnetlink.openIn(pod.getValue())) {
        var names = new TreeSet<String>();
        links.links().forEach(link -> names.add(link.name()));
        assertThat(names).as("%s, in %s", when, pod.getKey()).isEqualTo(wanted);
      }
    }
  }

  private boolean isTaken(Attachment attachment) {
    return believed.keySet().stream()
        .anyMatch(each -> each.isSamePlace(attachment) && !each.equals(attachment));
  }

  private void add(Attachment attachment, String version) throws Exception {
    added(attachment, version, call("ADD", attachment, configuration(attachment, version)));
  }

  private void added(Attachment attachment, String version, Outcome outcome) throws Exception {
    if (isTaken(attachment)) {
      assertThat(outcome.exitCode()).as("another has this interface").isEqualTo(1);
      assertThat(CODES).as(outcome.output()).contains(outcome.code());
      return;
    }
    assertThat(outcome.exitCode()).as(outcome.output()).isZero();
    var results = believed.computeIfAbsent(attachment, _ -> new TreeMap<>());
    var first = results.putIfAbsent(version, outcome.output());
    assertThat(outcome.output()).as("again").isEqualTo(first == null ? outcome.output() : first);
    assertThat(outcome.json().path("cniVersion").asText()).isEqualTo(version);
    var one = PluginProgram.JSON.readTree(results.firstEntry().getValue());
    assertThat(outcome.json().path("ips").findValuesAsText("address"))
        .as("in each version the same")
        .isEqualTo(one.path("ips").findValuesAsText("address"));
  }

  private void delete(Attachment attachment, String version) throws Exception {
    var configuration = configuration(attachment, version);
    var results = believed.remove(attachment);
    if (results != null && random.nextBoolean()) {
      configuration.set("prevResult", PluginProgram.JSON.readTree(results.firstEntry().getValue()));
    }
    assertThat(call("DEL", attachment, configuration)).isEqualTo(new Outcome(0, ""));
  }

  private void check(Attachment attachment, String version) throws Exception {
    var results = believed.get(attachment);
    var any = believed.values().stream().findFirst().map(each -> each.firstEntry().getValue());
    var previous = results != null ? results.firstEntry().getValue() : any.orElse("{}");
    var configuration = configuration(attachment, version);
    configuration.set("prevResult", PluginProgram.JSON.readTree(previous));
    var outcome = call("CHECK", attachment, configuration);
    if (results != null) {
      assertThat(outcome).isEqualTo(new Outcome(0, ""));
    } else {
      assertThat(outcome.code()).as(outcome.output()).isEqualTo(CniFailure.NOT_AS_GIVEN);
    }
  }

  private void collect(Attachment attachment) throws Exception {
    var configuration = configuration(attachment, "1.1.0");
    var valid = configuration.putArray("cni.dev/valid-attachments");
    for (var each : List.copyOf(believed.keySet())) {
      if (each.network().equals(attachment.network())) {
        if (random.nextInt(4) > 0) {
          valid.addObject().put("containerID", each.container()).put("ifname", each.name());
        } else {
          believed.remove(each);
        }
      }
    }
    assertThat(call("GC", attachment, configuration)).isEqualTo(new Outcome(0, ""));
  }

  private void answers(Attachment attachment, String version) throws Exception {
    assertThat(call("STATUS", attachment, configuration(attachment, "1.1.0")))
        .isEqualTo(new Outcome(0, ""));
    var versions = call("VERSION", attachment, configuration(attachment, version));
    assertThat(versions.output())
        .isEqualTo(
            "{\"cniVersion\":\"%s\",\"supportedVersions\":[\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n"
                .formatted(version));
  }

  /**
   * Something that no runtime sends: an error with a code of the specification's, and no change.
   */
  private String wrong(Attachment attachment, String version) throws Exception {
    var verb = any(List.of("ADD", "DEL", "CHECK"));
    var environment = environment(verb, attachment);
    var configuration = configuration(attachment, version);
    var input = configuration.toString();
    int kind = random.nextInt(12);
    switch (kind) {
      case 0 -> {
        int socket = input.indexOf("\"network\""); // behind the socket's field
        input = input.substring(0, socket + random.nextInt(input.length() - socket));
      }
      case 1 -> input = "[" + input + "]";
      case 2 -> input = input.replace("}", ",\"a\":" + "[".repeat(100_000));
      case 3 ->
          input = configuration.put("cniVersion", any(List.of("0.2.0", "0.1.0", "9", ""))) + "";
      case 4 -> input = configuration.put("name", "a b/../c") + "";
      case 5 -> environment.put("CNI_COMMAND", any(List.of("add", "", "UPDATE")));
      case 6 -> environment.put("CNI_CONTAINERID", any(List.of("", "../c0", "-c0", "c 0", "ü")));
      case 7 -> environment.put("CNI_IFNAME", any(List.of("", ".", "a/b", "a".repeat(16))));
      case 8 -> {
        environment.put("CNI_COMMAND", "ADD");
        environment.put("CNI_CONTAINERID", "new");
        environment.put("CNI_NETNS", any(List.of("", "/run/netns/none", "/etc/passwd", "/")));
      }
      case 9 -> {
        environment.put("CNI_COMMAND", "ADD");
        environment.put("CNI_CONTAINERID", "new");
        environment.put("CNI_ARGS", any(List.of("IP=10.0.0.1", "IP=x", "MAC=01:00:5e:00:00:01")));
      }
      case 10 -> {
        environment.put("CNI_COMMAND", any(List.of("GC", "STATUS")));
        input = configuration.put("cniVersion", "1.0.0") + "";
      }
      default -> {
        environment.put("CNI_COMMAND", "ADD");
        environment.put("CNI_CONTAINERID", "new");
        input = configuration.put("network", any(List.of("nowhere", "Web", "\u0000"))) + "";
      }
    }
    var outcome = programs.get(attachment.network()).run(environment, input);
    assertThat(outcome.exitCode()).as("%d: %s", kind, outcome.output()).isEqualTo(1);
    assertThat(CODES).as("%d: %s", kind, outcome.output()).contains(outcome.code());
    assertThat(outcome.json().path("msg").asText()).isNotEmpty();
    assertThat(outcome.output()).as("on one line").hasLineCount(1);
    return kind + " " + environment.get("CNI_COMMAND");
  }

  /** CHECK sees it. */
  private void spoil(Attachment attachment, String version) throws Exception {
    add(attachment, version);
    if (isTaken(attachment)) {
      return;
    }
    try (var links = Rtnetlink.openIn(pods.get(attachment.container()))) {
      int index = links.requireLink(attachment.name()).index();
      var given = links.addresses(index).stream().filter(each -> each.address().isIpv4()).toList();
      links.execute(new Request.DeleteAddress(given.getFirst()));
    }
    var configuration = configuration(attachment, version);
    configuration.set(
        "prevResult",
        PluginProgram.JSON.readTree(believed.get(attachment).firstEntry().getValue()));
    var outcome = call("CHECK", attachment, configuration);
    assertThat(outcome.code()).as(outcome.output()).isEqualTo(CniFailure.NOT_AS_GIVEN);
    delete(attachment, version);
  }

  /** The caller is told to try again, or it is done; a runtime whose ADD failed calls DEL. */
  private void killDuringAdd(Attachment attachment, String version) throws Exception {
    var configuration = configuration(attachment, version);
    var answer =
        CompletableFuture.supplyAsync(
            () -> {
              try {
                return call("ADD", attachment, configuration);
              } catch (Exception e) {
                throw new IllegalStateException(e);
              }
            });
    TimeUnit.MICROSECONDS.sleep(random.nextInt(12_000));
    node.kill();
    var outcome = answer.get(1, TimeUnit.MINUTES);
    start();
    if (outcome.exitCode() == 0 || isTaken(attachment)) {
      if (!isTaken(attachment)) {
        added(attachment, version, outcome);
      }
    } else {
      assertThat(outcome.code()).as(outcome.output()).isEqualTo(CniFailure.TRY_AGAIN);
      delete(attachment, version);
    }
  }
}
