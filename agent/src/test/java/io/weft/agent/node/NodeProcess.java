package io.weft.agent.node;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** A {@code weft node} as a user starts it, in a network namespace of the test's. */
public final class NodeProcess {
  public static final long TIMEOUT_NANOS = 60_000_000_000L;

  private final TestNamespaces namespaces;
  private final String name;
  private final String underlay;
  private final Path directory;
  private Optional<Process> process = Optional.empty();
  private Optional<Path> program = Optional.empty();

  /** Skips the test where nothing is built. */
  public NodeProcess(TestNamespaces namespaces, String underlay, Path directory)
      throws IOException {
    this(namespaces, "n1", underlay, directory);
  }

  /** A node alone: its underlay is a bridge with the address {@code 10.99.0.1}. */
  public static NodeProcess alone(TestNamespaces namespaces, Path directory) throws IOException {
    var underlay = namespaces.create("underlay");
    var links = namespaces.links(underlay);
    var uplink = links.createBridge("uplink", LinkSettings.UP.withMtu(1500));
    links.execute(
        new Request.AddAddress(Address.of(uplink.index(), IpAddress.parse("10.99.0.1"), 24)));
    return new NodeProcess(namespaces, underlay, directory);
  }

  /** One of several nodes of a test; tenants' namespaces of all have the test's prefix. */
  public NodeProcess(TestNamespaces namespaces, String name, String underlay, Path directory)
      throws IOException {
    this.namespaces = namespaces;
    this.name = name;
    this.underlay = underlay;
    this.directory = directory;
    launcher();
    Files.createDirectories(config());
  }

  public static Path launcher() {
    var home = Path.of(System.getenv().getOrDefault("WEFT_HOME", "."));
    assumeTrue(Files.isDirectory(home.resolve("dist/lib")), "needs dist/: run 'make build' before");
    return home.resolve("weft");
  }

  /** The network namespace that it runs in. */
  public String underlay() {
    return underlay;
  }

  /** In front of the names of this node's tenants. */
  String prefix() {
    return namespaces.prefix() + (name.equals("n1") ? "" : name + "-");
  }

  public Path config() {
    return directory.resolve("config");
  }

  public Path socket() {
    return directory.resolve("run/weft.sock");
  }

  Path state() {
    return directory.resolve("state");
  }

  public Path logFile() {
    return directory.resolve("log");
  }

  /** As editors do: nobody ever sees the file half written. */
  public void write(String file, String text) throws IOException {
    var fresh = config().resolve("." + file);
    Files.writeString(fresh, text);
    Files.move(fresh, config().resolve(file), StandardCopyOption.ATOMIC_MOVE);
  }

  /** From its next start on it is another program. */
  void upgradeTo(Path launcher) {
    program = Optional.of(launcher);
  }

  public NodeProcess start(String... more) throws IOException {
    return startWith("--config=" + config(), more);
  }

  /** {@code resources}: the option that says where they are. */
  public NodeProcess startWith(String resources, String... more) throws IOException {
    var command =
        Stream.concat(
                Stream.of(
                    program.orElseGet(NodeProcess::launcher).toString(),
                    "node",
                    "--name=" + name,
                    resources,
                    "--socket=" + socket(),
                    "--state=" + state(),
                    "--netns-prefix=" + prefix()),
                Stream.of(more))
            .toList();
    process =
        Optional.of(
            NetworkNamespaces.<Process, IOException>callIn(
                underlay,
                () ->
                    new ProcessBuilder(command)
                        .redirectErrorStream(true)
                        .redirectOutput(ProcessBuilder.Redirect.appendTo(logFile().toFile()))
                        .start()));
    return this;
  }

  public Process process() {
    return process.orElseThrow();
  }

  /** Its memory, RSS. */
  long residentKib() throws IOException {
    return Files.readAllLines(Path.of("/proc/" + process().pid() + "/status")).stream()
        .filter(line -> line.startsWith("VmRSS:"))
        .map(line -> line.replaceAll("[^0-9]", ""))
        .mapToLong(Long::parseLong)
        .findFirst()
        .orElseThrow();
  }

  /** Processor time of all its threads since it was started: a busy machine hardly changes it. */
  long cpuMillis() {
    return process().info().totalCpuDuration().orElseThrow().toMillis();
  }

  public int exitCode() throws InterruptedException {
    assertThat(process().waitFor(30, TimeUnit.SECONDS)).as("it ends").isTrue();
    return process().exitValue();
  }

  public List<String> log() throws IOException {
    return Files.readAllLines(logFile());
  }

  public JsonNode call(ObjectNode request) throws IOException {
    try (var client = ControlClient.connect(socket())) {
      return client.call(request);
    }
  }

  public JsonNode status() throws IOException {
    return call(ControlClient.request("status"));
  }

  /** The names of its endpoints. */
  public TreeSet<String> endpoints() throws IOException {
    var names = new TreeSet<String>();
    status().path("endpoints").forEach(each -> names.add(each.path("name").asText()));
    return names;
  }

  /** The first status that fits; fails with the last one and the log. */
  public JsonNode awaitStatus(Predicate<JsonNode> condition) throws Exception {
    return awaitAnswer("status", condition);
  }

  public JsonNode awaitAnswer(String call, Predicate<JsonNode> condition) throws Exception {
    return awaitAnswer(ControlClient.request(call), condition);
  }

  JsonNode awaitAnswer(ObjectNode request, Predicate<JsonNode> condition) throws Exception {
    long until = System.nanoTime() + TIMEOUT_NANOS;
    var last = "no answer";
    while (System.nanoTime() < until && process().isAlive()) {
      try {
        var answer = call(request);
        if (condition.test(answer)) {
          return answer;
        }
        last = answer.toPrettyString();
      } catch (IOException e) {
        last = String.valueOf(e.getMessage());
      }
      Thread.sleep(20);
    }
    throw new AssertionError(last + "\n" + String.join("\n", log()));
  }

  /** True when it has a VTEP, and nothing is left to be done. */
  static boolean isSettled(JsonNode status) {
    return status.has("vtep")
        && status.path("converged").asBoolean()
        && status.path("kernel").path("pending").asInt() == 0;
  }

  /** How often it has written to the kernel, once it is settled. */
  long writes() throws Exception {
    return awaitStatus(NodeProcess::isSettled).path("kernel").path("writes").asLong();
  }

  /** Attaches, and tries again while the node is about to be ready, as a runtime does. */
  public JsonNode attach(String endpoint, String network, String netns, String... addresses)
      throws Exception {
    return callOnceReady(attaching(endpoint, network, netns, addresses));
  }

  /** The answer to an attach that succeeds; fails with the answer, the status and the log. */
  JsonNode attached(String endpoint, String network, String netns, String... addresses)
      throws Exception {
    var answer = attach(endpoint, network, netns, addresses);
    if (!answer.path("ok").asBoolean()) {
      throw new AssertionError(answer + "\n" + statusOrReason() + "\n" + String.join("\n", log()));
    }
    return answer;
  }

  private String statusOrReason() {
    try {
      return status().toPrettyString();
    } catch (IOException e) {
      return "no status: " + e;
    }
  }

  static ObjectNode attaching(String endpoint, String network, String netns, String... addresses) {
    var request = ControlClient.request("attach").put("endpoint", endpoint);
    request.put("network", network).put("netns", netns).put("interface", "eth0");
    var array = request.putArray("addresses");
    Stream.of(addresses).forEach(array::add);
    return request;
  }

  JsonNode callOnceReady(ObjectNode request) throws Exception {
    long until = System.nanoTime() + TIMEOUT_NANOS;
    var answer = call(request);
    while (answer.at("/error/reason").asText().equals("NOT_READY") && System.nanoTime() < until) {
      Thread.sleep(20);
      answer = call(request);
    }
    return answer;
  }

  /** As the system does it. */
  public int terminate() throws InterruptedException {
    process().destroy();
    return exitCode();
  }

  /** As a crash does it. */
  public void kill() throws InterruptedException {
    process().destroyForcibly().waitFor();
  }

  public void close() throws InterruptedException {
    if (process.isPresent() && process.get().isAlive()) {
      kill();
    }
  }
}
