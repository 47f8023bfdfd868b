package io.weft.lab.interop;

import io.weft.agent.cni.CniServer;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.TimeUnit;

/**
 * A containerd of its own for one node of the lab. Its client {@code ctr} finds the CNI plugin and
 * its configuration in a mount namespace, where {@code /etc} and {@code /opt} are the test's.
 */
final class Containerd implements AutoCloseable {
  static final Path PROGRAM = Path.of("/usr/bin/containerd");
  static final Path BUSYBOX = Path.of("/bin/busybox");
  private static final String IMAGE = "weft.test/busybox:1";

  /** Of containerd: part of the names of control groups, which all share. */
  private static final String NAMESPACE = "weft-test-" + ProcessHandle.current().pid();

  private static final int TAR_BLOCK = 512;

  private final String namespace;
  private final Path directory;
  private ForeignProcess daemon;

  private Containerd(String namespace, Path directory, ForeignProcess daemon) {
    this.namespace = namespace;
    this.directory = directory;
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
    Files.writeString(
        directory.resolve("config.toml"),
        """
        version = 2
        root = "%1$s/root"
        state = "%1$s/state"
        disabled_plugins = ["io.containerd.grpc.v1.cri"]
        [grpc]
          address = "%1$s/c.sock"
        """
            .formatted(directory));
    var chain = new ArrayList<String>();
    chain.add(
        "{\"type\": \"weft\", \"network\": \"%s\", \"agentSocket\": \"%s\"}"
            .formatted(network, CniServer.beside(agentSocket)));
    chain.addAll(List.of(plugins));
    Files.writeString(
        directory.resolve("etc/cni/net.d/10-weft.conflist"),
        "{\"cniVersion\": \"1.0.0\", \"name\": \"weft\", \"plugins\": [%s]}"
            .formatted(String.join(", ", chain)));
    install(directory.resolve("opt/cni/bin"));
    var started = new Containerd(namespace, directory, daemon(namespace, directory));
    var image = Files.write(directory.resolve("image.tar"), image());
    started.ctr("image", "import", image.toString());
    return started;
  }

  private static void install(Path programs) throws IOException {
    var home = Path.of(System.getenv().getOrDefault("WEFT_HOME", "."));
    Files.copy(home.resolve("dist/cni/weft"), programs.resolve("weft"));
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

  private List<String> command(List<String> arguments) {
    var script =
        "mount --make-rprivate / && mount --bind \"$0/etc\" /etc && mount --bind \"$0/opt\" /opt"
            + " && exec ctr -n "
            + NAMESPACE
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
        IMAGE,
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

  /** Containers that are left go too: what holds them outlives the daemon. */
  @Override
  public void close() throws IOException {
    try {
      for (var container : ctr("container", "ls", "-q").lines().toList()) {
        ctr("task", "delete", "--force", container);
        ctr("container", "delete", container);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } finally {
      daemon.close();
    }
    try (var controllers = Files.list(Path.of("/sys/fs/cgroup"))) {
      for (var controller : controllers.toList()) {
        Files.deleteIfExists(controller.resolve(NAMESPACE));
      }
    }
  }

  // ---- the image ----------------------------------------------------------------------------

  /** An OCI image layout (image-spec v1) as a tar file. */
  private static byte[] image() throws IOException {
    var layer = new ByteArrayOutputStream();
    for (var folder : List.of("bin/", "etc/", "proc/", "sys/", "dev/")) {
      entry(layer, folder, new byte[0]);
    }
    for (var program : List.of("bin/busybox", "bin/sh")) {
      entry(layer, program, Files.readAllBytes(BUSYBOX));
    }
    end(layer);
    var content = layer.toByteArray();
    var config =
        octets(
            """
            {"architecture": "%s", "os": "linux", "config": {"Env": ["PATH=/bin"]},
             "rootfs": {"type": "layers", "diff_ids": ["sha256:%s"]}}
            """
                .formatted(
                    System.getProperty("os.arch").equals("aarch64") ? "arm64" : "amd64",
                    hash(content)));
    var manifest =
        octets(
            """
            {"schemaVersion": 2, "mediaType": "application/vnd.oci.image.manifest.v1+json",
             "config": {"mediaType": "application/vnd.oci.image.config.v1+json",
                        "digest": "sha256:%s", "size": %d},
             "layers": [{"mediaType": "application/vnd.oci.image.layer.v1.tar",
                         "digest": "sha256:%s", "size": %d}]}
            """
                .formatted(hash(config), config.length, hash(content), content.length));
    var index =
        octets(
            """
            {"schemaVersion": 2, "manifests": [
              {"mediaType": "application/vnd.oci.image.manifest.v1+json",
               "digest": "sha256:%s", "size": %d,
               "annotations": {"io.containerd.image.name": "%s"}}]}
            """
                .formatted(hash(manifest), manifest.length, IMAGE));
    var tar = new ByteArrayOutputStream();
    entry(tar, "oci-layout", octets("{\"imageLayoutVersion\": \"1.0.0\"}"));
    entry(tar, "index.json", index);
    for (var blob : List.of(content, config, manifest)) {
      entry(tar, "blobs/sha256/" + hash(blob), blob);
    }
    end(tar);
    return tar.toByteArray();
  }

  private static byte[] octets(String text) {
    return text.getBytes(StandardCharsets.UTF_8);
  }

  private static String hash(byte[] octets) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(octets));
    } catch (NoSuchAlgorithmException e) {
      throw new AssertionError(e);
    }
  }

  /** One member of a tar file (POSIX ustar); a name that ends in a slash is a folder. */
  private static void entry(ByteArrayOutputStream tar, String name, byte[] content) {
    var header = new byte[TAR_BLOCK];
    put(header, 0, name);
    put(header, 100, "0000755");
    put(header, 108, "0000000");
    put(header, 116, "0000000");
    put(header, 124, "%011o".formatted(content.length));
    put(header, 136, "00000000000");
    put(header, 148, "        ");
    header[156] = (byte) (name.endsWith("/") ? '5' : '0');
    put(header, 257, "ustar");
    put(header, 263, "00");
    int sum = 0;
    for (byte octet : header) {
      sum += octet & 0xff;
    }
    put(header, 148, "%06o".formatted(sum));
    header[154] = 0;
    tar.writeBytes(header);
    tar.writeBytes(content);
    tar.writeBytes(new byte[(TAR_BLOCK - content.length % TAR_BLOCK) % TAR_BLOCK]);
  }

  private static void end(ByteArrayOutputStream tar) {
    tar.writeBytes(new byte[2 * TAR_BLOCK]);
  }

  private static void put(byte[] header, int at, String text) {
    System.arraycopy(octets(text), 0, header, at, text.length());
  }
}
