package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.RouteType;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.PodInterface;
import java.io.File;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;

/**
 * The end of a standing veth that the pod sees, where the network's changes go too: its MTU, and
 * the default routes that we gave it. What the pod set itself stays.
 *
 * @param namespace name or path of the pod's
 * @param link its index there
 */
record PodEnd(String namespace, int link) {
  /**
   * Looks for it: where it was put, then among the named namespaces, then among those of processes.
   *
   * @throws IllegalArgumentException when its namespace is in none of these places
   */
  static PodEnd of(Rtnetlink tenant, Link port, EndpointPort wanted) {
    var places =
        Stream.of(
                wanted.pod().map(PodInterface::networkNamespace).stream(),
                NetworkNamespaces.list().stream(),
                processes())
            .flatMap(stream -> stream);
    return places
        .filter(place -> port.peer().isPresent() && isNumber(tenant, place, port.peerNamespaceId()))
        .findFirst()
        .map(place -> new PodEnd(place, port.peer().getAsInt()))
        .orElseThrow(
            () ->
                new IllegalArgumentException(
                    "the pod's network namespace is neither named nor a process's: its MTU and"
                        + " default route cannot follow; detach it and attach it again"));
  }

  private static Stream<String> processes() {
    var names = Optional.ofNullable(new File("/proc").list()).orElse(new String[0]);
    return Stream.of(names)
        .filter(name -> Character.isDigit(name.charAt(0)))
        .map(name -> "/proc/" + name + "/ns/net");
  }

  /** Namespaces are told apart by the number that the tenant's has for them. */
  private static boolean isNumber(Rtnetlink tenant, String place, OptionalInt number) {
    try (Descriptor candidate = NetworkNamespaces.open(place)) {
      return number.isPresent() && tenant.numberOf(candidate).equals(number);
    } catch (LinuxException _) {
      return false; // it went meanwhile, or is a name only
    }
  }

  /**
   * Sets what differs.
   *
   * @param given the gateways of the default routes that it has from us
   * @param buffers of the tenant's own socket
   */
  void follow(EndpointPort port, List<IpAddress> given, NetlinkSocket.Buffers buffers) {
    try (var target = NetworkNamespaces.open(namespace);
        var inside = Rtnetlink.openHereIn(target, buffers)) {
      inside.execute(new Request.SetLink(link, LinkSettings.NONE.withMtu(port.mtu())));
      var families = new ArrayList<IpAddress>(given);
      families.addAll(port.gateways());
      if (families.isEmpty()) {
        return;
      }
      var defaults = inside.routes().stream().filter(route -> isDefault(route)).toList();
      for (boolean ipv4 : new boolean[] {true, false}) {
        follow(inside, defaults, of(given, ipv4), of(port.gateways(), ipv4), ipv4);
      }
    }
  }

  private static Optional<IpAddress> of(List<IpAddress> gateways, boolean ipv4) {
    return gateways.stream().filter(gateway -> gateway.isIpv4() == ipv4).findFirst();
  }

  private static boolean isDefault(Route route) {
    return route.prefix().length() == 0
        && route.table() == Route.MAIN_TABLE
        && route.type() == RouteType.UNICAST;
  }

  private void follow(
      Rtnetlink inside,
      List<Route> defaults,
      Optional<IpAddress> before,
      Optional<IpAddress> after,
      boolean ipv4) {
    var ours =
        defaults.stream()
            .filter(route -> before.isPresent() && leadsTo(route, before.get()))
            .findFirst();
    boolean another =
        defaults.stream()
            .anyMatch(route -> route.prefix().address().isIpv4() == ipv4 && !isIn(route, ours));
    if (before.equals(after) && ours.isPresent() || another && ours.isEmpty()) {
      return;
    }
    ours.ifPresent(route -> inside.executeIfThere(new Request.DeleteRoute(route)));
    after.ifPresent(
        gateway -> {
          var everywhere = new IpPrefix(gateway.masked(0), 0);
          var route = Route.of(everywhere, NextHop.via(gateway, link));
          var source = ours.flatMap(Route::source);
          inside.execute(new Request.AddRoute(source.map(route::withSource).orElse(route)));
        });
  }

  private static boolean isIn(Route route, Optional<Route> ours) {
    return ours.filter(route::equals).isPresent();
  }

  private boolean leadsTo(Route route, IpAddress gateway) {
    return route.nextHops().size() == 1
        && route.nextHops().getFirst().via().equals(Optional.of(gateway))
        && route.link().equals(OptionalInt.of(link));
  }
}
