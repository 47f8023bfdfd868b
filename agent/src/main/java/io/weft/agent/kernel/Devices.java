package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgeMulticast;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.forwarding.PodInterface;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Makes, changes and removes the devices of one tenant: bridges, VXLAN ports, endpoints' veths.
 * What stands and fits is left alone; what could be made only in part is taken away again.
 *
 * @param host a socket in the namespace of the underlay: VXLAN's UDP socket stays there
 */
record Devices(Rtnetlink host, TenantTables tables) {
  /** Every namespace's loopback interface (LOOPBACK_IFINDEX, net/net_namespace.h). */
  private static final int LOOPBACK = 1;

  /** Of MACs that were heard and have no row of ours yet, or get none: no more in one bridge. */
  static final int MAX_LEARNED = 1024;

  void put(ForwardingObject.Bridge bridge) {
    var name = DeviceNames.bridge(bridge.vni());
    var standing = tables.rtnetlink().link(name);
    if (standing.isPresent()) {
      var changes = difference(standing.get(), Optional.of(bridge.mac()), bridge.mtu());
      boolean same =
          standing
              .get()
              .ipv4()
              .does(bridge.routed(), takesOwnSources(bridge.routed(), bridge.mac()));
      ignoreRouters(standing.get());
      snoop(standing.get(), bridge);
      finish(name, same ? changes : withRouting(changes, bridge), Optional.empty());
    } else {
      tables
          .rtnetlink()
          .execute(new Request.CreateBridge(name, LinkSettings.NONE.withMac(bridge.mac())));
      undoOnFailure(
          name,
          () -> {
            var made = tables.rtnetlink().requireLink(name);
            ignoreRouters(made);
            snoop(made, bridge);
          });
      // An MTU that a bridge is made with follows its ports (br_mtu_auto_adjust,
      // net/bridge/br_if.c);
      // one that it is given stays.
      var settings = LinkSettings.NONE.withMtu(bridge.mtu());
      finishNew(name, withRouting(settings, bridge), Optional.empty());
    }
    tables.reread(name);
  }

  /**
   * What routers of other nodes say, such as that a packet is too big, comes in over an L3 VNI, and
   * from an address that every node has: an anycast gateway's, or {@link
   * AddressPlan#ROUTER_ADDRESS}.
   */
  private static LinkSettings withRouting(LinkSettings settings, ForwardingObject.Bridge bridge) {
    return settings
        .withForwarding(bridge.routed())
        .withOwnSources(takesOwnSources(bridge.routed(), bridge.mac()));
  }

  /** True for the bridge of an L3 VNI. */
  static boolean takesOwnSources(boolean routed, MacAddress mac) {
    return routed && !mac.equals(AddressPlan.GATEWAY_MAC);
  }

  /** How hosts shall answer is said before they are asked. */
  private void snoop(Link standing, ForwardingObject.Bridge bridge) {
    var wanted = bridge.snooping() ? BridgeMulticast.SNOOPING : BridgeMulticast.FLOODING;
    if (bridge.snooping()) {
      tables.queries().put();
    }
    if (standing.multicast().isPresent() && !standing.multicast().get().equals(wanted)) {
      int index = standing.index();
      performAll(
          tables.rtnetlink(),
          List.of(
              new Request.SetBridgeMulticast(index, wanted.quiet()),
              new Request.SetBridgeMulticast(index, wanted)));
    }
  }

  private void ignoreRouters(Link standing) {
    if (standing.acceptsRouters()) {
      Ipv6Forwarding.ignoreRouters(tables.rtnetlink().namespace(), standing.name());
    }
  }

  void put(ForwardingObject.Ipv6Routing routing) {
    indexOf(routing.device()); // it must stand
    tables.ipv6().put(routing.device());
    tables.reread(routing.device());
  }

  void remove(ForwardingObject.Ipv6Routing routing) {
    tables.ipv6().remove(routing.device());
    tables.reread(routing.device());
  }

  void put(ForwardingObject.VxlanPort port) {
    var name = DeviceNames.vxlan(port.vni(), port.local(), port.dual());
    var wanted = Vxlan.of(port.vni(), port.local());
    discardOther(tables.vxlan(port.vni(), !port.local().isIpv4()), name);
    var standing = fitting(name, wanted);
    boolean unknown =
        standing.flatMap(Link::bridgePort).filter(BridgePort::unicastFlood).isPresent();
    var flags = Optional.of(DeviceNames.tunnel(port.dual(), unknown));
    int bridge = indexOfBridge(port.vni());
    if (standing.isPresent()) {
      var changes = difference(standing.get(), Optional.of(port.mac()), port.mtu());
      finish(name, withMaster(changes, standing.get(), bridge), flags);
    } else {
      create(name, wanted, port.mac(), port.mtu(), port.namespace());
      finishNew(name, LinkSettings.NONE.withMaster(bridge), flags);
    }
    tables.reread(name);
  }

  void put(ForwardingObject.SendingPort port) {
    var name = DeviceNames.sendingPort(port.vni(), port.second());
    var wanted = Vxlan.of(port.id(), port.local()).withPort(Vxlan.SENDING_PORT);
    discardOther(tables.sending(port.vni(), !port.local().isIpv4()), name);
    var standing = fitting(name, wanted);
    if (standing.isPresent()) {
      var changes = difference(standing.get(), Optional.of(port.mac()), port.mtu());
      boolean alone = standing.get().master().isEmpty();
      var settings = alone ? changes : changes.withMaster(0);
      finish(name, settings.withForwarding(false).withOwnSources(false), Optional.empty());
      setGroup(name);
    } else {
      create(name, wanted, port.mac(), port.mtu(), port.namespace());
      finishNew(
          name, LinkSettings.NONE.withForwarding(false).withOwnSources(false), Optional.empty());
      undoOnFailure(name, () -> setGroup(name));
    }
    tables.reread(name);
  }

  private void setGroup(String name) {
    tables.rtnetlink().execute(new Request.SetLinkGroup(indexOf(name), Rows.SENDING_GROUP));
  }

  /** The kernel has one device of a VNI and family; nodes may have got, or lost, another family. */
  private void discardOther(Optional<Integer> device, String name) {
    device
        .flatMap(index -> tables.rtnetlink().link(index))
        .filter(link -> !link.name().equals(name))
        .ifPresent(this::discard);
  }

  /** A device of the name; one that is not as it must be made goes. */
  private Optional<Link> fitting(String name, Vxlan wanted) {
    var standing = tables.rtnetlink().link(name);
    if (standing.isPresent() && !standing.get().vxlan().equals(Optional.of(wanted))) {
      discard(standing.get());
      return Optional.empty();
    }
    return standing;
  }

  private void create(String name, Vxlan vxlan, MacAddress mac, int mtu, String namespace) {
    try (var target = NetworkNamespaces.open(namespace)) {
      host.execute(
          new Request.CreateVxlan(
              name, vxlan, LinkSettings.NONE.withMac(mac).withMtu(mtu).withNamespace(target)));
    }
  }

  void put(ForwardingObject.EndpointPort port) {
    var alias = alias(port);
    PortAlias.requireFits(alias.text());
    var standing = tables.rtnetlink().link(port.port());
    if (standing.isPresent() && isOfAnother(standing.get(), alias)) {
      discard(standing.get());
      standing = Optional.empty();
    }
    int bridge = indexOfBridge(port.vni());
    if (port.learn()) {
      tables.rtnetlink().execute(new Request.SetBridgeLearned(bridge, MAX_LEARNED));
    }
    if (standing.isPresent()) {
      follow(standing.get(), port, alias, bridge);
    } else if (port.link().isPresent()) {
      links().create(port, port.link().get(), alias);
      tables.reread(port.port());
      finishNew(port, bridge, alias);
    } else if (port.pod().isPresent()) {
      create(port, port.pod().get(), alias, bridge);
    } else {
      throw new IllegalArgumentException(
          "interface " + port.port() + " is gone; attach the endpoint again");
    }
    tables.reread(port.port());
  }

  /**
   * The link of a way out: the host's end is made along, and set when its own turn comes. The alias
   * names it, as nothing else of the kernel's does here.
   */
  void put(EgressObject.EgressLink link) {
    var name = EgressObject.EgressLink.NAME;
    var port = link.port();
    var standing = tables.rtnetlink().link(name);
    if (standing.isPresent() && host.link(port).isEmpty()) {
      discard(standing.get()); // it leads elsewhere
      standing = Optional.empty();
    }
    var forwarding = LinkSettings.NONE.withForwarding(true).withOwnSources(false).withAlias(port);
    if (standing.isPresent()) {
      var changes = difference(standing.get(), Optional.empty(), link.mtu());
      finish(
          name,
          changes.withForwarding(true).withOwnSources(false).withAlias(port),
          Optional.empty());
    } else {
      host.execute(
          new Request.CreateVeth(
              port,
              LinkSettings.NONE.withMtu(link.mtu()),
              name,
              LinkSettings.NONE.withMtu(link.mtu()).withNamespace(tables.rtnetlink().namespace())));
      finishNew(name, forwarding, Optional.empty());
    }
    tables.reread(name);
  }

  void put(EgressObject.EgressAddress address) {
    var request =
        new Request.AddAddress(
            Address.of(indexOf(address.device()), address.address(), address.prefixLength()));
    var outcome = tables.rtnetlink().execute(List.of(request)).getFirst();
    if (outcome.isPresent() && !outcome.get().alreadyThere()) {
      throw outcome.get().toException();
    }
  }

  void remove(EgressObject.EgressAddress address) {
    tables
        .rtnetlink()
        .link(address.device())
        .ifPresent(
            link ->
                tables
                    .rtnetlink()
                    .executeIfThere(
                        new Request.DeleteAddress(
                            Address.of(link.index(), address.address(), address.prefixLength()))));
  }

  /** The alias last: it tells what the pod's end has, so that a failure is tried again. */
  private void follow(
      Link standing, ForwardingObject.EndpointPort port, PortAlias alias, int bridge) {
    var changes = difference(standing, Optional.empty(), port.mtu());
    var flags = Optional.of(DeviceNames.port(port.learn()));
    finish(port.port(), withMaster(changes, standing, bridge), flags);
    var before = tables.alias(standing);
    var text = alias.with(before.flatMap(PortAlias::former)).text();
    boolean renamed = !standing.alias().equals(Optional.of(text));
    if (port.link().isEmpty() && (renamed || standing.mtu() != port.mtu())) {
      var given = before.map(PortAlias::gateways);
      PodEnd.of(tables.rtnetlink(), standing, port)
          .follow(port, given.orElse(List.of()), tables.buffers());
    }
    if (renamed) {
      tables
          .rtnetlink()
          .execute(new Request.SetLink(standing.index(), LinkSettings.NONE.withAlias(text)));
    }
  }

  /**
   * No alias: an agent died between making it and naming it, nobody uses it. Another alias: it
   * leads to where the endpoint was before it was detached and attached anew. What is behind a link
   * of the node may change; the link is the same.
   */
  private boolean isOfAnother(Link standing, PortAlias alias) {
    return tables
        .alias(standing)
        .filter(there -> alias.isOf(there) || alias.isBehindTheLinkOf(there))
        .isEmpty();
  }

  private static PortAlias alias(ForwardingObject.EndpointPort port) {
    return new PortAlias(
        port.endpoint(),
        port.network(),
        port.mac(),
        port.addresses(),
        port.sticky(),
        port.gateways(),
        port.link(),
        port.declared(),
        port.learn(),
        Optional.empty());
  }

  private NodeLinks links() {
    return new NodeLinks(host, tables);
  }

  /** What stands on the device goes too: the belief in it is worth nothing any more. */
  private void discard(Link link) {
    tables.doubt();
    links().end(link);
    tables.reread(link.name());
  }

  private void create(
      ForwardingObject.EndpointPort port, PodInterface pod, PortAlias alias, int bridge) {
    try (var target = openPod(pod);
        var inside = socketIn(target, pod)) {
      tables
          .rtnetlink()
          .execute(
              new Request.CreateVeth(
                  port.port(),
                  LinkSettings.NONE.withMtu(port.mtu()),
                  pod.name(),
                  LinkSettings.NONE.withMac(port.mac()).withMtu(port.mtu()).withNamespace(target)));
      undoOnFailure(port.port(), () -> configure(inside, port, pod));
      finishNew(port, bridge, alias);
    }
  }

  /** A link that was taken has its alias already, with what it was. */
  private void finishNew(ForwardingObject.EndpointPort port, int bridge, PortAlias alias) {
    boolean taken = port.link().orElse(null) instanceof NodeLink.Device;
    var settings = LinkSettings.NONE.withMaster(bridge);
    finishNew(
        port.port(),
        taken ? settings.withMtu(port.mtu()) : settings.withAlias(alias.text()),
        Optional.of(DeviceNames.port(port.learn())));
  }

  private static Descriptor openPod(PodInterface pod) {
    try {
      return NetworkNamespaces.open(pod.networkNamespace());
    } catch (LinuxException e) {
      throw cannotOpen(pod, e);
    }
  }

  private Rtnetlink socketIn(Descriptor target, PodInterface pod) {
    try {
      return Rtnetlink.openHereIn(target, tables.buffers());
    } catch (LinuxException e) {
      throw cannotOpen(pod, e);
    }
  }

  private static IllegalArgumentException cannotOpen(PodInterface pod, LinuxException e) {
    return new IllegalArgumentException(
        "the pod's network namespace '"
            + pod.networkNamespace()
            + "' cannot be entered: "
            + e.errno(),
        e);
  }

  private static void configure(
      Rtnetlink inside, ForwardingObject.EndpointPort port, PodInterface pod) {
    int index = inside.requireLink(pod.name()).index();
    var requests = new ArrayList<Request>();
    requests.add(new Request.SetLink(LOOPBACK, LinkSettings.UP));
    requests.add(new Request.SetLink(index, LinkSettings.UP));
    for (int i = 0; i < port.addresses().size(); i++) {
      requests.add(
          new Request.AddAddress(
              Address.of(index, port.addresses().get(i), pod.prefixLengths().get(i))));
    }
    for (var address : pod.cluster()) {
      requests.add(new Request.AddAddress(Address.of(index, address, address.bits())));
    }
    performAll(inside, requests);
    for (var gateway : port.gateways()) {
      // A pod that has a default route already keeps it.
      var everywhere = new IpPrefix(gateway.masked(0), 0);
      if (inside.routes().stream().noneMatch(route -> route.prefix().equals(everywhere))) {
        var route = Route.of(everywhere, NextHop.via(gateway, index));
        inside.execute(new Request.AddRoute(withSource(route, pod.cluster())));
      }
    }
  }

  /**
   * Who is reached by what the cluster knows speaks with it too, also where a program leaves the
   * choice to the kernel for each datagram.
   */
  private static Route withSource(Route route, List<IpAddress> cluster) {
    return cluster.stream()
        .filter(address -> address.isIpv4() == route.prefix().address().isIpv4())
        .findFirst()
        .map(route::withSource)
        .orElse(route);
  }

  /** As {@link #finish}; a device that cannot be finished is not left half made. */
  private void finishNew(String name, LinkSettings settings, Optional<BridgePort> flags) {
    undoOnFailure(name, () -> finish(name, settings, flags));
  }

  private void undoOnFailure(String name, Runnable action) {
    try {
      action.run();
    } catch (LinuxException | IllegalArgumentException e) {
      remove(name);
      throw e;
    }
  }

  /**
   * Sets what is to be set, and that the device says nothing by itself (no IPv6 link-local
   * address); the port's flags before it goes up, so that nothing slips through.
   */
  private void finish(String name, LinkSettings settings, Optional<BridgePort> flags) {
    int index = indexOf(name);
    var requests = new ArrayList<Request>();
    requests.add(new Request.SetLink(index, settings.withLinkLocal(false)));
    flags.ifPresent(port -> requests.add(new Request.SetBridgePort(index, port)));
    requests.add(new Request.SetLink(index, LinkSettings.UP));
    performAll(tables.rtnetlink(), requests);
  }

  /** In one go; throws the first refusal. */
  private static void performAll(Rtnetlink rtnetlink, List<Request> requests) {
    for (var outcome : rtnetlink.execute(requests)) {
      if (outcome.isPresent()) {
        throw outcome.get().toException();
      }
    }
  }

  /** Compared before it is written: a bridge that gets its own MAC again flushes neighbours. */
  private static LinkSettings difference(Link standing, Optional<MacAddress> mac, int mtu) {
    var changes = LinkSettings.NONE;
    if (mac.isPresent() && !mac.equals(standing.mac())) {
      changes = changes.withMac(mac.get());
    }
    return standing.mtu() == mtu ? changes : changes.withMtu(mtu);
  }

  private static LinkSettings withMaster(LinkSettings changes, Link standing, int bridge) {
    boolean there = standing.master().isPresent() && standing.master().getAsInt() == bridge;
    return there ? changes : changes.withMaster(bridge);
  }

  /** As it is known, without asking: our own bridges do not change their index. */
  private int indexOfBridge(Vni vni) {
    var name = DeviceNames.bridge(vni);
    return tables.device(name).orElseGet(() -> indexOf(name));
  }

  private int indexOf(String name) {
    return tables
        .rtnetlink()
        .link(name)
        .orElseThrow(() -> new IllegalArgumentException("device " + name + " does not stand (yet)"))
        .index();
  }

  /** Gone afterwards, whether it stood or not. */
  void remove(String name) {
    tables.rtnetlink().link(name).ifPresent(links()::end);
    tables.reread(name);
  }
}
