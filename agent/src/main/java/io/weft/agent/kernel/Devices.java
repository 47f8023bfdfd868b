package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.PodInterface;
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

  void put(ForwardingObject.Bridge bridge) {
    var name = Translation.bridgeName(bridge.vni());
    var standing = tables.rtnetlink().link(name);
    if (standing.isEmpty()) {
      tables
          .rtnetlink()
          .execute(
              new Request.CreateBridge(
                  name, LinkSettings.NONE.withMac(bridge.mac()).withMtu(bridge.mtu())));
      finish(name, LinkSettings.UP.withLinkLocal(false), Optional.empty());
    } else {
      var changes = difference(standing.get(), Optional.of(bridge.mac()), bridge.mtu());
      finish(name, changes, Optional.empty());
    }
    tables.reread(name);
  }

  void put(ForwardingObject.VxlanPort port, String namespace) {
    var name = Translation.vxlanName(port.vni());
    var wanted = Vxlan.of(port.vni(), port.local());
    var standing = tables.rtnetlink().link(name);
    if (standing.isPresent() && !standing.get().vxlan().equals(Optional.of(wanted))) {
      tables.rtnetlink().execute(new Request.DeleteLink(standing.get().index()));
      standing = Optional.empty();
    }
    int bridge = indexOf(Translation.bridgeName(port.vni()));
    if (standing.isEmpty()) {
      try (var target = NetworkNamespaces.open(namespace)) {
        host.execute(
            new Request.CreateVxlan(
                name,
                wanted,
                LinkSettings.NONE.withMac(port.mac()).withMtu(port.mtu()).withNamespace(target)));
      }
      finish(
          name,
          LinkSettings.UP.withLinkLocal(false).withMaster(bridge),
          Optional.of(BridgePort.TUNNEL));
    } else {
      var changes = difference(standing.get(), Optional.of(port.mac()), port.mtu());
      finish(name, withMaster(changes, standing.get(), bridge), Optional.of(BridgePort.TUNNEL));
    }
    tables.reread(name);
  }

  void put(ForwardingObject.EndpointPort port) {
    var alias = new PortAlias(port.endpoint(), port.network(), port.mac(), port.addresses()).text();
    if (alias.length() > PortAlias.MAX_LENGTH) {
      throw new IllegalArgumentException(
          "the names of endpoint and network and the addresses have "
              + alias.length()
              + " characters together, more than the kernel keeps (255); use shorter names");
    }
    var standing = tables.rtnetlink().link(port.port());
    if (standing.isPresent() && standing.get().alias().isEmpty()) {
      // An agent died between making it and naming it: nobody uses it.
      tables.rtnetlink().execute(new Request.DeleteLink(standing.get().index()));
      standing = Optional.empty();
    }
    int bridge = indexOf(Translation.bridgeName(port.vni()));
    if (standing.isPresent()) {
      var changes = difference(standing.get(), Optional.empty(), port.mtu());
      finish(
          port.port(), withMaster(changes, standing.get(), bridge), Optional.of(BridgePort.PINNED));
    } else if (port.pod().isPresent()) {
      create(port, port.pod().get(), alias, bridge);
    } else {
      throw new IllegalArgumentException(
          "interface " + port.port() + " is gone; attach the endpoint again");
    }
    tables.reread(port.port());
  }

  private void create(
      ForwardingObject.EndpointPort port, PodInterface pod, String alias, int bridge) {
    try (var target = openPod(pod);
        var inside = Rtnetlink.openIn(target)) {
      tables
          .rtnetlink()
          .execute(
              new Request.CreateVeth(
                  port.port(),
                  LinkSettings.NONE.withMtu(port.mtu()),
                  pod.name(),
                  LinkSettings.NONE.withMac(port.mac()).withMtu(port.mtu()).withNamespace(target)));
      try {
        configure(inside, port, pod);
        finish(
            port.port(),
            LinkSettings.UP.withLinkLocal(false).withMaster(bridge).withAlias(alias),
            Optional.of(BridgePort.PINNED));
      } catch (LinuxException e) {
        remove(port.port());
        throw e;
      }
    }
  }

  private static Descriptor openPod(PodInterface pod) {
    try {
      return NetworkNamespaces.open(pod.networkNamespace());
    } catch (LinuxException e) {
      throw new IllegalArgumentException(
          "the pod's network namespace '"
              + pod.networkNamespace()
              + "' cannot be opened: "
              + e.errno(),
          e);
    }
  }

  private static void configure(
      Rtnetlink inside, ForwardingObject.EndpointPort port, PodInterface pod) {
    int index = inside.link(pod.name()).orElseThrow().index();
    var requests = new ArrayList<Request>();
    inside
        .link("lo")
        .ifPresent(lo -> requests.add(new Request.SetLink(lo.index(), LinkSettings.UP)));
    requests.add(new Request.SetLink(index, LinkSettings.UP));
    for (int i = 0; i < port.addresses().size(); i++) {
      requests.add(
          new Request.AddAddress(
              Address.of(index, port.addresses().get(i), pod.prefixLengths().get(i))));
    }
    performAll(inside, requests);
  }

  /** Sets what is to be set; the port's flags before it goes up, so that nothing slips through. */
  private void finish(String name, LinkSettings settings, Optional<BridgePort> flags) {
    int index = indexOf(name);
    var requests = new ArrayList<Request>();
    var down =
        new LinkSettings(
            settings.mac(),
            settings.mtu(),
            settings.alias(),
            settings.master(),
            Optional.empty(),
            settings.linkLocal(),
            Optional.empty());
    requests.add(new Request.SetLink(index, down));
    flags.ifPresent(port -> requests.add(new Request.SetBridgePort(index, port)));
    requests.add(new Request.SetLink(index, LinkSettings.UP));
    performAll(tables.rtnetlink(), requests);
  }

  private static void performAll(Rtnetlink rtnetlink, List<Request> requests) {
    for (var failure : rtnetlink.execute(requests)) {
      if (failure.isPresent()) {
        throw failure.get().toException();
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

  private int indexOf(String name) {
    return tables
        .rtnetlink()
        .link(name)
        .orElseThrow(() -> new IllegalArgumentException("device " + name + " does not stand (yet)"))
        .index();
  }

  /** Gone afterwards, whether it stood or not. */
  void remove(String name) {
    var standing = tables.rtnetlink().link(name);
    if (standing.isPresent()) {
      var outcome =
          tables.rtnetlink().execute(List.of(new Request.DeleteLink(standing.get().index())));
      var failure = outcome.getFirst();
      if (failure.isPresent() && !failure.get().notThere()) {
        throw failure.get().toException();
      }
    }
    tables.reread(name);
  }
}
