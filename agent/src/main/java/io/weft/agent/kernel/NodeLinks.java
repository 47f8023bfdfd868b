package io.weft.agent.kernel;

import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.RouteType;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.NodeLink;
import java.util.Optional;
import java.util.OptionalInt;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Links of the node that become ports of a tenant, and go back. A link that is taken carries an
 * alias that says whose it is and what it was from before it leaves until after it is back: at
 * whatever moment an agent dies, the next one knows.
 *
 * @param host a socket in the namespace of the underlay
 */
record NodeLinks(Rtnetlink host, TenantTables tables) {
  private static final Logger LOG = LoggerFactory.getLogger(NodeLinks.class);

  /** As far as its kind and its name tell: any link of the node can be a port. */
  static boolean mayBePort(Link link) {
    return link.kind().equals("veth") || link.name().startsWith(AddressPlan.PORT);
  }

  /** Makes the port; its bridge and its flags are yet to be set. */
  void create(EndpointPort port, NodeLink link, PortAlias alias) {
    switch (link) {
      case NodeLink.Device device -> take(port, device, alias);
      case NodeLink.Vlan vlan -> split(port, vlan);
      case NodeLink.Tap _ ->
          tables
              .rtnetlink()
              .execute(
                  new Request.CreateVeth(
                      port.port(),
                      LinkSettings.NONE.withMtu(port.mtu()),
                      AddressPlan.tapEndName(port.port()),
                      LinkSettings.NONE.withMtu(port.mtu()).withNamespace(host.namespace())));
    }
  }

  private void take(EndpointPort port, NodeLink.Device device, PortAlias alias) {
    var link = require(device);
    requireUnused(host, link);
    if (link.mac().equals(Optional.of(port.mac()))) {
      throw new IllegalArgumentException(
          "%s is the MAC address of %s itself; give that of what is behind it"
              .formatted(port.mac(), device.name()));
    }
    var former = new PortAlias.Former(link.mtu(), link.up());
    var text = alias.with(Optional.of(former)).text();
    PortAlias.requireFits(text);
    host.execute(new Request.SetLink(link.index(), LinkSettings.NONE.withAlias(text)));
    try {
      host.execute(new Request.SetLink(link.index(), LinkSettings.NONE.withUp(false)));
      host.execute(new Request.MoveLink(link.index(), tables.rtnetlink().namespace(), port.port()));
    } catch (LinuxException e) {
      restore(host, link.index(), former);
      throw e;
    }
  }

  private void split(EndpointPort port, NodeLink.Vlan vlan) {
    var parent = require(vlan);
    if (parent.mtu() < port.mtu()) {
      throw new IllegalArgumentException(
          "%s has MTU %d, less than the %d of network '%s'; raise it, or set the network's mtu"
              .formatted(vlan.name(), parent.mtu(), port.mtu(), port.network()));
    }
    if (!parent.up()) {
      host.execute(new Request.SetLink(parent.index(), LinkSettings.UP));
    }
    try {
      host.execute(
          new Request.CreateVlan(
              port.port(),
              parent.index(),
              vlan.id(),
              LinkSettings.NONE.withMtu(port.mtu()).withNamespace(tables.rtnetlink().namespace())));
    } catch (LinuxException e) {
      if (e.errno().equals(Errno.EOPNOTSUPP)) {
        throw new IllegalArgumentException(
            "this kernel has no VLANs (CONFIG_VLAN_8021Q, module 8021q)", e);
      }
      if (e.errno().equals(Errno.EEXIST)) {
        throw new IllegalArgumentException(
            "another link has VLAN %d of %s already".formatted(vlan.id(), vlan.name()), e);
      }
      throw e;
    }
  }

  private Link require(NodeLink wanted) {
    return host.link(wanted.name())
        .orElseThrow(() -> new IllegalArgumentException("the node has no link " + wanted.name()));
  }

  /**
   * What the node itself uses is never taken.
   *
   * @throws IllegalArgumentException which says what it is used for
   */
  static void requireUnused(Rtnetlink host, Link link) {
    if (link.mac().isEmpty()) {
      throw new IllegalArgumentException(link.name() + " carries no Ethernet frames");
    }
    if (link.master().isPresent()) {
      throw new IllegalArgumentException(
          link.name() + " is a port of another link; take it out of there first");
    }
    for (var address : host.addresses(link.index())) {
      if (!address.address().isLinkLocal()) {
        throw new IllegalArgumentException(
            "%s has the address %s of the node; it is in use"
                .formatted(link.name(), address.address()));
      }
    }
    for (var above : host.links()) {
      boolean on =
          !above.kind().equals("veth")
              && above.peerNamespaceId().isEmpty()
              && above.peer().equals(OptionalInt.of(link.index()));
      if (on) {
        throw new IllegalArgumentException(
            "%s carries %s of the node; it is in use".formatted(link.name(), above.name()));
      }
    }
    for (var route : host.routes()) {
      boolean over =
          route.nextHops().stream().anyMatch(hop -> hop.link().orElse(0) == link.index());
      if (over
          && route.table() == Route.MAIN_TABLE
          && route.type() == RouteType.UNICAST
          && !route.prefix().address().isLinkLocal()) {
        throw new IllegalArgumentException(
            "the node routes to %s over %s; it is in use".formatted(route.prefix(), link.name()));
      }
    }
  }

  /** Ends the port: a link of the node goes back to where it was taken from, others are deleted. */
  void end(Link port) {
    var alias = port.alias().flatMap(PortAlias::parse);
    if (alias.flatMap(PortAlias::link).orElse(null) instanceof NodeLink.Device device) {
      giveBack(port, device, alias.flatMap(PortAlias::former));
    } else {
      tables.rtnetlink().executeIfThere(new Request.DeleteLink(port.index()));
    }
  }

  private void giveBack(Link port, NodeLink.Device device, Optional<PortAlias.Former> former) {
    if (host.link(device.name()).isPresent()) {
      throw new IllegalArgumentException(
          "%s cannot be given back: another link of the node has its name; rename that one"
              .formatted(device.name()));
    }
    var inside = tables.rtnetlink();
    if (port.master().isPresent()) {
      inside.execute(new Request.SetLink(port.index(), LinkSettings.NONE.withMaster(0)));
    }
    inside.execute(new Request.SetLink(port.index(), LinkSettings.NONE.withUp(false)));
    inside.execute(new Request.MoveLink(port.index(), host.namespace(), device.name()));
    host.link(device.name())
        .ifPresent(
            link ->
                restore(host, link.index(), former.orElse(new PortAlias.Former(link.mtu(), true))));
  }

  /** The alias last: until then it says that this is yet to be done. */
  private static void restore(Rtnetlink host, int index, PortAlias.Former former) {
    host.execute(
        new Request.SetLink(index, LinkSettings.NONE.withMtu(former.mtu()).withLinkLocal(true)));
    host.execute(new Request.SetLink(index, LinkSettings.NONE.withUp(former.up())));
    host.execute(new Request.SetLink(index, LinkSettings.NONE.withAlias("")));
  }

  /**
   * Links of ours in the namespace of the underlay: an agent died while it took or gave back, or
   * somebody deleted the tenant's namespace, and the kernel saved the hardware.
   */
  static void recover(Rtnetlink host) {
    for (var link : host.links()) {
      var alias = link.alias().flatMap(PortAlias::parse);
      if (alias.flatMap(PortAlias::link).orElse(null) instanceof NodeLink.Device(var name)) {
        try {
          if (!link.name().equals(name)) {
            host.execute(new Request.SetLink(link.index(), LinkSettings.NONE.withUp(false)));
            host.execute(new Request.RenameLink(link.index(), name));
          }
          restore(
              host,
              link.index(),
              alias.flatMap(PortAlias::former).orElse(new PortAlias.Former(link.mtu(), true)));
          LOG.info("link {} is the node's again", name);
        } catch (LinuxException e) {
          LOG.warn(
              "link {}, which was {}, cannot be restored: {}", link.name(), name, e.getMessage());
        }
      }
    }
  }
}
