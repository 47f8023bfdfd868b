package io.weft.lab.process;

import io.weft.lab.topology.Topology;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.StableHash;
import java.io.IOException;
import java.util.List;

/**
 * FRR in an endpoint that is a router: it says by BGP to its network's gateways what is behind it.
 */
public final class EndpointRouter {
  private static final String DAEMON = "bgpd";

  private final Topology topology;
  private final Attached endpoint;
  private final FrrDaemons daemons;

  EndpointRouter(Topology topology, LabDirectory directory, Attached endpoint) {
    this.topology = topology;
    this.endpoint = endpoint;
    this.daemons = new FrrDaemons(directory, endpoint.name(), endpoint.namespace());
  }

  /** Starts the daemon, again where it has ended. It only speaks: routes are the endpoint's own. */
  public void start() throws IOException {
    daemons.start(DAEMON, configuration(), List.of("-n", "-Z", "-p", "0"));
  }

  /** Ends it as kill -9 does. */
  public void kill() throws InterruptedException {
    daemons.kill(DAEMON);
  }

  /** Says one more prefix, or no longer. */
  public void say(IpPrefix prefix, boolean there) throws IOException, InterruptedException {
    daemons.type(
        List.of(
            "router bgp " + as(),
            "address-family " + family(prefix.address().isIpv4()) + " unicast",
            (there ? "" : "no ") + "network " + prefix));
  }

  private AutonomousSystem as() {
    return endpoint.endpoint().as().orElseThrow();
  }

  private static String family(boolean ipv4) {
    return ipv4 ? "ipv4" : "ipv6";
  }

  private List<IpAddress> gateways() {
    return topology.network(endpoint.network()).spec().gateways().stream()
        .filter(gateway -> endpoint.addresses().stream().anyMatch(a -> sameFamily(a, gateway)))
        .toList();
  }

  private static boolean sameFamily(IpAddress one, IpAddress other) {
    return one.isIpv4() == other.isIpv4();
  }

  /** Its own address; one without IPv4 has an identifier of its name. */
  private Ipv4Address routerId() {
    return endpoint.addresses().stream()
        .filter(IpAddress::isIpv4)
        .map(Ipv4Address.class::cast)
        .findFirst()
        .orElseGet(
            () ->
                new Ipv4Address(
                    0x0a00_0001 | (int) (StableHash.of(endpoint.name()) & 0x00ff_fffe)));
  }

  private String configuration() {
    var spec = topology.network(endpoint.network()).spec().bgp().orElseThrow();
    var ours = spec.asn().orElse(topology.fabric().spec().asn());
    var text = new StringBuilder("router bgp " + as() + "\n bgp router-id " + routerId() + "\n");
    text.append(" no bgp default ipv4-unicast\n no bgp ebgp-requires-policy\n");
    text.append(" no bgp network import-check\n");
    for (var gateway : gateways()) {
      text.append(" neighbor ").append(gateway).append(" remote-as ").append(ours).append('\n');
      text.append(" neighbor ").append(gateway).append(" timers connect 1\n");
    }
    for (boolean ipv4 : new boolean[] {true, false}) {
      text.append(" address-family ").append(family(ipv4)).append(" unicast\n");
      gateways().stream()
          .filter(gateway -> gateway.isIpv4() == ipv4)
          .forEach(gateway -> text.append("  neighbor ").append(gateway).append(" activate\n"));
      endpoint.endpoint().prefixes().stream()
          .filter(prefix -> prefix.address().isIpv4() == ipv4)
          .forEach(prefix -> text.append("  network ").append(prefix).append('\n'));
      text.append(" exit-address-family\n");
    }
    return text.toString();
  }
}
