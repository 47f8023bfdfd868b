package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * A VTEP as FRR makes one: bridge and VXLAN device by hand, zebra and bgpd with {@code
 * advertise-all-vni}, endpoints learned from their packets. Over IPv4: VTEPs of IPv6 are new in FRR
 * 10.6.
 */
final class FrrNode implements AutoCloseable {
  private static final int MTU = 1450;

  private final String namespace;
  private final FrrDaemons daemons;

  private FrrNode(String namespace, FrrDaemons daemons) {
    this.namespace = namespace;
    this.daemons = daemons;
  }

  static FrrNode start(String namespace, Path directory, IpAddress vtep, List<IpAddress> reflectors)
      throws IOException, InterruptedException {
    return start(namespace, directory, vtep, reflectors, Optional.empty());
  }

  /**
   * A tenant in FRR's default VRF, with an L3 VNI and connected subnets that it announces.
   *
   * @param imports route targets besides that of its VNI
   */
  record Routed(Vni l3Vni, List<IpPrefix> subnets, List<String> imports) {
    Routed(Vni l3Vni, List<IpPrefix> subnets) {
      this(l3Vni, subnets, List.of());
    }
  }

  /** One that routes for a tenant too, symmetric IRB. */
  static FrrNode start(
      String namespace,
      Path directory,
      IpAddress vtep,
      List<IpAddress> reflectors,
      Optional<Routed> routed)
      throws IOException, InterruptedException {
    // The hosts of a rack have a default route only, which FRR does not trust by itself.
    var zebra =
        "ip nht resolve-via-default\n"
            + routed.map(tenant -> "vni " + tenant.l3Vni() + "\n").orElse("");
    var bgpd = configuration(vtep, reflectors, routed);
    return new FrrNode(
        namespace, FrrDaemons.start(namespace, directory, zebra, frr -> frr.bgpd(bgpd)));
  }

  private static String configuration(
      IpAddress vtep, List<IpAddress> reflectors, Optional<Routed> routed) {
    var config = new StringBuilder("router bgp 65000\n");
    config.append(" bgp router-id ").append(vtep).append('\n');
    config.append(" no bgp default ipv4-unicast\n");
    for (var reflector : reflectors) {
      config.append(" neighbor ").append(reflector).append(" remote-as 65000\n");
      config.append(" neighbor ").append(reflector).append(" update-source ").append(vtep);
      config.append('\n');
      config.append(" neighbor ").append(reflector).append(" timers connect 1\n");
    }
    for (var subnet : routed.map(Routed::subnets).orElse(List.of())) {
      config.append(" address-family ").append(family(subnet)).append(" unicast\n  network ");
      config.append(subnet).append("\n exit-address-family\n");
    }
    config.append(" address-family l2vpn evpn\n");
    for (var reflector : reflectors) {
      config.append("  neighbor ").append(reflector).append(" activate\n");
    }
    config.append("  advertise-all-vni\n");
    for (var subnet : routed.map(Routed::subnets).orElse(List.of())) {
      config.append("  advertise ").append(family(subnet)).append(" unicast\n");
    }
    var imports = routed.map(Routed::imports).orElse(List.of());
    if (!imports.isEmpty()) {
      config.append("  route-target import 65000:").append(routed.get().l3Vni()).append('\n');
    }
    imports.forEach(target -> config.append("  route-target import ").append(target).append('\n'));
    config.append(" exit-address-family\n");
    return config.toString();
  }

  private static String family(IpPrefix subnet) {
    return subnet.address().isIpv4() ? "ipv4" : "ipv6";
  }

  /** A segment as FRR's users make it. */
  void addNetwork(Vni vni, IpAddress vtep) {
    addNetwork(vni, vtep, LinkSettings.UP);
  }

  /** The same whose bridge routes, with an address or without. */
  void addRoutedNetwork(Vni vni, IpAddress vtep, MacAddress mac, IpAddress... gateways) {
    addNetwork(vni, vtep, LinkSettings.UP.withMac(mac).withForwarding(true));
    try (var rtnetlink = Rtnetlink.openIn(namespace)) {
      int bridge = rtnetlink.requireLink("br" + vni).index();
      for (var address : gateways) {
        int length = address.isIpv4() ? 24 : 64;
        rtnetlink.execute(new Request.AddAddress(Address.of(bridge, address, length)));
      }
    }
  }

  private void addNetwork(Vni vni, IpAddress vtep, LinkSettings settings) {
    try (var rtnetlink = Rtnetlink.openIn(namespace)) {
      var bridge = rtnetlink.createBridge("br" + vni, settings.withMtu(MTU));
      var vxlan =
          rtnetlink.createVxlan(
              "vx" + vni,
              Vxlan.of(vni, vtep),
              LinkSettings.UP.withMtu(MTU).withMaster(bridge.index()));
      rtnetlink.setBridgePort(vxlan.index(), BridgePort.TUNNEL);
    }
  }

  /** A pod as another CNI would make it: nobody tells FRR. */
  void addEndpoint(Vni vni, String podNamespace, IpAddress address, int prefixLength) {
    try (var rtnetlink = Rtnetlink.openIn(namespace);
        var pod = Rtnetlink.openIn(podNamespace)) {
      int bridge = rtnetlink.requireLink("br" + vni).index();
      var pair =
          rtnetlink.createVeth(
              "pod" + vni,
              LinkSettings.UP.withMtu(MTU).withMaster(bridge),
              "eth0",
              LinkSettings.UP.withMtu(MTU),
              pod);
      pod.execute(new Request.AddAddress(Address.of(pair.peer().index(), address, prefixLength)));
      pod.setLink(pod.requireLink("lo").index(), LinkSettings.UP);
    }
  }

  /** All EVPN routes that bgpd holds as best, as {@link RouteTexts} writes them, with next hop. */
  SortedMap<String, String> routes() throws IOException, InterruptedException {
    var routes = new TreeMap<String, String>();
    var table = vtysh("show bgp l2vpn evpn json");
    for (var rd : table.properties()) {
      if (!rd.getValue().isObject()) {
        continue;
      }
      for (var route : rd.getValue().properties()) {
        if (route.getKey().startsWith("[")) {
          var paths = route.getValue().path("paths");
          routes.put(rd.getKey() + " " + route.getKey(), nextHopOfBest(paths));
        }
      }
    }
    return routes;
  }

  /** Paths come as a list, or as a list of lists, by version. */
  private static String nextHopOfBest(JsonNode paths) {
    for (var path : paths) {
      if (path.isArray()) {
        return nextHopOfBest(path);
      }
      if (path.path("bestpath").asBoolean() || path.path("bestpath").path("overall").asBoolean()) {
        return path.path("nexthops").path(0).path("ip").asText();
      }
    }
    return "no best path in " + paths;
  }

  /** Peers whose sessions are established. */
  long establishedPeers() throws IOException, InterruptedException {
    long count = 0;
    for (var peer : vtysh("show bgp l2vpn evpn summary json").path("peers")) {
      count += peer.path("state").asText().equals("Established") ? 1 : 0;
    }
    return count;
  }

  JsonNode vtysh(String command) throws IOException, InterruptedException {
    return daemons.vtysh(command);
  }

  /** What it knows, for whoever reads why a test fails. */
  String said() throws IOException, InterruptedException {
    var text = new StringBuilder();
    for (var what :
        List.of(
            "bgp l2vpn evpn summary",
            "bgp l2vpn evpn vni",
            "bgp l2vpn evpn route type prefix",
            "evpn vni detail")) {
      text.append("\nFRR ").append(what).append(": ");
      text.append(vtysh("show " + what + " json"));
    }
    return text.toString();
  }

  /** When a MAC or an address is a duplicate, as the lines that FRR has for it say. */
  void detectDuplicates(String... lines) throws IOException, InterruptedException {
    var all = new ArrayList<>(List.of("router bgp 65000", "address-family l2vpn evpn"));
    all.addAll(List.of(lines));
    daemons.configure(all.toArray(String[]::new));
  }

  @Override
  public void close() throws IOException {
    daemons.close();
  }

  /** How long FRR may take to say what it has: its first dump waits a second and more. */
  static long patienceNanos() {
    return TimeUnit.SECONDS.toNanos(30);
  }
}
