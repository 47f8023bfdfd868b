package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.cni.PluginChain.Attachment;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.agent.node.NodeProcess;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Weft's plugin and the reference plugins in one list, before and behind each other. */
@Timeout(120)
class PluginChainTest {
  private static final String NETWORKS =
      """
      kind: Fabric
      metadata: {name: default}
      spec:
        vtep: {cidr: 10.99.0.0/24}
      ---
      kind: Tenant
      metadata: {name: red}
      ---
      kind: Network
      metadata: {name: web}
      spec: {tenant: red, vni: 100, subnets: [192.168.1.0/24], gateway: true}
      ---
      kind: Network
      metadata: {name: storage}
      spec: {vni: 300, subnets: [192.168.3.0/24], namespaces: {names: [shop]}}
      """;

  private static final String CLUSTER =
      """
      kind: Tenant
      metadata: {name: green}
      spec: {egress: cluster}
      ---
      kind: Network
      metadata: {name: green}
      spec: {tenant: green, vni: 400, subnets: [192.168.1.0/24], gateway: true}
      ---
      kind: Tenant
      metadata: {name: pods}
      spec: {egress: cluster}
      ---
      kind: Network
      metadata: {name: pods}
      spec: {tenant: pods, vni: 500, subnets: [10.244.0.0/24], gateway: true, namespaces: {default: true}}
      """;

  private static final int SERVED = 80;
  private static final int HOST_PORT = 8080;
  private static final String PORTS =
      "{\"portMappings\": [{\"hostPort\": 8080, \"containerPort\": 80, \"protocol\": \"tcp\"}]}";

  /** 8 Mbit/s each way, and what may come at once: 400,000 bits. */
  private static final String BANDWIDTH =
      """
      {"bandwidth": {"ingressRate": 8000000, "ingressBurst": 400000,
                     "egressRate": 8000000, "egressBurst": 400000}}\
      """;

  /** Two seconds' worth at that rate. */
  private static final int SENT = 2_000_000;

  @TempDir private Path directory;
  private TestNamespaces namespaces;
  private NodeProcess node;
  private String host;
  private String before;

  @BeforeEach
  void open() throws Exception {
    NodeProcess.launcher();
    assumeTrue(
        Files.isExecutable(PluginChain.REFERENCE.resolve("bridge")),
        "needs the reference plugins (package containernetworking-plugins)");
    namespaces = new TestNamespaces();
    host = namespaces.create("host");
    var underlay = namespaces.links(host);
    underlay.setLink(underlay.requireLink("lo").index(), LinkSettings.UP);
    var uplink = underlay.createBridge("uplink", LinkSettings.UP.withMtu(1500));
    underlay.execute(
        new Request.AddAddress(Address.of(uplink.index(), IpAddress.parse("10.99.0.1"), 24)));
    node = new NodeProcess(namespaces, host, directory);
    node.write("networks.yaml", NETWORKS);
    node.start();
    node.awaitStatus(status -> status.has("vtep") && status.path("converged").asBoolean());
    before = linksOfHost();
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

  private String container(String name) {
    return "/run/netns/" + namespaces.create(name);
  }

  private String linksOfHost() {
    var names = new TreeSet<String>();
    namespaces.links(host).links().forEach(link -> names.add(link.name()));
    return names.toString();
  }

  private PluginChain chain(String name, String... plugins) throws IOException {
    return new PluginChain(
        host,
        List.of(
            NodeProcess.launcher().resolveSibling("dist/cni").toAbsolutePath(),
            directory.resolve("bin"),
            PluginChain.REFERENCE),
        "{\"cniVersion\": \"1.0.0\", \"name\": \"%s\", \"plugins\": [%s]}"
            .formatted(name, String.join(", ", plugins)));
  }

  private String weft(String network) {
    return """
    {"type": "weft", "network": "%s", "agentSocket": "%s",
     "capabilities": {"ips": true, "mac": true, "portMappings": true, "bandwidth": true}}\
    """
        .formatted(network, CniServer.beside(node.socket()));
  }

  private String bridge() {
    return """
    {"type": "bridge", "bridge": "cni0", "isGateway": true, "isDefaultGateway": true,
     "ipMasq": false, "ipam": {"type": "host-local", "dataDir": "%s",
     "ranges": [[{"subnet": "10.88.0.0/24"}]]}}\
    """
        .formatted(directory.resolve("host-local"));
  }

  private static final String PORTMAP =
      "{\"type\": \"portmap\", \"capabilities\": {\"portMappings\": true}}";

  private static final String SHAPING =
      "{\"type\": \"bandwidth\", \"capabilities\": {\"bandwidth\": true}}";

  private void nothingIsLeft() throws Exception {
    assertThat(node.status().path("endpoints")).isEmpty();
    assertThat(linksOfHost()).isEqualTo(before.replace("[", "[cni0, "));
    try (var leases = Files.list(directory.resolve("host-local").resolve("chained"))) {
      assertThat(leases.map(path -> path.getFileName().toString()))
          .noneMatch(name -> name.startsWith("10."));
    }
  }

  private static String setting(String netns, String name) throws IOException {
    return NetworkNamespaces.<String, IOException>callIn(
        netns, () -> Files.readString(Path.of("/proc/sys", name)).strip());
  }

  private static String address(JsonNode result, int ip) {
    return result.path("ips").get(ip).path("address").asText().replaceAll("/.*", "");
  }

  /** First of the list: the plugin behind it works in the pod. */
  @Test
  void tuningBehindUsSetsWhatItIsTold() throws Exception {
    var pod = container("p1");
    var chain =
        chain(
            "tuned",
            weft("web"),
            "{\"type\": \"tuning\", \"sysctl\": {\"net.ipv4.conf.eth0.arp_notify\": \"1\"}}");
    var eth0 = Attachment.of("c1", pod);
    var added = chain.add(eth0);
    assertThat(added.path("interfaces")).hasSize(2);
    assertThat(added.at("/ips/0/address").asText()).startsWith("192.168.1.");
    assertThat(setting(pod, "net/ipv4/conf/eth0/arp_notify")).isEqualTo("1");
    chain.check(eth0);
    chain.delete(eth0);
    chain.delete(eth0);
    assertThat(node.status().path("endpoints")).isEmpty();
  }

  /** The port of a pod is in its tenant's namespace; the plugin is run there. */
  @Test
  void bandwidthIsLimitedWhereThePortIs() throws Exception {
    var pod = container("p1");
    var other = container("p2");
    var chain = chain("shaped", weft("web"), shapingWithin());
    var eth0 = Attachment.of("c1", pod).with(BANDWIDTH);
    var plain = Attachment.of("c2", other);
    var one = address(chain.add(eth0), 0);
    var two = address(chain.add(plain), 0);
    chain.check(eth0);
    assertThat(milliseconds(other, one, pod)).as("2 MB at 1 MB/s").isBetween(1_500L, 30_000L);
    assertThat(milliseconds(pod, two, other)).as("the other way").isBetween(1_500L, 30_000L);

    node.kill();
    assertThatThrownBy(() -> chain.delete(eth0)).isInstanceOf(PluginChain.Failed.class);
    node.start();
    node.awaitStatus(status -> status.path("converged").asBoolean());
    chain.check(eth0);
    assertThat(milliseconds(other, one, pod)).as("as before").isBetween(1_500L, 30_000L);

    chain.delete(eth0);
    var tenant = namespaces.prefix() + "red";
    assertThat(names("/run/netns/" + tenant)).noneMatch(name -> name.startsWith("bwp"));
    chain.add(eth0.with("{}"));
    assertThat(milliseconds(other, one, pod)).as("without a limit").isLessThan(1_500L);
    chain.delete(eth0);
    chain.delete(plain);
    chain.delete(plain);
    assertThat(node.status().path("endpoints")).isEmpty();
    assertThat(linksOfHost()).isEqualTo(before);
  }

  private String shapingWithin() throws IOException {
    var programs = Files.createDirectories(directory.resolve("bin"));
    Files.createSymbolicLink(
        programs.resolve("weft-bandwidth"),
        NodeProcess.launcher().resolveSibling("dist/cni/weft").toAbsolutePath());
    return """
    {"type": "weft-bandwidth", "agentSocket": "%s", "capabilities": {"bandwidth": true}}\
    """
        .formatted(CniServer.beside(node.socket()));
  }

  /** A pod of Weft's alone is not reachable from its node, so a host port would lead nowhere. */
  @Test
  void aHostPortOfAPodThatTheHostCannotReachIsRefused() throws Exception {
    var pod = container("p1");
    var eth0 = Attachment.of("c1", pod).with(PORTS);
    assertThatThrownBy(() -> chain("ports", weft("web"), PORTMAP).add(eth0))
        .isInstanceOfSatisfying(
            PluginChain.Failed.class,
            failed -> assertThat(failed.outcome().output()).contains("\"code\":7", "8080"));
    try (var links = Rtnetlink.openIn(pod)) {
      assertThat(links.link("eth0")).isEmpty();
    }
    assertThat(node.status().path("endpoints")).isEmpty();
  }

  /** Of the cluster's default network, and of another whose pod has an address of that besides. */
  @ParameterizedTest
  @ValueSource(strings = {"pods", "green"})
  void aHostPortLeadsToAPodThatTheNodeReaches(String network) throws Exception {
    node.write("cluster.yaml", CLUSTER);
    node.awaitStatus(status -> status.path("kernel").path("objects").asInt() > 0); // it is here
    var pod = container("p1");
    var eth0 = Attachment.of("c1", pod).with(PORTS);
    var chain = chain("ports", weft(network), PORTMAP);
    var added = chain.add(eth0);
    assertThat(address(added, 0)).as("what the cluster knows it by").startsWith("10.244.0.");
    node.awaitStatus(status -> status.path("kernel").path("pending").asInt() == 0);
    assertThat(received(host, "10.99.0.1", HOST_PORT, pod, 5)).isEqualTo(5);
    chain.delete(eth0);
    chain.delete(eth0);
    assertThat(node.status().path("endpoints")).isEmpty();
  }

  /** The pod keeps its eth0 of the bridge, and all that the others do to it works. */
  @Test
  void behindABridgeEachPluginWorks() throws Exception {
    var pod = container("p1");
    var other = container("p2");
    var chain =
        chain(
            "chained",
            bridge(),
            weft("storage"),
            PORTMAP,
            SHAPING,
            "{\"type\": \"tuning\", \"sysctl\": {\"net.ipv4.conf.weft0.arp_notify\": \"1\"}}");
    var eth0 = Attachment.of("c1", pod).with(merged());
    var plain = Attachment.of("c2", other);
    var added = chain.add(eth0);
    var second = chain.add(plain);

    assertThat(added.path("ips")).hasSize(2);
    assertThat(address(added, 0)).startsWith("10.88.0.");
    assertThat(address(added, 1)).startsWith("192.168.3.");
    assertThat(added.path("interfaces").findValuesAsText("name"))
        .contains("cni0", "eth0", "weft0")
        .anyMatch(name -> name.startsWith("bwp"));
    assertThat(added.at("/routes/0/gw").asText()).isEqualTo("10.88.0.1");
    assertThat(setting(pod, "net/ipv4/conf/weft0/arp_notify")).isEqualTo("1");
    chain.check(eth0, "bridge", "portmap");

    assertThat(received(host, "10.99.0.1", HOST_PORT, pod, 5)).as("by the host port").isEqualTo(5);
    assertThat(received(other, address(second, 0), SERVED, pod, 5))
        .as("p2 has nobody who listens at its own address")
        .isEqualTo(0);
    assertThat(received(other, address(added, 1), SERVED, pod, 5)).as("over Weft").isEqualTo(5);

    long slow = milliseconds(other, address(added, 0), pod);
    assertThat(slow).as("2 MB at 1 MB/s").isBetween(1_500L, 30_000L);
    long fast = milliseconds(other, address(added, 1), pod);
    assertThat(fast).as("the limit is eth0's alone").isLessThan(slow);

    chain.delete(eth0);
    chain.delete(eth0);
    chain.delete(plain);
    assertThat(NetworkNamespaces.<String, IOException>callIn(host, () -> rules()))
        .doesNotContain("8080");
    nothingIsLeft();
  }

  /**
   * The whole way: the command installs beside kindnet's file, the runtime uses Weft's by its name,
   * and the pod has both; one from before has what it had, and goes under the new name.
   */
  @Test
  void installedBesideKindnetThePodHasBoth() throws Exception {
    var configurations = Files.createDirectories(directory.resolve("net.d"));
    install(configurations, "primary");
    var pod = container("p1");
    var old = container("p2");
    var eth0 = kubernetes("c1", pod);
    var before = kubernetes("c2", old);
    asTheRuntimeDoes(configurations).add(before);
    assertThat(names(old)).contains("eth0").doesNotContain("weft0");
    assertThat(endpoints()).containsExactly("c2/eth0@weft");
    Files.writeString(
        configurations.resolve("10-kindnet.conflist"),
        ForeignFiles.KINDNET.replace("/run/cni-ipam-state", directory.resolve("ipam").toString()));
    install(configurations, "automatic");

    var chain = asTheRuntimeDoes(configurations);
    var added = chain.add(eth0.with(PORTS));

    assertThat(added.path("cniVersion").asText()).isEqualTo("0.3.1");
    assertThat(names(pod)).contains("eth0", "weft0");
    assertThat(address(added, 0)).startsWith("10.244.1.");
    assertThat(address(added, 1)).startsWith("192.168.3.");
    assertThat(added.path("routes").findValuesAsText("dst")).contains("0.0.0.0/0");
    assertThat(received(host, "10.99.0.1", HOST_PORT, pod, 5)).as("by the host port").isEqualTo(5);
    assertThat(endpoints()).containsExactlyInAnyOrder("c1/eth0@kindnet", "c2/eth0@weft");

    chain.delete(before);
    assertThat(endpoints()).as("under the name of before").containsExactly("c1/eth0@kindnet");
    chain.delete(eth0);
    chain.delete(eth0);
    assertThat(endpoints()).isEmpty();
    install(configurations, "uninstall");
    assertThat(configurations.toFile().list()).containsExactly("10-kindnet.conflist");
  }

  /** The agent itself keeps up with the other's file, and says what it cannot use. */
  @Test
  void theAgentFollowsTheOthersFile() throws Exception {
    var configurations = Files.createDirectories(directory.resolve("net.d"));
    var other = configurations.resolve("10-flannel.conflist");
    var own = configurations.resolve("00-weft.conflist");
    install(configurations, "beside");
    node.kill();
    node.start("--cni-conf-dir=" + configurations);
    ForeignFiles.put(other, ForeignFiles.FLANNEL);
    node.awaitStatus(
        _ -> Files.exists(own) && types(own).equals(List.of("flannel", "portmap", "weft")));
    ForeignFiles.put(other, "{");
    node.awaitStatus(status -> status.path("problems").toString().contains(other.toString()));
    assertThat(types(own)).as("as it was").containsExactly("flannel", "portmap", "weft");
    ForeignFiles.put(other, ForeignFiles.KINDNET);
    node.awaitStatus(_ -> types(own).equals(List.of("ptp", "portmap", "weft")));
    Files.delete(other);
    node.awaitStatus(_ -> !Files.exists(own));
    install(configurations, "uninstall");
    ForeignFiles.put(other, ForeignFiles.KINDNET);
    Thread.sleep(500);
    assertThat(configurations.toFile().list()).containsExactly("10-flannel.conflist");
    assertThat(node.status().path("problems").toString()).doesNotContain("flannel");
  }

  private static List<String> types(Path list) {
    try {
      return ForeignFiles.types(list);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Attachment kubernetes(String container, String netns) {
    return new Attachment(
        container,
        netns,
        "eth0",
        "IgnoreUnknown=1;K8S_POD_NAMESPACE=shop;K8S_POD_NAME=" + container,
        "{}");
  }

  private TreeSet<String> endpoints() throws IOException {
    var names = new TreeSet<String>();
    node.status().path("endpoints").forEach(each -> names.add(each.path("name").asText()));
    return names;
  }

  /** Puts the programs where {@link #chain} finds them. */
  private void install(Path configurations, String mode) throws Exception {
    var command = new ArrayList<>(List.of(NodeProcess.launcher().toString(), "cni"));
    command.addAll(
        mode.equals("uninstall")
            ? List.of("uninstall")
            : List.of(
                "install", "--mode=" + mode, "--agent-socket=" + CniServer.beside(node.socket())));
    command.addAll(
        List.of("--bin-dir=" + directory.resolve("bin"), "--conf-dir=" + configurations));
    var process = new ProcessBuilder(command).redirectErrorStream(true).start();
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(output).isZero();
  }

  private PluginChain asTheRuntimeDoes(Path configurations) throws IOException {
    try (var files = Files.newDirectoryStream(configurations, "*.conflist")) {
      var names = new TreeSet<Path>();
      files.forEach(names::add);
      return new PluginChain(
          host,
          List.of(directory.resolve("bin"), PluginChain.REFERENCE),
          Files.readString(names.first()));
    }
  }

  private static String merged() throws IOException {
    var both = PluginProgram.JSON.readTree(PORTS).deepCopy();
    ((ObjectNode) both).setAll((ObjectNode) PluginProgram.JSON.readTree(BANDWIDTH));
    return both.toString();
  }

  private static String rules() throws IOException {
    var process = new ProcessBuilder("/usr/sbin/iptables", "-t", "nat", "-S").start();
    return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
  }

  /** Octets that arrive in a pod at TCP 80, when so many are sent to an address. */
  private static int received(String from, String address, int port, String to, int octets)
      throws IOException {
    try (var server = serve(to)) {
      server.setSoTimeout(2_000);
      try (var client = connect(from, address, port)) {
        client.getOutputStream().write(new byte[octets]);
        client.shutdownOutput();
        try (var accepted = server.accept()) {
          return count(accepted.getInputStream());
        }
      } catch (ConnectException _) {
        return 0;
      }
    }
  }

  /** How long {@link #SENT} octets take. */
  private static long milliseconds(String from, String address, String to) throws Exception {
    try (var server = serve(to);
        var client = connect(from, address, SERVED);
        var accepted = server.accept()) {
      long began = System.nanoTime();
      var sender =
          Thread.ofPlatform()
              .start(
                  () -> {
                    try {
                      client.getOutputStream().write(new byte[SENT]);
                      client.shutdownOutput();
                    } catch (IOException e) {
                      throw new UncheckedIOException(e);
                    }
                  });
      assertThat(count(accepted.getInputStream())).isEqualTo(SENT);
      sender.join();
      return (System.nanoTime() - began) / 1_000_000;
    }
  }

  private static int count(InputStream in) throws IOException {
    int all = 0;
    var buffer = new byte[64 * 1024];
    for (int got = in.read(buffer); got >= 0; got = in.read(buffer)) {
      all += got;
    }
    return all;
  }

  private static ServerSocket serve(String netns) throws IOException {
    return NetworkNamespaces.<ServerSocket, IOException>callIn(
        netns, () -> new ServerSocket(SERVED, 1, InetAddress.getByName("0.0.0.0")));
  }

  private static Socket connect(String netns, String address, int port) throws IOException {
    return NetworkNamespaces.<Socket, IOException>callIn(
        netns,
        () -> {
          var socket = new Socket();
          socket.connect(new InetSocketAddress(address, port), 5_000);
          return socket;
        });
  }

  /**
   * As Multus calls: the first network by another plugin, then one delegate for each further one.
   */
  @Test
  void severalInterfacesOfOneContainerComeAndGoAlone() throws Exception {
    var pod = container("p1");
    var cluster = chain("chained", bridge());
    var first = chain("first", weft("web"));
    var second = chain("second", weft("storage"));
    var eth0 = Attachment.of("c1", pod);
    var net1 = eth0.named("net1");
    var net2 = eth0.named("net2");
    cluster.add(eth0);
    var web = first.add(net1);
    var storage = second.add(net2);
    assertThat(web.at("/interfaces/1/name").asText()).isEqualTo("net1");
    assertThat(web.path("routes")).as("the default route is eth0's").isEmpty();
    assertThat(storage.at("/interfaces/1/name").asText()).isEqualTo("net2");
    assertThat(names(pod)).contains("eth0", "net1", "net2");

    first.delete(net1);

    assertThat(names(pod)).contains("eth0", "net2").doesNotContain("net1");
    second.check(net2);
    assertThat(node.status().path("endpoints")).hasSize(1);
    second.delete(net2);
    cluster.delete(eth0);
    assertThat(names(pod)).doesNotContain("eth0", "net1", "net2");
    nothingIsLeft();
  }

  private static TreeSet<String> names(String netns) {
    try (var links = Rtnetlink.openIn(netns)) {
      var names = new TreeSet<String>();
      links.links().forEach(link -> names.add(link.name()));
      return names;
    }
  }
}
