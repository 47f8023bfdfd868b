package io.weft.simulation;

import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.EvpnRoute.IpPrefixRoute;
import io.weft.bgp.wire.EvpnRoute.MacIpAdvertisement;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.MulticastChannel;
import java.util.HashSet;

/**
 * What strangers have said, as their peers understood it: whoever believes a peer may have entries
 * that follow from it, and no others. What was said counts to the end: a session that is cut, a
 * graceful restart or a process that stands still may bring it up later. All is only asked, never
 * walked through.
 */
final class Hearsay {
  private record Mac(MacAddress mac, IpAddress vtep) {}

  private record Binding(MacAddress mac, IpAddress ip) {}

  private record Copies(IpAddress vtep, int vni) {}

  private record Membership(IpAddress vtep, IpAddress group) {}

  private record Way(IpPrefix prefix, IpAddress vtep) {}

  private final HashSet<Mac> macs = new HashSet<>();
  private final HashSet<Binding> bindings = new HashSet<>();
  private final HashSet<Copies> copies = new HashSet<>();
  private final HashSet<Membership> memberships = new HashSet<>();
  private final HashSet<MulticastChannel> wanted = new HashSet<>();

  /** Who gets copies of all groups, as far as this goes. */
  private final HashSet<IpAddress> everything = new HashSet<>();

  private final HashSet<Way> ways = new HashSet<>();

  /** A peer has understood this. */
  void said(Message.Update update) {
    for (var route : update.announced()) {
      if (route instanceof EvpnRoute evpn) {
        update.attributes().ifPresent(attributes -> said(evpn, attributes));
      }
    }
  }

  private void said(EvpnRoute route, PathAttributes attributes) {
    var vtep = attributes.nextHop();
    for (var community : attributes.extendedCommunities()) {
      if (community.isRoutersMac()) {
        router(community, vtep);
      }
    }
    switch (route) {
      case MacIpAdvertisement host -> {
        macs.add(new Mac(host.mac(), vtep));
        host.ip().ifPresent(ip -> bindings.add(new Binding(host.mac(), ip)));
        host.ip().ifPresent(ip -> ways.add(new Way(new IpPrefix(ip, ip.bits()), vtep)));
      }
      case IpPrefixRoute prefix -> ways.add(new Way(prefix.prefix(), vtep));
      case EvpnRoute.InclusiveMulticast _ ->
          attributes
              .pmsiTunnel()
              .filter(tunnel -> isAddress(tunnel.identifier().length()))
              .ifPresent(
                  tunnel -> {
                    var end = IpAddress.of(tunnel.identifier().toArray());
                    copies.add(new Copies(end, tunnel.label()));
                    everything.add(end); // perhaps without a word of groups
                  });
      case SelectiveMulticast joined ->
          joined
              .group()
              .ifPresentOrElse(
                  group -> {
                    memberships.add(new Membership(vtep, group));
                    wanted.add(new MulticastChannel(group, joined.source()));
                  },
                  () -> everything.add(vtep));
      default -> {} // what nothing follows from here
    }
  }

  private static boolean isAddress(int octets) {
    return octets == 4 || octets == 16;
  }

  private void router(ExtendedCommunity community, IpAddress vtep) {
    macs.add(new Mac(community.mac(), vtep));
    bindings.add(new Binding(community.mac(), vtep));
  }

  /** Somebody said that the MAC, of a host or of a router, is behind the VTEP. */
  boolean isBehind(MacAddress mac, IpAddress vtep) {
    return macs.contains(new Mac(mac, vtep));
  }

  /** Somebody said that the MAC has the address. */
  boolean has(MacAddress mac, IpAddress ip) {
    return bindings.contains(new Binding(mac, Invariants.unmapped(ip)));
  }

  /** Somebody said that the VTEP takes copies with this VNI. */
  boolean takesCopies(IpAddress vtep, Vni vni) {
    return copies.contains(new Copies(vtep, vni.value()));
  }

  /** Somebody said that the VTEP wants copies of the group, or said nothing of what it wants. */
  boolean mayGet(IpAddress vtep, IpAddress group) {
    return everything.contains(vtep) || memberships.contains(new Membership(vtep, group));
  }

  /** Somebody said that somebody wants it: who does not ask for groups gets it too. */
  boolean isWanted(MulticastChannel channel) {
    return wanted.contains(channel);
  }

  /** Somebody said that the VTEP leads to the prefix. */
  boolean leads(IpPrefix prefix, IpAddress vtep) {
    return ways.contains(new Way(prefix, vtep));
  }
}
