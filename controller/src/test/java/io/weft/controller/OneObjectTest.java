package io.weft.controller;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.sun.net.httpserver.HttpServer;
import io.weft.agent.control.ControlClient;
import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.schema.Definition;
import io.weft.kubernetes.schema.ResourceSchemas;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A server, a controller, a node: somebody applies one object, and a pod gets an interface. */
final class OneObjectTest {
  private static final String PREFIX = "ctltest-" + ProcessHandle.current().pid() + "-";
  private static final String UNDERLAY = "x" + PREFIX + "node";
  private static final String POD = "x" + PREFIX + "pod";

  @TempDir private Path directory;
  private final List<Process> processes = new ArrayList<>();
  private ApiServer server;

  @BeforeEach
  void open() throws Exception {
    boolean root = (int) Files.getAttribute(Path.of("/proc/self"), "unix:uid") == 0;
    assumeTrue(root, "needs root: makes network namespaces");
    NetworkNamespaces.create(UNDERLAY);
    NetworkNamespaces.create(POD);
    try (var links = Rtnetlink.openIn(UNDERLAY)) {
      links.execute(new Request.SetLink(links.link("lo").orElseThrow().index(), LinkSettings.UP));
      var uplink = links.createBridge("uplink", LinkSettings.UP.withMtu(1500));
      links.execute(
          new Request.AddAddress(Address.of(uplink.index(), IpAddress.parse("10.99.0.1"), 24)));
    }
    server =
        ApiServer.start(
            NetworkNamespaces.<HttpServer, IOException>callIn(UNDERLAY, ApiServer::bind));
    ResourceSchemas.all().forEach(kind -> server.define(Cluster.yaml(Definition.yaml(kind))));
    apply("{kind: Fabric, metadata: {name: default}, spec: {vtep: {cidr: 10.99.0.0/24}}}");
    apply("{kind: Tenant, metadata: {name: red}}");
  }

  @AfterEach
  void close() throws Exception {
    for (var process : processes) {
      process.destroyForcibly().waitFor();
    }
    if (server != null) {
      server.close();
    }
    for (var name : NetworkNamespaces.list()) {
      if (name.startsWith(PREFIX) || name.startsWith("x" + PREFIX)) {
        NetworkNamespaces.deleteIfExists(name);
      }
    }
  }

  private void apply(String text) {
    server.put(Cluster.yaml(text));
  }

  private void start(String role, String... more) throws IOException {
    var home = Path.of(System.getenv().getOrDefault("WEFT_HOME", ".."));
    assumeTrue(Files.isDirectory(home.resolve("dist/lib")), "needs dist/: run 'make build' before");
    var command =
        Stream.concat(
                Stream.of(
                    home.resolve("weft").toString(),
                    role,
                    "--kubeconfig=" + Cluster.kubeconfig(directory, server),
                    "--name=" + role,
                    "--socket=" + socket(role)),
                Stream.of(more))
            .toList();
    processes.add(
        NetworkNamespaces.<Process, IOException>callIn(
            UNDERLAY,
            () ->
                new ProcessBuilder(command)
                    .redirectErrorStream(true)
                    .redirectOutput(directory.resolve(role + ".log").toFile())
                    .start()));
  }

  private Path socket(String role) {
    return directory.resolve(role + "/weft.sock");
  }

  private JsonNode call(String role, ObjectNode request) throws IOException {
    try (var client = ControlClient.connect(socket(role))) {
      return client.call(request);
    }
  }

  private JsonNode await(String role, String call, Predicate<JsonNode> condition) throws Exception {
    try {
      return Cluster.await(
          call + " of " + role, () -> call(role, ControlClient.request(call)), condition);
    } catch (AssertionError e) {
      throw new AssertionError(
          e.getMessage() + "\n" + Files.readString(directory.resolve(role + ".log")), e);
    }
  }

  @Test
  void oneObjectGivesANetwork() throws Exception {
    start("node", "--netns-prefix=" + PREFIX, "--state=" + directory.resolve("state"));
    await("node", "status", status -> status.path("converged").asBoolean());
    apply(
        "{kind: Network, metadata: {name: red-web}, spec: {tenant: red, subnets: [10.1.0.0/24],"
            + " gateway: true}}");
    await(
        "node",
        "status",
        status -> status.path("problems").toString().contains("waits for its VNI"));

    start("controller");
    await("controller", "status", status -> status.path("leads").asBoolean());
    var networks = await("node", "networks", answer -> answer.at("/networks/0/vni").isInt());
    assertThat(networks.at("/networks/0/vni").asInt()).isBetween(10000, 99999);
    await("node", "status", status -> status.path("problems").isEmpty());
    var attach = ControlClient.request("attach").put("endpoint", "web-1");
    attach.put("network", "red-web").put("netns", POD).put("interface", "eth0");
    assertThat(call("node", attach).path("ok").asBoolean()).isTrue();
    try (var pod = Rtnetlink.openIn(POD)) {
      assertThat(pod.link("eth0")).isPresent();
    }

    long before = System.nanoTime();
    apply("{kind: Network, metadata: {name: red-db}, spec: {tenant: red}}");
    await("node", "networks", answer -> answer.toString().contains("red-db"));
    System.out.printf(
        "object to network on the node: %d ms%n", (System.nanoTime() - before) / 1_000_000);
  }
}
