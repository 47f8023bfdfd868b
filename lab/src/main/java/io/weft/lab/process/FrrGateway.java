package io.weft.lab.process;

import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.fabric.FabricPlan.Role;
import io.weft.lab.topology.Topology.Gateway;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/**
 * An external gateway of a tenant as FRR makes one: the tenant is its default VRF, with bridge and
 * VXLAN device of the L3 VNI, and all addresses of the world behind it are its own.
 */
public final class FrrGateway {
  private final FabricPlan plan;
  private final Gateway gateway;
  private final String namespace;
  private final FrrDaemons daemons;

  private FrrGateway(FabricPlan plan, LabDirectory directory, Gateway gateway) {
    this.plan = plan;
    this.gateway = gateway;
    this.namespace = plan.namespace(gateway.name()).name();
    this.daemons = new FrrDaemons(directory, gateway.name(), namespace);
  }

  /** Makes its devices and starts its daemons. */
  static FrrGateway start(FabricPlan plan, LabDirectory directory, Gateway gateway)
      throws IOException {
    var made = new FrrGateway(plan, directory, gateway);
    made.makeDevices();
    made.startDaemon("zebra");
    made.startDaemon("bfdd");
    made.startDaemon("bgpd");
    return made;
  }

  private void makeDevices() {
    var vni = plan.topology().l3Vni(gateway.tenant());
    var vtep = plan.loopback(gateway.name());
    int mtu = plan.topology().mtu() - plan.overhead();
    try (var netlink = Rtnetlink.openIn(namespace)) {
      var bridge =
          netlink.createBridge(
              "br" + vni,
              LinkSettings.UP.withMac(routerMac(vtep)).withMtu(mtu).withForwarding(true));
      var vxlan =
          netlink.createVxlan(
              "vx" + vni,
              Vxlan.of(vni, vtep),
              LinkSettings.UP.withMtu(mtu).withMaster(bridge.index()));
      netlink.setBridgePort(vxlan.index(), BridgePort.TUNNEL);
      // On the loopback link the whole prefix of an address is local: each of it answers.
      var world = gateway.outside();
      int loopback = netlink.requireLink("lo").index();
      netlink.execute(
          new Request.AddAddress(Address.of(loopback, world.address().plus(1), world.length())));
    }
  }

  /** The MAC by which a gateway takes routed packets. */
  public static MacAddress routerMac(IpAddress vtep) {
    return new MacAddress(
        0x0200_0000_0000L | (ByteBuffer.wrap(vtep.octets()).getInt() & 0xffff_ffffL));
  }

  /** Starts one of zebra, bfdd and bgpd, again where it has ended. */
  public void startDaemon(String daemon) throws IOException {
    var words = new ArrayList<>(List.of("-z", daemons.path().resolve("zebra.api").toString()));
    if (daemon.equals("bfdd")) {
      words.addAll(List.of("--bfdctl", daemons.path().resolve("bfdd.sock").toString()));
    }
    daemons.start(daemon, configuration(daemon), words);
  }

  /** Ends one of them as kill -9 does. */
  public void killDaemon(String daemon) throws InterruptedException {
    daemons.kill(daemon);
  }

  /** Takes the cable to its rack's router out, or puts it in again. */
  public void plug(boolean in) {
    var tor = plan.namespace("tor-" + gateway.rack()).name();
    var port =
        plan.cables().stream()
            .filter(cable -> cable.lower().namespace().equals(namespace))
            .map(cable -> cable.upper().link())
            .findFirst()
            .orElseThrow();
    try (var netlink = Rtnetlink.openIn(tor)) {
      netlink.setLink(netlink.requireLink(port).index(), LinkSettings.NONE.withUp(in));
    }
    if (in) {
      restoreRoutes(tor);
    }
  }

  /** The kernel takes the routes of a link that goes down away. */
  private void restoreRoutes(String router) {
    try (var netlink = Rtnetlink.openIn(router)) {
      for (var route : plan.routes()) {
        if (route.namespace().equals(router)
            && route.prefix().contains(plan.loopback(gateway.name()))
            && route.prefix().length() > 0) {
          netlink.execute(
              new Request.ReplaceRoute(Route.of(route.prefix(), NextHop.via(route.via()))));
        }
      }
    }
  }

  private String configuration(String daemon) {
    return switch (daemon) {
      case "zebra" -> "ip nht resolve-via-default\nvni " + l3Vni() + "\n";
      case "bgpd" -> bgp();
      default -> "";
    };
  }

  private Vni l3Vni() {
    return plan.topology().l3Vni(gateway.tenant());
  }

  private String bgp() {
    var vtep = plan.loopback(gateway.name());
    var as = plan.topology().fabric().spec().asn();
    var reflectors =
        plan.namespaces(Role.REFLECTOR).stream().map(r -> r.loopback().orElseThrow()).toList();
    var text = new StringBuilder("router bgp " + as + "\n bgp router-id " + vtep + "\n");
    text.append(" no bgp default ipv4-unicast\n no bgp network import-check\n");
    for (var reflector : reflectors) {
      var neighbour = " neighbor " + reflector;
      text.append(neighbour).append(" remote-as ").append(as).append('\n');
      text.append(neighbour).append(" update-source ").append(vtep).append('\n');
      text.append(neighbour).append(" timers connect 1\n");
      text.append(neighbour).append(" bfd\n");
    }
    text.append(" address-family ipv4 unicast\n");
    gateway.announces().forEach(prefix -> text.append("  network ").append(prefix).append('\n'));
    text.append(" exit-address-family\n address-family l2vpn evpn\n");
    for (var reflector : reflectors) {
      text.append("  neighbor ").append(reflector).append(" activate\n");
    }
    return text + "  advertise-all-vni\n  advertise ipv4 unicast\n exit-address-family\n";
  }
}
