package io.weft.kubernetes.api;

import static io.weft.kubernetes.api.ApiClientTest.json;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.apiserver.ApiServer;
import io.weft.kubernetes.api.ApiAccess.Identity;
import io.weft.kubernetes.api.Transport.Patience;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URI;
import java.net.UnixDomainSocketAddress;
import java.nio.ByteBuffer;
import java.nio.channels.ServerSocketChannel;
import java.nio.channels.SocketChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A server that speaks HTTP/2, as Kubernetes' does: all calls and watches of a client share one
 * connection. Its machine may go without a word, and no packet says so.
 */
final class OneConnectionTest {
  private static final Path PROXY = Path.of("/usr/sbin/nghttpx");
  private static final String PATH = "/api/v1/namespaces";
  private static final Duration LONG = Duration.ofSeconds(60);

  /** Asks soon; a machine that is busy has its time to answer. */
  private static final Patience PATIENT = new Patience(LONG, Duration.ofSeconds(1), LONG, LONG);

  @TempDir private Path directory;
  private final BlockingQueue<String> told = new LinkedBlockingQueue<>();
  private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor();
  private ApiServer server;
  private Process proxy;
  private Relay relay;

  @BeforeEach
  void start() throws Exception {
    assumeTrue(Files.exists(PROXY), "needs nghttpx (package nghttp2-proxy)");
    run(
        "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out crt"
            + " -days 2 -subj /CN=api -addext subjectAltName=IP:127.0.0.1,IP:::1");
    server = ApiServer.start();
    var front = directory.resolve("front"); // no port that another might take
    proxy =
        new ProcessBuilder(
                PROXY.toString(),
                "--conf=/dev/null",
                "--workers=1",
                "--frontend=unix:" + front,
                "--backend=127.0.0.1," + server.uri().getPort(),
                "--pid-file=" + directory.resolve("pid"),
                "--single-process",
                directory.resolve("key").toString(),
                directory.resolve("crt").toString())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("proxy.log").toFile())
            .start();
    awaitProxy(front);
    relay = new Relay(InetAddress.getByName("::1"), front);
  }

  @AfterEach
  void stop() throws Exception {
    timer.shutdownNow();
    if (relay != null) {
      relay.close();
    }
    if (proxy != null) {
      proxy.destroy();
      proxy.waitFor(10, TimeUnit.SECONDS);
    }
    if (server != null) {
      server.close();
    }
  }

  private void run(String command) throws IOException, InterruptedException {
    var process =
        new ProcessBuilder(command.split(" ", -1))
            .directory(directory.toFile())
            .redirectErrorStream(true)
            .redirectOutput(directory.resolve("run.log").toFile())
            .start();
    assertThat(process.waitFor()).as(Files.readString(directory.resolve("run.log"))).isZero();
  }

  private void awaitProxy(Path socket) throws Exception {
    long end = System.nanoTime() + LONG.toNanos();
    while (true) {
      try (var _ = SocketChannel.open(UnixDomainSocketAddress.of(socket))) {
        return;
      } catch (IOException e) {
        if (System.nanoTime() - end > 0 || !proxy.isAlive()) {
          throw new IOException(Files.readString(directory.resolve("proxy.log")), e);
        }
        Thread.sleep(20);
      }
    }
  }

  /** By IPv6, with a certificate that has addresses and no name. */
  private ApiClient client(Patience patience) throws IOException {
    var access =
        new ApiAccess(
            URI.create("https://[::1]:" + relay.port()),
            Optional.of(new PemText.InFile(directory.resolve("crt"))),
            new Identity.Token("t"));
    return new ApiClient(access, LONG, Duration.ZERO, patience);
  }

  private final class Told implements ApiWatch.Sink<String> {
    @Override
    public void listed(SortedMap<String, String> objects) {
      told.add("listed " + objects.keySet());
    }

    @Override
    public void changed(String key, String object) {
      told.add("changed " + key);
    }

    @Override
    public void removed(String key) {
      told.add("removed " + key);
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      told.add(why.isPresent() ? "trouble" : "well again");
    }
  }

  private void expect(String event) throws InterruptedException {
    var next = told.poll(60, TimeUnit.SECONDS);
    while ("trouble".equals(next) || "well again".equals(next)) {
      next = told.poll(60, TimeUnit.SECONDS);
    }
    assertThat(next).isEqualTo(event);
  }

  private static void make(ApiClient by, String name) throws Exception {
    by.create(PATH, json("{'metadata':{'name':'" + name + "'}}"));
  }

  private static ApiClient direct(ApiServer server) throws IOException {
    return new ApiClient(new ApiAccess(server.uri(), Optional.empty(), new Identity.Anonymous()));
  }

  @Test
  void aConnectionThatIsDeadWithoutAWordIsLeft() throws Exception {
    server.bookmarks(false);
    try (var other = direct(server);
        var client =
            client(new Patience(LONG, Duration.ofSeconds(1), Duration.ofSeconds(5), LONG))) {
      make(other, "blue");
      try (var _ =
          ApiWatch.start(client, ApiCollection.of(PATH), ApiWatch::key, new Told(), timer)) {
        expect("listed [blue]");
        make(client, "red");
        expect("changed red");
        assertThat(relay.connections()).as("for all calls").isEqualTo(1);
        relay.freeze();
        make(other, "green");
        expect("changed green");
        make(client, "white");
        expect("changed white");
        assertThat(relay.connections()).isEqualTo(2);
      }
    }
  }

  /** What a call has left is asked as well, while answers come by the next connection. */
  @Test
  void aWatchOnAConnectionThatACallHasLeftGoesOn() throws Exception {
    server.bookmarks(false);
    var patience =
        new Patience(Duration.ofSeconds(4), Duration.ofSeconds(6), Duration.ofSeconds(4), LONG);
    try (var other = direct(server);
        var client = client(patience);
        var _ = ApiWatch.start(client, ApiCollection.of(PATH), ApiWatch::key, new Told(), timer)) {
      expect("listed []");
      await("WATCH " + PATH, 1);
      relay.freeze();
      assertThatThrownBy(() -> make(client, "lost")).hasMessageContaining("timed out");
      make(client, "blue");
      make(other, "green");
      expect("changed blue");
      expect("changed green");
    }
  }

  /** A server with nothing to say is asked whether it is there, and the connection stays. */
  @Test
  void aQuietConnectionStays() throws Exception {
    server.bookmarks(false);
    try (var client = client(PATIENT);
        var _ = ApiWatch.start(client, ApiCollection.of(PATH), ApiWatch::key, new Told(), timer)) {
      expect("listed []");
      await("GET /version", 3);
      make(client, "blue");
      expect("changed blue");
      assertThat(relay.connections()).isEqualTo(1);
      assertThat(count("WATCH " + PATH)).isEqualTo(1);
    }
  }

  /** As the parts of an agent: each is closed by itself, and the others go on. */
  @Test
  void clientsThatShareEndOneByOne() throws Exception {
    server.bookmarks(false);
    var one = client(PATIENT);
    try (var watching = one.sharing();
        var _ =
            ApiWatch.start(watching, ApiCollection.of(PATH), ApiWatch::key, new Told(), timer)) {
      try (one) {
        expect("listed []");
        make(one, "blue");
        expect("changed blue");
      }
      assertThatThrownBy(() -> make(one, "red")).isInstanceOf(ApiFailure.class);
      make(watching, "green");
      expect("changed green");
      try (var third = watching.sharing()) {
        make(third, "white");
        expect("changed white");
      }
      assertThat(relay.connections()).isEqualTo(1);
      assertThat(count("WATCH " + PATH)).isEqualTo(1);
    }
  }

  private void await(String call, int times) throws InterruptedException {
    long end = System.nanoTime() + LONG.toNanos();
    while (count(call) < times) {
      assertThat(System.nanoTime() - end).as(server.calls().toString()).isNegative();
      Thread.sleep(20);
    }
  }

  private long count(String call) {
    return server.calls().stream().filter(call::equals).count();
  }

  /** More than a connection may have under way (RFC 9113 §5.1.2). */
  @Test
  void ofManyCallsAtOnceEachIsAnswered() throws Exception {
    try (var client = client(PATIENT)) {
      var calls = new ArrayList<CompletableFuture<Void>>();
      try (var threads = Executors.newVirtualThreadPerTaskExecutor()) {
        for (int i = 0; i < 200; i++) {
          var name = "n" + i;
          calls.add(
              CompletableFuture.runAsync(
                  () -> {
                    try {
                      make(client, name);
                    } catch (Exception e) {
                      throw new IllegalStateException(e);
                    }
                  },
                  threads));
        }
        for (var call : calls) {
          call.get(60, TimeUnit.SECONDS);
        }
      } catch (ExecutionException e) {
        throw new AssertionError(Files.readString(directory.resolve("proxy.log")), e);
      }
      assertThat(server.objects("Namespace")).hasSize(200);
      assertThat(relay.connections()).isEqualTo(1);
    }
  }

  /** Hands octets on, until it freezes those connections that it has. */
  private static final class Relay implements AutoCloseable {
    private final ServerSocketChannel listener;
    private final UnixDomainSocketAddress to;
    private final List<SocketChannel> open = new CopyOnWriteArrayList<>();
    private volatile List<SocketChannel> frozen = List.of();
    private volatile int connections;

    Relay(InetAddress at, Path to) throws IOException {
      this.listener = ServerSocketChannel.open().bind(new InetSocketAddress(at, 0));
      this.to = UnixDomainSocketAddress.of(to);
      Thread.ofVirtual().start(this::accept);
    }

    int port() throws IOException {
      return ((InetSocketAddress) listener.getLocalAddress()).getPort();
    }

    int connections() {
      return connections;
    }

    void freeze() {
      frozen = List.copyOf(open);
    }

    private void accept() {
      try {
        while (true) {
          var near = listener.accept();
          connections++;
          var far = SocketChannel.open(to);
          open.add(near);
          open.add(far);
          Thread.ofVirtual().start(() -> copy(near, far));
          Thread.ofVirtual().start(() -> copy(far, near));
        }
      } catch (IOException _) {
        // closed
      }
    }

    private void copy(SocketChannel from, SocketChannel into) {
      try {
        var octets = ByteBuffer.allocate(8192);
        while (from.read(octets) > 0) {
          octets.flip();
          while (!frozen.contains(from) && octets.hasRemaining()) {
            into.write(octets);
          }
          octets.clear();
        }
        if (!frozen.contains(from)) {
          into.close();
        }
      } catch (IOException _) {
        // closed
      }
    }

    @Override
    public void close() throws IOException {
      listener.close();
      for (var socket : open) {
        socket.close();
      }
    }
  }
}
