package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.fail;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.agent.control.ControlClient;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.StringJoiner;
import java.util.concurrent.TimeUnit;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * The image that {@code make image} makes: built twice, imported into a real containerd, and run
 * there as the DaemonSet runs it, by runc.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ImageTest {
  private static final String HOST = "weft-image-host";
  private static final String POD = "weft-image-pod";
  private static final String PREFIX = "weftimg-";
  private static final String IMAGE = "weft.io/weft:0.1.0";

  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(90);

  /**
   * What the agent cannot do without: links, routes and nftables; namespaces and their mounts; raw
   * ICMP; the port of BGP. That the DaemonSet gives it these and no others is in its command.
   */
  private static final long NEEDED_BITS = 1L << 12 | 1L << 21 | 1L << 13 | 1L << 10;

  /** One octet more than this is a reason to ask what it is for; 36 MB when this was written. */
  private static final long MOST_OCTETS = 40_000_000;

  @TempDir private static Path directory;

  private Path image;
  private Containerd containerd;

  @BeforeAll
  void build() throws IOException, InterruptedException {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    var home = System.getenv("WEFT_HOME");
    assumeTrue(home != null, "needs WEFT_HOME: run it by make test");
    assumeTrue(Files.exists(Containerd.PROGRAM), "needs containerd (package containerd)");
    assumeTrue(Files.exists(Path.of("/usr/sbin/runc")), "needs runc (package runc)");
    assumeTrue(Files.exists(BusyboxImage.BUSYBOX), "needs busybox (package busybox-static)");
    assumeTrue(Files.exists(Path.of("/usr/bin/cc")), "needs a C compiler");
    remove(HOST);
    remove(POD);
    NetworkNamespaces.create(HOST);
    NetworkNamespaces.create(POD);
    try (var rtnetlink = Rtnetlink.openIn(HOST)) {
      rtnetlink.setLink(rtnetlink.requireLink("lo").index(), LinkSettings.UP);
      rtnetlink.execute(
          new Request.AddAddress(
              Address.of(rtnetlink.requireLink("lo").index(), IpAddress.parse("10.99.0.1"), 32)));
    }
    image = buildIn(Path.of(home), directory.resolve("first"));
    containerd =
        Containerd.start(
            HOST,
            Files.createDirectories(directory.resolve("containerd")),
            directory.resolve("run/weft.sock"),
            "red-net");
    containerd.ctr("image", "import", image.resolve("weft-image.tar").toString());
  }

  @AfterAll
  void remove() throws IOException {
    if (containerd != null) {
      containerd.close();
    }
    remove(POD);
    remove(HOST);
    for (var name : NetworkNamespaces.list()) {
      if (name.startsWith(PREFIX)) {
        NetworkNamespaces.delete(name);
      }
    }
  }

  private static void remove(String namespace) throws IOException {
    NetworkNamespaces.deleteIfExists(namespace);
  }

  private static Path buildIn(Path home, Path out) throws IOException, InterruptedException {
    Files.createDirectories(out);
    var build =
        new ProcessBuilder(home.resolve("build/image").toString(), out.toString())
            .redirectErrorStream(true)
            .start();
    var printed = new String(build.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(build.waitFor()).as(printed).isZero();
    return out;
  }

  /** The files of two images that differ, and where in them. */
  private static String differences(Path one, Path other) throws IOException {
    var tree = Path.of("target/image");
    var differences = new StringJoiner("\n");
    try (var files = Files.walk(one.resolve(tree))) {
      for (var file : files.filter(Files::isRegularFile).sorted().toList()) {
        var there = other.resolve(one.relativize(file));
        long at = Files.exists(there) ? Files.mismatch(file, there) : 0;
        if (at >= 0) {
          differences.add(one.relativize(file) + " at " + at);
        }
      }
    }
    return differences.toString();
  }

  @Test
  void theSameFilesMakeTheSameImageElsewhere() throws Exception {
    var home = Path.of(System.getenv("WEFT_HOME"));
    var elsewhere = Files.createDirectories(directory.resolve("another/place"));
    var command = new ArrayList<>(List.of("cp", "-R"));
    for (var each : List.of("build", "weft", "LICENSE", "dist", "agent")) {
      command.add(home.resolve(each).toString());
    }
    command.add(elsewhere.toString());
    assertThat(new ProcessBuilder(command).inheritIO().start().waitFor()).isZero();
    var second = buildIn(elsewhere, directory.resolve("second"));
    for (var file : List.of("weft-image.digest", "weft-image.tar")) {
      if (Files.mismatch(image.resolve(file), second.resolve(file)) >= 0) {
        fail(file + "\n" + differences(home, elsewhere));
      }
    }
    assertThat(Files.size(image.resolve("weft-image.tar"))).isLessThan(MOST_OCTETS);
  }

  @Test
  void itAnswersWithoutAnyCapability() throws Exception {
    assertThat(run("version", "--version")).contains("weft 0.1.0");
    assertThat(run("help", "node", "--help")).contains("weft node --config");
  }

  @Test
  void theControllerStartsAsAUserWithoutRights() throws Exception {
    var command = new ArrayList<>(List.of("run", "--rm", "--read-only"));
    command.addAll(List.of("--snapshotter", "native", IMAGE, "controller"));
    command.addAll(List.of("/bin/setpriv", "--reuid=65532", "--regid=65532", "--clear-groups"));
    command.addAll(List.of("--bounding-set=-all", "/bin/sh", "-c"));
    command.add("/weft/weft controller --in-cluster || true");
    assertThat(containerd.ctr(command.toArray(String[]::new)))
        .contains("this is no pod with a service account");
  }

  private String run(String container, String... arguments) throws Exception {
    var command = new ArrayList<>(List.of("run", "--rm", "--read-only"));
    command.addAll(List.of("--snapshotter", "native", IMAGE, container));
    command.addAll(List.of("/bin/setpriv", "--bounding-set=-all", "/weft/weft"));
    command.addAll(List.of(arguments));
    return containerd.ctr(command.toArray(String[]::new));
  }

  @Test
  void aNodeInItAttachesPodsAndIsReplaced() throws Exception {
    Files.writeString(
        Files.createDirectories(directory.resolve("config")).resolve("fabric.yaml"),
        """
        kind: Fabric
        metadata: {name: default}
        spec: {vtep: {cidr: 10.99.0.0/16}}
        ---
        kind: Tenant
        metadata: {name: red}
        spec: {egress: node}
        ---
        kind: Network
        metadata: {name: red-net}
        spec: {tenant: red, vni: 100, subnets: [10.1.0.0/24], gateway: true}
        """);
    startNode("node");
    assertThat(capabilities("node")).as("of the agent's process").isEqualTo(NEEDED_BITS);
    var probes = matches("command: \\[/bin/sh, -c, '(.*)']");
    assertThat(probes).hasSize(3);
    for (var probe : probes) {
      assertThat(containerd.ctr("task", "exec", "--exec-id", id(), "node", "/bin/sh", "-c", probe))
          .doesNotContain("code");
    }
    var attached = exec("node", "attach", "pod-1", "--network", "red-net", "--netns", POD);
    assertThat(attached).contains("pod-1 attached to red-net: VNI 100");
    var status = exec("node", "status");
    assertThat(status).contains("pod-1").doesNotContain("refused", "problem");
    assertThat(NetworkNamespaces.list()).as("its mounts are the host's").contains(PREFIX + "red");

    containerd.ctr("task", "delete", "--force", "node");
    containerd.ctr("container", "delete", "node");
    try (var rtnetlink = Rtnetlink.openIn(PREFIX + "red")) {
      assertThat(rtnetlink.link("br100")).as("the tenant outlives the container").isPresent();
    }
    startNode("successor");
    assertThat(exec("successor", "status"))
        .as(() -> logOf("successor"))
        .contains("pod-1", " 0 writes since the start");
    assertThat(exec("successor", "detach", "pod-1")).contains("pod-1");
    try (var rtnetlink = Rtnetlink.openIn(POD)) {
      assertThat(rtnetlink.link("eth0")).isEmpty();
    }
  }

  private void startNode(String container) throws Exception {
    var run = Files.createDirectories(directory.resolve("run"));
    var command = new ArrayList<>(List.of("run", "--detach", "--privileged", "--read-only"));
    command.addAll(List.of("--log-uri", "file://" + directory.resolve(container + ".log")));
    command.addAll(List.of("--with-ns", "network:/run/netns/" + HOST));
    command.addAll(List.of("--mount", bind(directory.resolve("config"), "/etc/weft", "rbind:ro")));
    command.addAll(List.of("--mount", bind(run, "/run/weft", "rbind:rw")));
    var named = Path.of(NetworkNamespaces.DIRECTORY);
    command.addAll(List.of("--rootfs-propagation", "rshared")); // as for Bidirectional
    command.addAll(List.of("--mount", bind(named, "/run/netns", "rbind:rshared:rw")));
    command.addAll(List.of("--snapshotter", "native", IMAGE, container));
    var bounding = matches("- (--bounding-set=\\S+)").getFirst();
    command.addAll(List.of("/bin/setpriv", bounding, "/weft/weft", "node"));
    command.addAll(List.of("--config=/etc/weft", "--name=n1", "--netns-prefix=" + PREFIX));
    containerd.ctr(command.toArray(String[]::new));
    var socket = run.resolve("weft.sock");
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!isReady(socket)) {
      assertThat(System.nanoTime()).as(() -> logOf(container)).isLessThan(deadline);
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  /** What a pattern finds in the manifest of the agent. */
  private static List<String> matches(String pattern) throws IOException {
    var home = System.getenv().getOrDefault("WEFT_HOME", ".");
    var manifest = Files.readString(Path.of(home, "deploy", "node.yaml"));
    return Pattern.compile(pattern).matcher(manifest).results().map(each -> each.group(1)).toList();
  }

  private long capabilities(String container) throws Exception {
    var pid =
        containerd
            .ctr("task", "ls")
            .lines()
            .map(line -> line.split("\\s+"))
            .filter(fields -> fields[0].equals(container))
            .map(fields -> fields[1])
            .findFirst()
            .orElseThrow();
    return Files.readAllLines(Path.of("/proc", pid, "status")).stream()
        .filter(line -> line.startsWith("CapEff:"))
        .map(line -> Long.parseLong(line.substring("CapEff:".length()).strip(), 16))
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theInitContainerInstallsThePlugin() throws Exception {
    var programs = Files.createDirectories(directory.resolve("host/bin"));
    var configurations = Files.createDirectories(directory.resolve("host/net.d"));
    // As whoever packed an archive of CNI plugins had it; tar, run by root, keeps that.
    Files.setAttribute(programs, "unix:uid", 1001);
    var command = new ArrayList<>(List.of("run", "--rm", "--read-only"));
    command.addAll(List.of("--mount", bind(programs, "/opt/cni/bin", "rbind:rw")));
    command.addAll(List.of("--mount", bind(configurations, "/etc/cni/net.d", "rbind:rw")));
    command.addAll(List.of("--snapshotter", "native", IMAGE, "init"));
    var added = matches("add: \\[(\\w+)]").getFirst().toLowerCase(Locale.ROOT);
    command.addAll(List.of("/bin/setpriv", "--bounding-set=-all,+" + added));
    command.addAll(List.of("/weft/weft", "cni", "install"));
    containerd.ctr(command.toArray(String[]::new));
    var plugin = new ProcessBuilder(programs.resolve("weft").toString());
    plugin.environment().put("CNI_COMMAND", "STATUS");
    var answer = plugin.redirectInput(configurations.resolve("00-weft.conflist").toFile()).start();
    assertThat(new String(answer.getInputStream().readAllBytes(), StandardCharsets.UTF_8))
        .as("the plugin runs on the host, and finds no agent there")
        .contains("\"code\": 50");
  }

  private static boolean isReady(Path socket) {
    try (var client = ControlClient.connect(socket)) {
      var status = client.call(ControlClient.request("status"));
      return status.has("vtep") && status.path("converged").asBoolean();
    } catch (IOException _) {
      return false;
    }
  }

  private static String bind(Path from, String to, String options) {
    return "type=bind,src=%s,dst=%s,options=%s".formatted(from, to, options);
  }

  private String exec(String container, String... command) throws Exception {
    var all = new ArrayList<>(List.of("task", "exec", "--exec-id", id(), container));
    all.add("/weft/weft");
    all.addAll(List.of(command));
    return containerd.ctr(all.toArray(String[]::new));
  }

  private static String id() {
    return "e" + System.nanoTime();
  }

  private static String logOf(String container) {
    try {
      return "the node is not ready: " + Files.readString(directory.resolve(container + ".log"));
    } catch (IOException e) {
      return e.toString();
    }
  }
}
