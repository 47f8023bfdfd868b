package io.weft.agent.reflector;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.agent.control.ControlClient;
import io.weft.agent.reflector.ReflectorOptions.Given;
import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import java.io.DataInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.function.Predicate;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A reflector without files, over loopback. */
class GivenReflectorTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final IpAddress REFLECTOR = IpAddress.parse("127.0.8.1");
  private static final Ipv4Address ROUTER = Ipv4Address.parse("10.255.0.1");
  private static final Ipv4Address CLUSTER = Ipv4Address.parse("10.255.0.9");
  private static final int MILLIS = 20_000;

  @TempDir private Path directory;
  private int port;

  @BeforeEach
  void choosePort() throws IOException {
    try (var probe = new ServerSocket(0)) {
      port = probe.getLocalPort();
    }
  }

  private ReflectorOptions options(String clients) {
    var settings =
        new Given(REFLECTOR, port, AS, ROUTER, CLUSTER, List.of(IpPrefix.parse(clients)));
    return new ReflectorOptions("rr", settings, directory.resolve("rr.sock"));
  }

  @Test
  void whoeverConnectsFromThePrefixIsReflectedTo() throws Exception {
    try (var _ = ReflectorDaemon.start(options("127.0.8.0/24"));
        var one = new Client("127.0.8.2");
        var two = new Client("127.0.8.3")) {
      var route = new InclusiveMulticast(RouteDistinguisher.of(one.self, 1), 0, one.self);
      one.send(
          Message.Update.announce(
              PathAttributes.originated(one.self, List.of(), Optional.empty()), List.of(route)));
      var heard = two.await(Message.Update.class, update -> !update.announced().isEmpty());

      assertThat(heard.announced()).containsExactly(route);
      assertThat(heard.attributes().orElseThrow().originatorId()).contains(one.self);
      assertThat(heard.attributes().orElseThrow().clusterList()).containsExactly(CLUSTER);
      try (var control = ControlClient.connect(directory.resolve("rr.sock"))) {
        var status = control.call(ControlClient.request("status"));
        assertThat(status.path("address").asText()).isEqualTo("127.0.8.1");
        assertThat(status.path("routerId").asText()).isEqualTo("10.255.0.1");
        assertThat(status.path("peers").path("established").asInt()).isEqualTo(2);
      }
    }
  }

  @Test
  void othersAreRefused() throws Exception {
    try (var _ = ReflectorDaemon.start(options("127.0.9.0/24"))) {
      assertThatThrownBy(() -> new Client("127.0.8.2").close()).isInstanceOf(IOException.class);
    }
  }

  @Test
  void aPortThatIsTakenIsSaid() throws Exception {
    try (var taken = new ServerSocket()) {
      taken.bind(new InetSocketAddress("127.0.8.1", port));
      try (var _ = ReflectorDaemon.start(options("127.0.8.0/24"));
          var control = ControlClient.connect(directory.resolve("rr.sock"))) {
        assertThat(control.call(ControlClient.request("status")).path("problems").path(0).asText())
            .contains("cannot connect to 127.0.8.1 port " + port);
      }
    }
  }

  @Test
  void settingsThatNoPeerWouldAcceptAreRefused() {
    var zero = Ipv4Address.parse("0.0.0.0");
    assertThatThrownBy(() -> new Given(REFLECTOR, port, AS, zero, CLUSTER, List.of()))
        .hasMessageContaining("0.0.0.0");
    assertThatThrownBy(() -> new Given(REFLECTOR, 65536, AS, ROUTER, CLUSTER, List.of()))
        .hasMessageContaining("65536");
  }

  /** One iBGP session for EVPN without route target constraint, made by hand. */
  private final class Client implements AutoCloseable {
    private final Ipv4Address self;
    private final Socket socket = new Socket();
    private final MessageCodec codec = new MessageCodec();

    Client(String address) throws IOException {
      self = Ipv4Address.parse(address);
      socket.bind(new InetSocketAddress(address, 0));
      socket.connect(
          new InetSocketAddress(InetAddress.getByAddress(REFLECTOR.octets()), port), MILLIS);
      socket.setSoTimeout(MILLIS);
      var capabilities =
          List.<Capability>of(
              new Capability.Multiprotocol(Family.L2VPN_EVPN), new Capability.FourOctetAs(AS));
      send(new Message.Open(AS, 90, self, capabilities));
      assertThat(await(Message.Open.class, _ -> true).routerId()).isEqualTo(ROUTER);
      send(new Message.Keepalive());
      await(Message.Keepalive.class, _ -> true);
    }

    void send(Message message) throws IOException {
      socket.getOutputStream().write(codec.encode(message));
    }

    <M extends Message> M await(Class<M> kind, Predicate<M> condition) throws IOException {
      var in = new DataInputStream(socket.getInputStream());
      while (true) {
        var header = new byte[Message.HEADER_LENGTH];
        in.readFully(header);
        var whole = new byte[codec.frameLength(header)];
        System.arraycopy(header, 0, whole, 0, header.length);
        in.readFully(whole, header.length, whole.length - header.length);
        if (codec.decode(whole) instanceof Decoded.Good(var message)
            && kind.isInstance(message)
            && condition.test(kind.cast(message))) {
          return kind.cast(message);
        }
      }
    }

    @Override
    public void close() throws IOException {
      socket.close();
    }
  }
}
