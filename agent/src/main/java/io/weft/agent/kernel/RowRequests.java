package io.weft.agent.kernel;

import io.weft.linux.ffi.Errno;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Failure;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.MdbEntry;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.MovedMac;
import io.weft.overlay.forwarding.TenantHop;
import io.weft.overlay.forwarding.UnknownUnicast;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * From a change of one row of a tenant's tables to what the kernel is asked for.
 *
 * @param links what stands; kept up to date by its owner
 * @param strays what resembles rows of flood lists, likewise
 * @param believed what stands, by key
 */
record RowRequests(
    TenantLinks links, StrayFloods strays, Map<ForwardingKey, ForwardingObject> believed) {
  /** The requests that make one row of a table so; none while its device is missing. */
  List<Request> of(KernelChange change) {
    return switch (change) {
      case KernelChange.Put(var object) -> put(object);
      case KernelChange.Remove(var object) -> remove(object);
    };
  }

  private List<Request> put(ForwardingObject object) {
    return switch (object) {
      case ForwardingObject.FloodEntry flood -> putFlood(flood);
      case ForwardingObject.MulticastEntry entry ->
          mdb(entry).map(Request.PutMdb::new).stream().map(Request.class::cast).toList();
      case UnknownUnicast flag -> unknown(flag, true).stream().map(Request.class::cast).toList();
      case ForwardingObject.NeighbourEntry neighbour ->
          neighbour(neighbour).map(Request.PutNeighbour::new).stream()
              .map(Request.class::cast)
              .toList();
      case ForwardingObject.GatewayAddress gateway ->
          address(gateway).map(Request.AddAddress::new).stream().map(Request.class::cast).toList();
      case ForwardingObject.TransitGuard guard ->
          TransitRules.of(guard).stream().<Request>map(Request.AddRule::new).toList();
      case ForwardingObject.TenantRoute route ->
          route(route).map(Request.ReplaceRoute::new).stream().map(Request.class::cast).toList();
      case EgressObject.EgressRoute route ->
          route(route).map(Request.ReplaceRoute::new).stream().map(Request.class::cast).toList();
      case EgressObject.DeadEnd end -> List.of(new Request.ReplaceRoute(Rows.route(end)));
      case ForwardingObject.EndpointRoute route ->
          route(route).map(Request.ReplaceRoute::new).stream().map(Request.class::cast).toList();
      case ForwardingObject.SendingNeighbour neighbour ->
          neighbour(neighbour).map(Request.PutNeighbour::new).stream()
              .map(Request.class::cast)
              .toList();
      case ForwardingObject.BridgeFdbEntry row -> putBridge(row);
      case ForwardingObject.LocalFdbEntry row -> putLocal(row);
      case ForwardingObject.VxlanFdbEntry _,
          ForwardingObject.SendingFdbEntry _,
          ForwardingObject.UnderlayRoute _,
          ForwardingObject.TenantNamespace _,
          EgressObject.EgressFilter _,
          EgressObject.EgressLink _,
          EgressObject.EgressPort _,
          EgressObject.EgressAddress _,
          ForwardingObject.Bridge _,
          ForwardingObject.Ipv6Routing _,
          ForwardingObject.VxlanPort _,
          ForwardingObject.SendingPort _,
          MovedMac _,
          ForwardingObject.TapPort _,
          ForwardingObject.EndpointPort _ ->
          fdb(object).map(Request.PutFdb::new).stream().map(Request.class::cast).toList();
    };
  }

  /** The VNI is part of what the kernel tells members apart by: the old one must go first. */
  private List<Request> putFlood(ForwardingObject.FloodEntry flood) {
    var requests = strays(flood);
    var before = believed.get(flood.key());
    if (before != null && !before.equals(flood)) {
      fdb(before).map(Request.DeleteFdb::new).ifPresent(requests::add);
    }
    fdb(flood).map(Request.AppendFdb::new).ifPresent(requests::add);
    return requests;
  }

  /**
   * A bridge has one row for a MAC, and what one that stands has of flags stays, whatever it is put
   * with: that one must go first.
   */
  private List<Request> putBridge(ForwardingObject.BridgeFdbEntry row) {
    var requests = new ArrayList<Request>();
    if (believed.get(row.key()) instanceof ForwardingObject.BridgeFdbEntry before
        && before.fixed() != row.fixed()) {
      fdb(before).map(Request.DeleteFdb::new).ifPresent(requests::add);
    }
    requests.addAll(deleteOther(Kind.LOCAL_FDB, row, row.mac()));
    fdb(row).map(Request.PutFdb::new).ifPresent(requests::add);
    return requests;
  }

  /** As {@link #putBridge}. */
  private List<Request> putLocal(ForwardingObject.LocalFdbEntry row) {
    var requests = new ArrayList<>(deleteOther(Kind.BRIDGE_FDB, row, row.mac()));
    fdb(row).map(Request.PutFdb::new).ifPresent(requests::add);
    return requests;
  }

  private List<Request> deleteOther(Kind kind, ForwardingObject row, MacAddress mac) {
    var vni = new Vni(row.key().vni());
    var other =
        Optional.ofNullable(believed.get(ForwardingKey.of(kind, row.namespace(), vni, mac)));
    return other
        .filter(_ -> isInBridge(row))
        .flatMap(this::fdb)
        .map(Request.DeleteFdb::new)
        .stream()
        .map(Request.class::cast)
        .toList();
  }

  /** Else the kernel will refuse the row, and the other one shall stay. */
  private boolean isInBridge(ForwardingObject row) {
    return fdb(row)
        .flatMap(entry -> links.link(entry.link()))
        .filter(link -> links.master(link).isPresent())
        .isPresent();
  }

  private List<Request> strays(ForwardingObject.FloodEntry flood) {
    var requests = new ArrayList<Request>();
    strays.of(flood.key()).forEach(row -> requests.add(new Request.DeleteFdb(row)));
    return requests;
  }

  private List<Request> remove(ForwardingObject object) {
    if (object instanceof ForwardingObject.FloodEntry flood) {
      var requests = strays(flood);
      fdb(flood).map(Request.DeleteFdb::new).ifPresent(requests::add);
      return requests;
    }
    if (object instanceof ForwardingObject.TransitGuard guard) {
      return TransitRules.of(guard).stream().<Request>map(Request.DeleteRule::new).toList();
    }
    Optional<? extends Request> request =
        switch (object) {
          case ForwardingObject.NeighbourEntry neighbour ->
              neighbour(neighbour).map(Request.DeleteNeighbour::new);
          case ForwardingObject.SendingNeighbour neighbour ->
              neighbour(neighbour).map(Request.DeleteNeighbour::new);
          case UnknownUnicast flag -> unknown(flag, false);
          case ForwardingObject.MulticastEntry entry -> mdb(entry).map(Request.DeleteMdb::new);
          case ForwardingObject.SendingFdbEntry entry ->
              sending(entry.vni(), entry.vtep())
                  .map(index -> new Request.DeleteFdb(Rows.sendingOfMac(index, entry)));
          case ForwardingObject.GatewayAddress gateway ->
              address(gateway).map(Request.DeleteAddress::new);
          case ForwardingObject.TenantRoute route ->
              Optional.of(new Request.DeleteRoute(Rows.anyRoute(route)));
          case EgressObject.EgressRoute route -> route(route).map(Request.DeleteRoute::new);
          case ForwardingObject.EndpointRoute route ->
              Optional.of(new Request.DeleteRoute(Rows.anyRoute(route)));
          case EgressObject.DeadEnd end -> Optional.of(new Request.DeleteRoute(Rows.route(end)));
          case ForwardingObject.VxlanFdbEntry entry ->
              vxlan(entry.vni(), entry.vtep())
                  .map(index -> new Request.DeleteFdb(Rows.vxlanOfMac(index, entry)));
          case ForwardingObject.BridgeFdbEntry _,
              ForwardingObject.FloodEntry _,
              ForwardingObject.LocalFdbEntry _,
              ForwardingObject.UnderlayRoute _,
              ForwardingObject.TenantNamespace _,
              EgressObject.EgressFilter _,
              EgressObject.EgressLink _,
              EgressObject.EgressPort _,
              EgressObject.EgressAddress _,
              ForwardingObject.Bridge _,
              ForwardingObject.Ipv6Routing _,
              ForwardingObject.VxlanPort _,
              ForwardingObject.SendingPort _,
              MovedMac _,
              ForwardingObject.TransitGuard _,
              ForwardingObject.TapPort _,
              ForwardingObject.EndpointPort _ ->
              fdb(object).map(Request.DeleteFdb::new);
        };
    return request.stream().map(Request.class::cast).toList();
  }

  private Optional<FdbEntry> fdb(ForwardingObject object) {
    return switch (object) {
      case ForwardingObject.VxlanFdbEntry entry ->
          vxlan(entry.vni(), entry.vtep()).map(index -> Rows.vxlan(index, entry));
      case ForwardingObject.BridgeFdbEntry entry ->
          links.vxlan(entry.vni(), entry.ipv6()).map(index -> Rows.bridge(index, entry));
      case ForwardingObject.FloodEntry entry ->
          vxlan(entry.vni(), entry.vtep()).map(index -> Rows.flood(index, entry));
      case ForwardingObject.SendingFdbEntry entry ->
          sending(entry.vni(), entry.vtep()).map(index -> Rows.sending(index, entry));
      case ForwardingObject.LocalFdbEntry entry ->
          device(entry.port()).map(index -> Rows.local(index, entry));
      case ForwardingObject.UnderlayRoute _,
          ForwardingObject.TenantNamespace _,
          ForwardingObject.Bridge _,
          ForwardingObject.Ipv6Routing _,
          ForwardingObject.VxlanPort _,
          ForwardingObject.SendingPort _,
          MovedMac _,
          ForwardingObject.TapPort _,
          ForwardingObject.EndpointPort _,
          UnknownUnicast _,
          ForwardingObject.MulticastEntry _,
          ForwardingObject.NeighbourEntry _,
          ForwardingObject.SendingNeighbour _,
          ForwardingObject.TransitGuard _,
          ForwardingObject.GatewayAddress _,
          EgressObject.EgressFilter _,
          EgressObject.EgressLink _,
          EgressObject.EgressPort _,
          EgressObject.EgressAddress _,
          EgressObject.EgressRoute _,
          EgressObject.DeadEnd _,
          ForwardingObject.EndpointRoute _,
          ForwardingObject.TenantRoute _ ->
          throw new IllegalArgumentException(object + " is not a row of a forwarding database");
    };
  }

  private Optional<Request.SetUnicastFlood> unknown(UnknownUnicast flag, boolean on) {
    return links
        .vxlan(flag.vni(), flag.ipv6())
        .map(index -> new Request.SetUnicastFlood(index, on));
  }

  private Optional<MdbEntry> mdb(ForwardingObject.MulticastEntry entry) {
    return vxlan(entry.vni(), entry.vtep()).map(index -> Rows.multicast(index, entry));
  }

  private Optional<Neighbour> neighbour(ForwardingObject.NeighbourEntry entry) {
    return device(DeviceNames.bridge(entry.vni()))
        .map(index -> Neighbour.remote(index, entry.ip(), entry.mac(), Rows.PROTOCOL));
  }

  private Optional<Neighbour> neighbour(ForwardingObject.SendingNeighbour entry) {
    return sending(entry.vni(), entry.vtep())
        .map(index -> Neighbour.remote(index, entry.vtep(), entry.mac(), Rows.PROTOCOL));
  }

  private Optional<Address> address(ForwardingObject.GatewayAddress gateway) {
    return device(DeviceNames.bridge(gateway.vni()))
        .map(index -> Address.of(index, gateway.address(), gateway.prefixLength()));
  }

  private Optional<Route> route(EgressObject.EgressRoute route) {
    return device(EgressObject.EgressLink.NAME).map(index -> Rows.route(index, route));
  }

  private Optional<Route> route(ForwardingObject.TenantRoute route) {
    return devices(route.hops()).map(devices -> Rows.route(route, devices));
  }

  private Optional<Route> route(ForwardingObject.EndpointRoute route) {
    return devices(route.hops()).map(devices -> Rows.route(route, devices));
  }

  /** Empty when one of them does not stand. */
  private Optional<List<Integer>> devices(List<TenantHop> hops) {
    var devices = new ArrayList<Integer>();
    hops.forEach(hop -> device(hop).ifPresent(devices::add));
    return devices.size() == hops.size() ? Optional.of(devices) : Optional.empty();
  }

  private Optional<Integer> device(TenantHop hop) {
    return hop.foreign()
        ? links.sending(hop.vni(), hop.overIpv6())
        : device(DeviceNames.bridge(hop.vni()));
  }

  private Optional<Integer> device(String name) {
    return links.link(name).map(Link::index);
  }

  private Optional<Integer> vxlan(Vni vni, IpAddress vtep) {
    return links.vxlan(vni, !vtep.isIpv4());
  }

  private Optional<Integer> sending(Vni foreign, IpAddress vtep) {
    return links.sending(foreign, TenantHop.sending(foreign, vtep).overIpv6());
  }

  /** What was to go is not there, or what was to come is there already. */
  static boolean isFine(Request request, Failure failure) {
    return switch (request) {
      case Request.DeleteFdb(var row) when row.table() == FdbTable.MASTER ->
          failure.notThere() || failure.errno().equals(Errno.EOPNOTSUPP); // no port of a bridge
      case Request.DeleteFdb _,
          Request.DeleteMdb _,
          Request.DeleteNeighbour _,
          Request.DeleteRoute _,
          Request.DeleteRule _,
          Request.DeleteAddress _ ->
          failure.notThere();
      default -> failure.alreadyThere();
    };
  }

  /** True for what is written and removed in bulk, by requests that the kernel answers together. */
  static boolean isRow(ForwardingKey key) {
    if (key.kind() == ForwardingKey.Kind.EGRESS_ROUTE && key.namespace().isEmpty()) {
      return false; // there are few, and what they lead over is looked after elsewhere
    }
    return switch (key.kind()) {
      case NAMESPACE,
          EGRESS_FILTER,
          EGRESS_LINK,
          EGRESS_PORT,
          EGRESS_ADDRESS,
          BRIDGE,
          IPV6_ROUTING,
          VXLAN,
          SENDING_PORT,
          MOVED_MAC,
          PORT,
          TAP ->
          false;
      case UNDERLAY_ROUTE,
          EGRESS_ROUTE,
          ENDPOINT_ROUTE,
          DEAD_END,
          GATEWAY,
          LOCAL_FDB,
          VXLAN_FDB,
          BRIDGE_FDB,
          FLOOD,
          UNKNOWN_UNICAST,
          MULTICAST,
          NEIGHBOUR,
          SENDING_FDB,
          SENDING_NEIGHBOUR,
          TRANSIT_GUARD,
          TENANT_ROUTE ->
          true;
    };
  }
}
