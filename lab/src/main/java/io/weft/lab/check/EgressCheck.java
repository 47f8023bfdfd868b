package io.weft.lab.check;

import io.weft.kubernetes.resource.Tenant;
import io.weft.lab.fabric.FabricPlan.Role;
import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.lab.topology.Topology;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.EchoResult;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.net.DatagramPacket;
import java.net.DatagramSocket;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.net.SocketTimeoutException;
import java.time.Duration;
import java.util.Optional;

/**
 * Endpoints of tenants that go out through their node reach a server beyond the fabric, which sees
 * the node's address; others do not. Nodes' own ports stay closed to them, there and on other
 * nodes, and the server reaches none of them. The server is the spine, for the time of the check.
 */
public final class EgressCheck implements Check {
  /** Of the range for documentation (RFC 5737): no network of a lab has it. */
  private static final IpAddress OUTSIDE = IpAddress.parse("203.0.113.80");

  private static final int HTTP = 80;
  private static final int BGP = 179;
  private static final int VXLAN = 4789;
  private static final int ANY = 5000;
  private static final int PATIENCE_MILLIS = 2_000;
  private static final int NO_ANSWER_MILLIS = 250;

  private final Findings findings = new Findings();

  @Override
  public String name() {
    return "egress";
  }

  /** True when the check has anything to look at. */
  public static boolean concerns(Topology topology) {
    return topology.tenants().stream().anyMatch(EgressCheck::goesOut);
  }

  private static boolean goesOut(Tenant tenant) {
    return tenant.spec().egress() == Tenant.Egress.NODE;
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var spine = lab.plan().namespaces(Role.SPINE).getFirst().name();
    try (var netlink = Rtnetlink.openIn(spine)) {
      var address = Address.of(netlink.requireLink("lo").index(), OUTSIDE, OUTSIDE.bits());
      netlink.execute(new Request.AddAddress(address));
      try {
        return look(lab, spine);
      } finally {
        netlink.executeIfThere(new Request.DeleteAddress(address));
      }
    }
  }

  private CheckResult look(RunningLab lab, String spine) throws IOException {
    int out = 0;
    int kept = 0;
    try (var server = listen(spine, HTTP);
        var bgp = listen(spine, BGP)) {
      for (var endpoint : lab.attached()) {
        if (isOut(lab, endpoint)) {
          goesOut(lab, server, endpoint);
          closed(endpoint, bgp, spine);
          out++;
        } else {
          var seen = source(server, endpoint, NO_ANSWER_MILLIS);
          findings.expect(seen.isEmpty(), endpoint.name() + " came out as " + seen);
          kept++;
        }
      }
    }
    return findings.result(
        name(),
        out
            + " endpoints reach a server outside as their node, "
            + kept
            + " others do not; BGP and VXLAN of nodes stay closed");
  }

  private static boolean isOut(RunningLab lab, Attached endpoint) {
    var tenant = Routing.tenant(lab, endpoint.network());
    return Routing.isRouted(lab, endpoint.network())
        && Pings.hasFamilyOf(endpoint, OUTSIDE)
        && lab.topology().tenants().stream()
            .filter(EgressCheck::goesOut)
            .anyMatch(other -> other.name().equals(tenant));
  }

  private void goesOut(RunningLab lab, ServerSocket server, Attached endpoint) throws IOException {
    var node = lab.plan().loopback(endpoint.node()).toString();
    var seen = source(server, endpoint, PATIENCE_MILLIS);
    findings.expect(
        seen.equals(Optional.of(node)), endpoint.name() + " was seen as " + seen + ", not " + node);
  }

  private void closed(Attached endpoint, ServerSocket bgp, String spine) throws IOException {
    findings.expect(
        source(bgp, endpoint, NO_ANSWER_MILLIS).isEmpty(), endpoint.name() + " speaks BGP outside");
    findings.expect(
        datagram(endpoint, spine, ANY, PATIENCE_MILLIS), endpoint.name() + " sends no UDP");
    findings.expect(
        !datagram(endpoint, spine, VXLAN, NO_ANSWER_MILLIS), endpoint.name() + " sends VXLAN");
    for (var address : endpoint.addresses()) {
      if (address.isIpv4()) {
        var back = Pings.ping(spine, address, Pings.PAYLOAD, Duration.ofMillis(100));
        findings.expect(
            !(back instanceof EchoResult.Reply), "the server reaches " + endpoint.name());
      }
    }
  }

  private static ServerSocket listen(String namespace, int port) throws IOException {
    return NetworkNamespaces.<ServerSocket, IOException>callIn(
        namespace, () -> new ServerSocket(port, 1, literal()));
  }

  private static InetAddress literal() {
    return InetAddress.ofLiteral(OUTSIDE.toString());
  }

  /** As whom the server sees the endpoint; empty: it does not. */
  private static Optional<String> source(ServerSocket server, Attached endpoint, int patience)
      throws IOException {
    var to = new InetSocketAddress(literal(), server.getLocalPort());
    return NetworkNamespaces.<Optional<String>, IOException>callIn(
        endpoint.namespace(),
        () -> {
          try (var client = new Socket()) {
            client.connect(to, patience);
            server.setSoTimeout(patience);
            try (var accepted = server.accept()) {
              return Optional.of(accepted.getInetAddress().getHostAddress());
            }
          } catch (IOException _) {
            return Optional.empty();
          }
        });
  }

  /** True when a datagram arrives. */
  private static boolean datagram(Attached endpoint, String spine, int port, int patience)
      throws IOException {
    var to = new InetSocketAddress(literal(), port);
    try (var server =
        NetworkNamespaces.<DatagramSocket, IOException>callIn(
            spine, () -> new DatagramSocket(to))) {
      server.setSoTimeout(patience);
      NetworkNamespaces.<Boolean, IOException>callIn(
          endpoint.namespace(),
          () -> {
            try (var client = new DatagramSocket()) {
              client.send(new DatagramPacket(new byte[1], 1, to));
              return true;
            }
          });
      server.receive(new DatagramPacket(new byte[1], 1));
      return true;
    } catch (SocketTimeoutException _) {
      return false;
    }
  }
}
