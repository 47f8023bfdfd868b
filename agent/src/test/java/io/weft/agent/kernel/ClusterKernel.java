package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.EgressObject.EgressRoute;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.forwarding.TenantHop;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;

/**
 * A node of the real kernel whose pods the cluster knows. One tenant has the default network, two
 * others have one subnet, and one address in it, both of them; all reach the node, and it them.
 */
abstract class ClusterKernel extends TenantKernel {
  static final MacAddress GATEWAY = MacAddress.parse("00:00:5e:00:01:01");
  static final String NODE = "192.0.2.1";
  static final String WORLD = "192.0.2.2";
  static final String VTEP = "198.51.100.1";
  static final String SERVICE = "10.96.0.10";

  String blue;
  String pods;
  String world;
  String redPod;
  String redServer;
  String bluePod;
  String pod;

  @BeforeEach
  void connect() {
    blue = namespaces.prefix() + "blue";
    pods = namespaces.prefix() + "pods";
    world = namespaces.create("world");
    redPod = namespaces.create("redpod");
    redServer = namespaces.create("redserver");
    bluePod = namespaces.create("bluepod");
    pod = namespaces.create("pod");
    var node = namespaces.links(underlay);
    var out = namespaces.links(world);
    var pair =
        node.createVeth("eth0", LinkSettings.UP.withForwarding(true), "eth0", LinkSettings.UP, out);
    int lo = node.requireLink("lo").index();
    node.setLink(lo, LinkSettings.UP);
    address(underlay, lo, VTEP, 32);
    address(underlay, pair.link().index(), NODE, 24);
    address(world, pair.peer().index(), WORLD, 24);
    var everywhere = IpPrefix.parse("0.0.0.0/0");
    node.execute(
        new Request.AddRoute(
            Route.of(everywhere, NextHop.via(IpAddress.parse(WORLD), pair.link().index()))));
  }

  void address(String namespace, int link, String address, int length) {
    namespaces
        .links(namespace)
        .execute(new Request.AddAddress(Address.of(link, IpAddress.parse(address), length)));
  }

  // ---- what stands ------------------------------------------------------------------------

  static IpAddress outside(int number) {
    return AddressPlan.egressAddress(number, true);
  }

  static List<ForwardingObject> way(String namespace, int number) {
    var port = AddressPlan.clusterPortName(namespace);
    return List.of(
        new EgressFilter(namespace, true, List.of(IpAddress.parse(VTEP))),
        new EgressLink(namespace, 1450, port),
        new EgressPort(port, namespace, 1450),
        new EgressAddress("", port, outside(number), 31),
        new EgressAddress(namespace, EgressLink.NAME, outside(number).plus(1), 31),
        new EgressRoute(namespace, IpPrefix.parse("0.0.0.0/0"), outside(number)),
        new EgressRoute(namespace, IpPrefix.parse(VTEP + "/32"), outside(number)));
  }

  static List<ForwardingObject> network(String namespace, int vni, String gateway) {
    return List.of(
        new TenantNamespace(namespace),
        new Bridge(namespace, new Vni(vni), GATEWAY, 1450, true),
        new GatewayAddress(namespace, new Vni(vni), IpAddress.parse(gateway), 24));
  }

  /**
   * A pod.
   *
   * @param cluster by which the cluster knows it; empty: its own
   */
  static List<ForwardingObject> pod(
      String namespace, int vni, String pod, String address, String cluster) {
    var own = IpAddress.parse(address);
    var mac = AddressPlan.mac("web", pod, List.of(own));
    var port = AddressPlan.portName(pod);
    var gateway = own.masked(24).plus(1);
    var known = cluster.isEmpty() ? List.<IpAddress>of() : List.of(IpAddress.parse(cluster));
    var objects = new ArrayList<ForwardingObject>();
    objects.add(
        new EndpointPort(
            namespace,
            port,
            new Vni(vni),
            pod,
            "web",
            mac,
            List.of(own),
            false,
            1450,
            Optional.of(new PodInterface(pod, "eth0", List.of(24), List.of(gateway), known))));
    objects.add(new LocalFdbEntry(namespace, new Vni(vni), mac, port));
    if (!cluster.isEmpty()) {
      objects.add(
          new EndpointRoute(
              namespace,
              IpPrefix.parse(cluster + "/32"),
              List.of(TenantHop.over(new Vni(vni), own))));
    }
    return objects;
  }

  static EgressRoute into(String prefix, int number) {
    return new EgressRoute("", IpPrefix.parse(prefix), outside(number).plus(1));
  }

  /** Red's server and blue's pod have the same address in the same subnet. */
  @Override
  List<ForwardingObject> everything() {
    var objects = new ArrayList<ForwardingObject>();
    objects.addAll(network(tenant, 100, "10.0.0.1"));
    objects.addAll(network(blue, 200, "10.0.0.1"));
    objects.addAll(network(pods, 300, "10.244.0.1"));
    var dns = new EgressFilter.Shared(AddressPlan.clusterPortName(pods), true, 53);
    objects.add(new EgressFilter("", true, List.of(IpAddress.parse(VTEP)), List.of(dns)));
    objects.addAll(way(tenant, 7));
    objects.addAll(way(blue, 8));
    objects.addAll(way(pods, 9));
    objects.addAll(pod(tenant, 100, redPod, "10.0.0.10", "10.244.1.10"));
    objects.addAll(pod(tenant, 100, redServer, "10.0.0.11", "10.244.1.11"));
    objects.addAll(pod(blue, 200, bluePod, "10.0.0.11", "10.244.1.20"));
    objects.addAll(pod(pods, 300, pod, "10.244.0.10", ""));
    objects.add(into("10.244.1.10/32", 7));
    objects.add(into("10.244.1.11/32", 7));
    objects.add(into("10.244.1.20/32", 8));
    objects.add(into("10.244.0.0/24", 9));
    objects.sort(Comparator.comparing(ForwardingObject::key));
    return objects;
  }

  static List<ForwardingObject> sorted(List<ForwardingObject> objects) {
    return objects.stream()
        .map(ForwardingObject::observable)
        .sorted(Comparator.comparing(ForwardingObject::key))
        .toList();
  }

  // ---- sockets ----------------------------------------------------------------------------

  static EgressFilter shared(String port, int number) {
    return new EgressFilter(
        "",
        true,
        List.of(IpAddress.parse(VTEP)),
        List.of(new EgressFilter.Shared(port, false, number)));
  }

  /** Whether the server is reached from the world with this source port. */
  boolean comesFrom(int source, ServerSocket server, int port) throws Exception {
    server.setSoTimeout(Connections.PATIENCE);
    return NetworkNamespaces.<Boolean, IOException>callIn(
        world,
        () -> {
          try (var client = new Socket()) {
            client.setReuseAddress(true);
            client.bind(new InetSocketAddress(InetAddress.ofLiteral(WORLD), source));
            client.connect(
                new InetSocketAddress(InetAddress.ofLiteral(NODE), port), Connections.PATIENCE);
            server.accept().close();
            return true;
          } catch (SocketTimeoutException _) {
            return false;
          }
        });
  }

  boolean isKept(int source, Connections.Server server, int port) throws Exception {
    var own = new InetSocketAddress(InetAddress.ofLiteral(WORLD), source);
    return Connections.refused(server, world, own, NODE, port);
  }

  /** With which source port the server in the world sees a connection. */
  static int portOf(String from, ServerSocket server) throws Exception {
    server.setSoTimeout(Connections.PATIENCE);
    return NetworkNamespaces.<Integer, IOException>callIn(
        from,
        () -> {
          try (var client = new Socket()) {
            client.connect(
                new InetSocketAddress(InetAddress.ofLiteral(WORLD), server.getLocalPort()),
                Connections.PATIENCE);
            try (var accepted = server.accept()) {
              return accepted.getPort();
            }
          }
        });
  }

  /** A rule of kube-proxy's kind, by the program of nftables. */
  void service(String protocol, String address, int port, String pod, int target) throws Exception {
    var match =
        "ip daddr %s %s dport %d dnat ip to %s:%d".formatted(address, protocol, port, pod, target);
    run(
        "/usr/sbin/nft",
        """
        add table ip kube-proxy
        add chain ip kube-proxy nat-prerouting { type nat hook prerouting priority dstnat; }
        add chain ip kube-proxy nat-output { type nat hook output priority -100; }
        add rule ip kube-proxy nat-prerouting %1$s
        add rule ip kube-proxy nat-output %1$s
        """
            .formatted(match));
  }

  /** As kube-proxy writes them for the service of red's server. */
  void iptables() throws Exception {
    run(
        "/usr/sbin/iptables-restore",
        """
        *filter
        :FORWARD ACCEPT [0:0]
        :KUBE-FORWARD - [0:0]
        -A FORWARD -j KUBE-FORWARD
        -A KUBE-FORWARD -m conntrack --ctstate INVALID -j DROP
        -A KUBE-FORWARD -m mark --mark 0x4000/0x4000 -j ACCEPT
        -A KUBE-FORWARD -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
        COMMIT
        *nat
        :KUBE-MARK-MASQ - [0:0]
        :KUBE-POSTROUTING - [0:0]
        :KUBE-SERVICES - [0:0]
        :KUBE-SVC-RED - [0:0]
        :KUBE-SEP-RED - [0:0]
        -A PREROUTING -j KUBE-SERVICES
        -A OUTPUT -j KUBE-SERVICES
        -A POSTROUTING -j KUBE-POSTROUTING
        -A KUBE-MARK-MASQ -j MARK --set-xmark 0x4000/0x4000
        -A KUBE-POSTROUTING -m mark ! --mark 0x4000/0x4000 -j RETURN
        -A KUBE-POSTROUTING -j MARK --set-xmark 0x4000/0x0
        -A KUBE-POSTROUTING -j MASQUERADE --random-fully
        -A KUBE-SERVICES -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-SVC-RED
        -A KUBE-SVC-RED ! -s 10.244.0.0/16 -d 10.96.0.10/32 -p tcp -m tcp --dport 80 -j KUBE-MARK-MASQ
        -A KUBE-SVC-RED -j KUBE-SEP-RED
        -A KUBE-SEP-RED -s 10.244.1.11/32 -j KUBE-MARK-MASQ
        -A KUBE-SEP-RED -p tcp -m tcp -j DNAT --to-destination 10.244.1.11:8080
        COMMIT
        """);
  }

  /** What is in a set of the filter. */
  String list(String set) throws Exception {
    return run("/usr/sbin/nft", "list set inet %s %s".formatted(table(), set));
  }

  /** The table of the filter. */
  String table() {
    return EgressPorts.tableName(namespaces.prefix());
  }

  /** From where the server sees a connection of the world with this source. */
  Optional<String> comesAs(String address, int source, ServerSocket server, int port)
      throws Exception {
    server.setSoTimeout(Connections.PATIENCE);
    return NetworkNamespaces.<Optional<String>, IOException>callIn(
        world,
        () -> {
          try (var client = new Socket()) {
            client.setReuseAddress(true);
            client.bind(new InetSocketAddress(InetAddress.ofLiteral(address), source));
            client.connect(
                new InetSocketAddress(InetAddress.ofLiteral(NODE), port), Connections.PATIENCE);
            try (var accepted = server.accept()) {
              accepted.getOutputStream().write(1);
              assertThat(client.getInputStream().read()).isEqualTo(1);
              return Optional.of(accepted.getInetAddress().getHostAddress());
            }
          } catch (SocketTimeoutException _) {
            return Optional.empty();
          }
        });
  }

  /** A program in the node's namespace that reads what is to be done. */
  String run(String program, String input) throws Exception {
    return runIn(underlay, program, input);
  }

  String runIn(String namespace, String program, String input) throws Exception {
    assumeTrue(Files.isExecutable(Path.of(program)), "needs " + program);
    var command =
        program.endsWith("nft") ? List.of(program, "-f", "-") : List.of(program, "--noflush");
    var process =
        NetworkNamespaces.<Process, IOException>callIn(
            namespace, () -> new ProcessBuilder(command).redirectErrorStream(true).start());
    try (var out = process.getOutputStream()) {
      out.write(input.getBytes(StandardCharsets.UTF_8));
    }
    var said = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).isTrue();
    assertThat(process.exitValue()).as(said).isZero();
    return said;
  }

  /** From where the answer to a question comes that is asked of the service. */
  static Optional<String> asked(String from, String server) throws Exception {
    return asks(from, server, SERVICE, Connections.PATIENCE);
  }

  static Optional<String> asks(String from, String server, String address, int patience)
      throws Exception {
    try (var answers =
            NetworkNamespaces.<DatagramSocket, Exception>callIn(
                server, () -> new DatagramSocket(53, InetAddress.ofLiteral("0.0.0.0")));
        var client =
            NetworkNamespaces.<DatagramSocket, Exception>callIn(
                from, () -> new DatagramSocket(0, InetAddress.ofLiteral("0.0.0.0")))) {
      Connections.loopbackUp(server);
      client.setSoTimeout(Connections.PATIENCE);
      var to = new InetSocketAddress(InetAddress.ofLiteral(address), 53);
      client.send(new DatagramPacket(new byte[] {1}, 1, to));
      var question = Connections.received(answers, patience);
      if (question.isEmpty()) {
        return Optional.empty();
      }
      answers.send(new DatagramPacket(new byte[] {2}, 1, question.get().getSocketAddress()));
      var answer = new DatagramPacket(new byte[1], 1);
      client.receive(answer);
      return Optional.of(answer.getAddress().getHostAddress());
    } catch (SocketTimeoutException _) {
      return Optional.empty();
    }
  }
}
