package io.weft.lab.fabric;

import io.weft.lab.fabric.FabricPlan.Cable;
import io.weft.lab.fabric.FabricPlan.End;
import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.fabric.FabricPlan.Role;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Makes the kernel hold what a {@link FabricPlan} says. What fails leaves the rest standing. */
public final class Underlay implements AutoCloseable {
  private final Map<String, Rtnetlink> open = new TreeMap<>();
  private final Map<String, List<Request>> requests = new TreeMap<>();

  private Underlay() {}

  /**
   * Makes everything.
   *
   * @throws io.weft.linux.ffi.LinuxException with what the kernel refuses
   * @throws IOException when a setting under {@code /proc/sys} cannot be written
   */
  public static void build(FabricPlan plan) throws IOException {
    try (var underlay = new Underlay()) {
      for (var namespace : plan.namespaces()) {
        underlay.make(namespace, plan.hasIpv6());
      }
      plan.cables().forEach(cable -> underlay.lay(cable, plan.isWayOut(cable)));
      plan.namespaces().forEach(underlay::loopback);
      for (var route : plan.routes()) {
        var made = Route.of(route.prefix(), NextHop.via(route.via()));
        underlay.later(
            route.namespace(),
            new Request.AddRoute(route.source().map(made::withSource).orElse(made)));
      }
      underlay.carryOut();
    }
  }

  private void make(Namespace namespace, boolean ipv6) throws IOException {
    NetworkNamespaces.create(namespace.name());
    if (namespace.role() == Role.ENDPOINT || namespace.role() == Role.CHECK) {
      try (var netlink = Rtnetlink.openIn(namespace.name())) {
        netlink.setLink(netlink.requireLink("lo").index(), LinkSettings.UP);
      }
      return;
    }
    open.put(namespace.name(), Rtnetlink.openIn(namespace.name()));
    NetworkNamespaces.callIn(
        namespace.name(),
        () -> {
          // A reply may take another way than the request; without this the kernel drops it.
          set("net/ipv4/conf/all/rp_filter", "0");
          set("net/ipv4/conf/default/rp_filter", "0");
          set("net/ipv4/ip_forward", namespace.routes() ? "1" : "0");
          if (ipv6) {
            set("net/ipv6/conf/all/forwarding", namespace.routes() ? "1" : "0");
            // Until its link-local address is known to be unique, a link resolves no neighbour.
            set("net/ipv6/conf/all/accept_dad", "0");
            set("net/ipv6/conf/default/accept_dad", "0");
          }
          return true;
        });
  }

  /** /proc/sys/net shows the namespace of the thread that opens it. */
  private static void set(String setting, String value) throws IOException {
    Files.writeString(Path.of("/proc/sys", setting), value);
  }

  private void lay(Cable cable, boolean wayOut) {
    var settings = LinkSettings.UP.withMtu(cable.mtu());
    var routing = wayOut ? settings.withForwarding(true) : settings;
    var upper = netlink(cable.upper().namespace());
    var lower = netlink(cable.lower().namespace());
    var pair =
        upper.createVeth(cable.upper().link(), settings, cable.lower().link(), routing, lower);
    address(cable.upper(), pair.link().index());
    address(cable.lower(), pair.peer().index());
  }

  private void address(End end, int link) {
    for (var address : end.addresses()) {
      later(end.namespace(), new Request.AddAddress(Address.of(link, address, address.bits() - 1)));
    }
  }

  private void loopback(Namespace namespace) {
    var netlink = open.get(namespace.name());
    if (netlink == null) {
      return;
    }
    int lo = netlink.requireLink("lo").index();
    later(namespace.name(), new Request.SetLink(lo, LinkSettings.UP));
    namespace
        .loopbacks()
        .forEach(
            address ->
                later(
                    namespace.name(),
                    new Request.AddAddress(Address.of(lo, address, address.bits()))));
  }

  private void later(String namespace, Request request) {
    requests.computeIfAbsent(namespace, _ -> new ArrayList<>()).add(request);
  }

  private void carryOut() {
    requests.forEach(
        (namespace, all) -> {
          for (var outcome : netlink(namespace).execute(all)) {
            if (outcome.isPresent()) {
              throw outcome.get().toException();
            }
          }
        });
  }

  private Rtnetlink netlink(String namespace) {
    var netlink = open.get(namespace);
    if (netlink == null) {
      throw new IllegalStateException(namespace + " has no links in the plan");
    }
    return netlink;
  }

  @Override
  public void close() {
    open.values().forEach(Rtnetlink::close);
  }
}
