package io.weft.lab.interop;

import io.weft.agent.cni.CniServer;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A containerd of its own for one node of the lab. Pods come by its Container Runtime Interface, as
 * kubelet asks for them; plain containers by its client {@code ctr}, which finds the CNI plugin in
 * a mount namespace where {@code /etc}, {@code /opt} and {@code /var/lib} are the test's.
 */
final class Containerd implements AutoCloseable {
  static final Path PROGRAM = Path.of("/usr/bin/containerd");

  /** Of containerd: what is made by its Container Runtime Interface. */
  private static final String PODS = "k8s.io";

  private final String namespace;
  private final Path directory;

  /** Of containerd, for its client; and the name of control groups, which all share. */
  private final String containers;

  private ForeignProcess daemon;

  private Containerd(String namespace, Path directory, ForeignProcess daemon) {
    this.namespace = namespace;
    this.directory = directory;
    this.containers = "weft-test-" + ProcessHandle.current().pid() + "-" + directory.getFileName();
    this.daemon = daemon;
  }

  /**
   * Starts it, with an image that holds nothing but a static busybox.
   *
   * @param namespace of the node
   * @param agentSocket the control socket of the node's agent
   * @param plugins behind Weft's in the chain, as JSON objects
   */
  static Containerd start(
      String namespace, Path directory, Path agentSocket, String network, String... plugins)
      throws IOException, InterruptedException {
    Files.createDirectories(directory.resolve("etc/cni/net.d"));
    Files.createDirectories(directory.resolve("opt/cni/bin"));
    Files.createDirectories(directory.resolve("var"));
    Files.writeString(
        directory.resolve("config.toml"),
        """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        [grpc]
          address = "%1$s/c.sock"
        [plugins."io.containerd.grpc.v1.cri"]
          sandbox_image = "%2$s"
          disable_apparmor = true
          restrict_oom_score_adj = true
          stream_server_port = "0"
          netns_mounts_under_state_dir = true
          [plugins."io.containerd.grpc.v1.cri".containerd]
            snapshotter = "native"
          [plugins."io.containerd.grpc.v1.cri".cni]
            bin_dir = "%1$s/opt/cni/bin"
            conf_dir = "%1$s/etc/cni/net.d"
        """
            .formatted(directory, BusyboxImage.NAME));
    var chain = new ArrayList<String>();
    chain.add(
        """
        {"type": "weft", "network": "%s", "agentSocket": "%s",
         "capabilities": {"ips": true, "mac": true, "io.kubernetes.cri.pod-annotations": true}}\
        """
            .formatted(network, CniServer.beside(agentSocket)));
    chain.addAll(List.of(plugins));
    Files.writeString(
        directory.resolve("etc/cni/net.d/10-weft.conflist"),
        "{\"cniVersion\": \"1.0.0\", \"name\": \"weft\", \"plugins\": [%s]}"
            .formatted(String.join(", ", chain)));
    install(directory.resolve("opt/cni/bin"));
    var started = new Containerd(namespace, directory, daemon(namespace, directory));
    var image = Files.write(directory.resolve("image.tar"), BusyboxImage.tar());
    started.ctr("image", "import", image.toString());
    started.ctr("-n", PODS, "image", "import", image.toString());
    return started;
  }

  private static void install(Path programs) throws IOException {
    var home = Path.of(System.getenv().getOrDefault("WEFT_HOME", "."));
    for (var name : List.of("weft", "weft-bandwidth")) {
      Files.copy(home.resolve("dist/cni/weft"), programs.resolve(name));
    }
    var others = Path.of("/usr/lib/cni");
    if (Files.isDirectory(others)) {
      try (var each = Files.list(others)) {
        for (var program : each.toList()) {
          Files.copy(program, programs.resolve(String.valueOf(program.getFileName())));
        }
      }
    }
  }

  private static ForeignProcess daemon(String namespace, Path directory)
      throws IOException, InterruptedException {
    var socket = directory.resolve("c.sock");
    Files.deleteIfExists(socket);
    return ForeignProcess.start(
            namespace,
            directory.resolve("containerd.log"),
            PROGRAM.toString(),
            "-c",
            directory.resolve("config.toml").toString())
        .await(() -> Files.exists(socket));
  }

  /** As an upgrade does it: the containers run on. */
  void restart() throws IOException, InterruptedException {
    daemon.close();
    daemon = daemon(namespace, directory);
  }

  /** As a crash does it: the containers run on. */
  void crash() throws IOException, InterruptedException {
    daemon.kill();
    daemon = daemon(namespace, directory);
  }

  private List<String> command(List<String> arguments) {
    var script =
        "mount --make-rprivate / && mount --bind \"$0/etc\" /etc && mount --bind \"$0/opt\" /opt"
            + " && mount --bind \"$0/var\" /var/lib && exec ctr -n "
            + containers
            + " -a \"$0/c.sock\" \"$@\"";
    var command = new ArrayList<>(List.of("unshare", "-m", "sh", "-c", script));
    command.add(directory.toString());
    command.addAll(arguments);
    return command;
  }

  /** What a command of containerd's client prints. */
  String ctr(String... arguments) throws IOException, InterruptedException {
    return output(process(List.of(arguments)), List.of(arguments));
  }

  private Process process(List<String> arguments) throws IOException {
    return new ProcessBuilder(command(arguments)).redirectErrorStream(true).start();
  }

  private static String output(Process process, List<String> arguments)
      throws IOException, InterruptedException {
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    if (!process.waitFor(60, TimeUnit.SECONDS) || process.exitValue() != 0) {
      throw new IOException(arguments + " exits with " + process.exitValue() + ": " + text);
    }
    return text;
  }

  private static List<String> runArguments(String container, String script) {
    return List.of(
        "run",
        "--rm",
        "--cni",
        "--snapshotter",
        "native",
        BusyboxImage.NAME,
        container,
        "/bin/sh",
        "-c",
        script);
  }

  /** Runs a container to its end; what its script prints. */
  String run(String container, String script) throws IOException, InterruptedException {
    var arguments = runArguments(container, script);
    return output(process(arguments), arguments);
  }

  /** Starts a container that runs on; its interface stands when its script does. */
  Container begin(String container, String script) throws IOException {
    return new Container(process(runArguments(container, script)), container);
  }

  /** A container that runs. */
  final class Container {
    private final Process process;
    private final String name;

    private Container(Process process, String name) {
      this.process = process;
      this.name = name;
    }

    /** What a command in it prints. */
    String exec(String script) throws IOException, InterruptedException {
      return ctr(
          "task", "exec", "--exec-id", "e" + System.nanoTime(), name, "/bin/sh", "-c", script);
    }

    /** Ends it; returns when the plugin has been told. */
    void end() throws IOException, InterruptedException {
      ctr("task", "kill", "--signal", "SIGKILL", name);
      process.getInputStream().readAllBytes();
      process.waitFor(60, TimeUnit.SECONDS);
    }
  }

  // ---- pods -------------------------------------------------------------------------------

  /**
   * Starts a pod with one container, which sleeps.
   *
   * @throws IOException when it is refused; {@link #log} says why
   */
  Pod startPod(String name, Map<String, String> annotations) throws IOException {
    var config =
        new Cri.Message()
            .message(1, new Cri.Message().text(1, name).text(2, "uid-" + name).text(3, "default"))
            .map(7, annotations)
            .message(8, new Cri.Message().text(1, "/" + containers));
    var id = cri("RunPodSandbox", new Cri.Message().message(1, config)).text(1);
    var container =
        new Cri.Message()
            .message(1, new Cri.Message().text(1, "main"))
            .message(2, new Cri.Message().text(1, BusyboxImage.NAME));
    var created =
        cri(
            "CreateContainer",
            new Cri.Message().text(1, id).message(2, container).message(3, config));
    cri("StartContainer", new Cri.Message().text(1, created.text(1)));
    return new Pod(id, created.text(1));
  }

  private Cri.Message cri(String method, Cri.Message request) throws IOException {
    try {
      return Cri.call(directory.resolve("c.sock"), method, request);
    } catch (IOException e) {
      var errors = log().lines().filter(line -> line.contains("level=error")).toList();
      throw new IOException(e.getMessage() + ": " + (errors.isEmpty() ? "" : errors.getLast()), e);
    }
  }

  /** Directories of containers in the places of runc and of the daemon; none when all are gone. */
  List<String> leftovers() throws IOException {
    var left = new ArrayList<String>();
    var tasks = directory.resolve("state/io.containerd.runtime.v2.task");
    var places = List.of(tasks.resolve(PODS), tasks.resolve(containers), runc());
    for (var place : places) {
      if (Files.isDirectory(place)) {
        try (var each = Files.list(place)) {
          each.forEach(path -> left.add(path.toString()));
        }
      }
    }
    return left;
  }

  private Path runc() {
    return Path.of("/run/containerd/runc", containers);
  }

  /** What the daemon has said until now. */
  String log() throws IOException {
    return Files.readString(directory.resolve("containerd.log"));
  }

  /** A pod that runs. */
  final class Pod {
    private final String id;
    private final String container;

    private Pod(String id, String container) {
      this.id = id;
      this.container = container;
    }

    /** Of its sandbox: what a CNI plugin is told. */
    String id() {
      return id;
    }

    /** What a command in it prints; fails when the command does. */
    String exec(String script) throws IOException {
      var request = new Cri.Message().text(1, container);
      for (var word : List.of("/bin/sh", "-c", script)) {
        request.text(2, word);
      }
      var answer = cri("ExecSync", request.number(3, 60));
      if (answer.number(3) != 0) {
        throw new IOException(
            script + " exits with " + answer.number(3) + ": " + answer.text(1) + answer.text(2));
      }
      return answer.text(1);
    }

    String address() throws IOException {
      return exec("busybox ip -4 -o addr show eth0").replaceAll("(?s).*inet ([0-9.]+)/.*", "$1");
    }

    /** Ends it; returns when the plugin has been told. */
    void end() throws IOException {
      cri("StopPodSandbox", new Cri.Message().text(1, id));
      cri("RemovePodSandbox", new Cri.Message().text(1, id));
    }
  }

  /** Containers that are left go too: what holds them outlives the daemon. */
  @Override
  public void close() throws IOException {
    try {
      endPods();
      for (var container : ctr("container", "ls", "-q").lines().toList()) {
        ctr("task", "delete", "--force", container);
        ctr("container", "delete", container);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      daemon.close();
    }
    removeControlGroups();
  }

  /** Ends all pods, also those whose start was refused, as kubelet does it in the end. */
  void endPods() throws IOException {
    for (var pod = lastPod(); !pod.isEmpty(); pod = lastPod()) {
      new Pod(pod, "").end();
    }
  }

  /** One of those that are; empty when there is none. */
  private String lastPod() throws IOException {
    return cri("ListPodSandbox", new Cri.Message()).message(1).text(1);
  }

  private void removeControlGroups() throws IOException {
    try (var controllers = Files.list(Path.of("/sys/fs/cgroup"))) {
      for (var controller : controllers.toList()) {
        Files.deleteIfExists(controller.resolve(containers));
      }
    }
    Files.deleteIfExists(runc());
  }
}
