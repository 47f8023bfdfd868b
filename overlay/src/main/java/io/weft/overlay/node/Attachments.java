package io.weft.overlay.node;

import static io.weft.overlay.attachment.AttachResult.Reason.ADDRESS_IN_USE;
import static io.weft.overlay.attachment.AttachResult.Reason.ADDRESS_OUTSIDE_SUBNET;
import static io.weft.overlay.attachment.AttachResult.Reason.INVALID_REQUEST;
import static io.weft.overlay.attachment.AttachResult.Reason.LIMIT_REACHED;
import static io.weft.overlay.attachment.AttachResult.Reason.NOT_READY;
import static io.weft.overlay.attachment.AttachResult.Reason.NO_FREE_ADDRESS;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.ClusterAddresses;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.evpn.RemoteRoutes;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.EndpointRoute;
import io.weft.overlay.forwarding.PodInterface;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressBook.Choice;
import io.weft.overlay.ipam.AddressWrite;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Pattern;

/** The endpoints of this node, and what an attach call must fulfil to become one. */
final class Attachments {
  private static final Pattern ENDPOINT =
      Pattern.compile("\\S{1," + AttachRequest.MAX_ENDPOINT_LENGTH + "}");
  private static final Pattern INTERFACE = Pattern.compile("[^\\s/:]{1,15}");

  private final int maxEndpoints;
  private final AddressBook book;
  private final TreeMap<String, Endpoint> endpoints = new TreeMap<>();

  Attachments(int maxEndpoints, AddressBook book) {
    this.maxEndpoints = maxEndpoints;
    this.book = book;
  }

  AddressBook book() {
    return book;
  }

  /** What came of checking a request. */
  sealed interface Checked {
    record Accepted(Endpoint endpoint) implements Checked {}

    record Rejected(Refused refusal) implements Checked {}

    /** The store of addresses has to be changed first. */
    record Waits(AddressWrite write) implements Checked {}
  }

  Collection<Endpoint> all() {
    return Collections.unmodifiableCollection(endpoints.values());
  }

  Optional<Endpoint> find(String name) {
    return Optional.ofNullable(endpoints.get(name));
  }

  void add(Endpoint endpoint) {
    endpoints.put(endpoint.name(), endpoint);
    endpoint.addresses().forEach(host -> book.use(endpoint.network(), host.address()));
    var known = endpoint.cluster();
    known.addresses().forEach(ip -> book.use(known.network(), ip));
  }

  /** Its addresses stay used until {@link #free}. */
  void remove(String name) {
    endpoints.remove(name);
  }

  /** Nothing of the endpoint is left: its addresses are free, unless others have them. */
  void free(Endpoint gone) {
    gone.addresses().stream()
        .map(HostAddress::address)
        .filter(ip -> localOwner(gone.network(), ip).isEmpty())
        .forEach(ip -> book.free(gone.network(), ip));
    var known = gone.cluster();
    known.addresses().forEach(ip -> book.free(known.network(), ip));
  }

  List<Endpoint> of(String network) {
    return endpoints.values().stream().filter(e -> e.network().equals(network)).toList();
  }

  /**
   * Checks a request against the network and all that is known of it; changes nothing.
   *
   * @param claimed its addresses are those of a claim that it holds
   */
  Checked check(
      AttachRequest request,
      NetworkIntent network,
      Optional<RemoteRoutes> remote,
      Collection<IpPrefix> tenantSubnets,
      boolean claimed) {
    if (endpoints.size() >= maxEndpoints) {
      return rejected(
          LIMIT_REACHED, "this node has " + maxEndpoints + " endpoints, the most it takes");
    }
    var shape = wrongShape(request);
    if (shape.isPresent()) {
      return rejected(INVALID_REQUEST, shape.get());
    }
    var port = AddressPlan.portName(request.endpoint());
    for (var other : endpoints.values()) {
      if (other.link().isPresent() && other.link().equals(request.link())) {
        return rejected(
            INVALID_REQUEST,
            "%s is that of endpoint '%s' already; detach it first"
                .formatted(other.link().get(), other.name()));
      }
      if (other.port().equals(port)) {
        return rejected(
            INVALID_REQUEST,
            "endpoint '"
                + request.endpoint()
                + "' gets the port name "
                + port
                + ", which '"
                + other.name()
                + "' has; use another endpoint name");
      }
    }
    return switch (address(request, network, remote, port, claimed)) {
      case Checked.Accepted accepted -> prefixes(accepted, request, network, tenantSubnets);
      case Checked other -> other;
    };
  }

  private static Checked prefixes(
      Checked.Accepted accepted,
      AttachRequest request,
      NetworkIntent network,
      Collection<IpPrefix> tenantSubnets) {
    var addresses = accepted.endpoint().addresses().stream().map(HostAddress::address).toList();
    return PrefixGuard.problem(request, network, addresses, tenantSubnets)
        .<Checked>map(problem -> rejected(INVALID_REQUEST, problem))
        .orElse(accepted);
  }

  private static Optional<String> wrongShape(AttachRequest request) {
    if (!ENDPOINT.matcher(request.endpoint()).matches()) {
      return Optional.of(
          "endpoint name '" + request.endpoint() + "' must have 1..100 characters and no blanks");
    }
    var place = request.link().isEmpty() ? wrongPod(request) : wrongLink(request);
    if (place.isPresent()) {
      return place;
    }
    if (request.mac().filter(mac -> mac.isMulticast() || mac.isZero()).isPresent()) {
      return Optional.of("MAC address " + request.mac().get() + " is not a unicast address");
    }
    if (request.addresses().size() > AttachRequest.MAX_ADDRESSES) {
      return Optional.of("more than " + AttachRequest.MAX_ADDRESSES + " addresses");
    }
    if (new TreeSet<>(request.addresses()).size() < request.addresses().size()) {
      return Optional.of("an address stands twice in " + request.addresses());
    }
    return Optional.empty();
  }

  private static Optional<String> wrongPod(AttachRequest request) {
    if (!INTERFACE.matcher(request.interfaceName()).matches()
        || request.interfaceName().equals(".")
        || request.interfaceName().equals("..")) {
      return Optional.of(
          "interface name '"
              + request.interfaceName()
              + "' must have 1..15 characters, no blank, slash or colon");
    }
    return request.networkNamespace().isEmpty()
        ? Optional.of("the network namespace of the pod is missing")
        : Optional.empty();
  }

  private static Optional<String> wrongLink(AttachRequest request) {
    if (!request.networkNamespace().isEmpty() || !request.interfaceName().isEmpty()) {
      return Optional.of("an endpoint is in a network namespace or behind a link, not both");
    }
    return request.mac().isEmpty() && !request.leavesAddressesOpen() && !request.learnsAll()
        ? Optional.of(
            "the MAC address of what is behind %s is missing; name it, or let it be learned"
                .formatted(request.link().orElseThrow()))
        : Optional.empty();
  }

  private Checked address(
      AttachRequest request,
      NetworkIntent network,
      Optional<RemoteRoutes> remote,
      String port,
      boolean claimed) {
    var addresses = new ArrayList<HostAddress>();
    if (request.addresses().isEmpty() && request.leavesAddressesOpen()) {
      for (var subnet : network.subnets()) {
        var choice =
            book.choose(
                network.name(),
                subnet,
                request.endpoint(),
                ip -> network.isGateway(ip) || remote.filter(r -> r.hasAddress(ip)).isPresent());
        if (!(choice instanceof Choice.Given(var ip))) {
          return notGiven(choice);
        }
        addresses.add(new HostAddress(ip, subnet.length()));
      }
      return unique(request, network, remote, port, addresses);
    }
    for (var ip : request.addresses()) {
      var subnet = network.subnets().stream().filter(s -> s.isHostAddress(ip)).findFirst();
      if (subnet.isEmpty()) {
        return rejected(
            ADDRESS_OUTSIDE_SUBNET,
            "address "
                + ip
                + " is not a host address in the subnets "
                + network.subnets()
                + " of network '"
                + network.name()
                + "'");
      }
      addresses.add(new HostAddress(ip, subnet.get().length()));
    }
    var unique = unique(request, network, remote, port, addresses);
    if (!claimed && unique instanceof Checked.Accepted) {
      for (var host : addresses) {
        var choice = book.fix(network.name(), host.prefix(), host.address());
        if (!(choice instanceof Choice.Given)) {
          return notGiven(choice);
        }
      }
    }
    return unique;
  }

  static Checked notGiven(Choice choice) {
    return switch (choice) {
      case Choice.Needs(var block) -> new Checked.Waits(new AddressWrite.Create(block));
      case Choice.Exhausted(var reason) -> rejected(NO_FREE_ADDRESS, reason);
      case Choice.Taken(var reason) -> rejected(ADDRESS_IN_USE, reason);
      case Choice.NotYet(var reason) -> rejected(NOT_READY, reason);
      case Choice.Given(var ip) -> throw new IllegalStateException(ip + " is given");
    };
  }

  private Checked unique(
      AttachRequest request,
      NetworkIntent network,
      Optional<RemoteRoutes> remote,
      String port,
      List<HostAddress> addresses) {
    for (var host : addresses) {
      if (network.isGateway(host.address())) {
        return rejected(
            ADDRESS_IN_USE,
            "address "
                + host.address()
                + " is that of the gateway of network '"
                + network.name()
                + "'");
      }
      var owner = localOwner(network.name(), host.address());
      if (owner.isPresent()) {
        return rejected(
            ADDRESS_IN_USE,
            "address "
                + host.address()
                + " of network '"
                + network.name()
                + "' belongs to endpoint '"
                + owner.get().name()
                + "' on this node");
      }
    }
    var ips = addresses.stream().map(HostAddress::address).toList();
    var mac =
        request.learnsAll()
            ? MacAddress.ZERO
            : request
                .mac()
                .orElseGet(() -> AddressPlan.mac(network.name(), request.endpoint(), ips));
    if (network.isRouted() && mac.equals(AddressPlan.GATEWAY_MAC)) {
      return rejected(
          ADDRESS_IN_USE,
          "MAC address " + mac + " is that of the gateway of network '" + network.name() + "'");
    }
    for (var other : of(network.name())) {
      if (other.mac().equals(mac) && !mac.isZero()) {
        return rejected(
            ADDRESS_IN_USE,
            "MAC address "
                + mac
                + " of network '"
                + network.name()
                + "' belongs to endpoint '"
                + other.name()
                + "' on this node");
      }
    }
    var elsewhere = takenElsewhere(request, network, remote, ips, mac);
    if (elsewhere.isPresent()) {
      return rejected(ADDRESS_IN_USE, elsewhere.get());
    }
    var pod =
        request.link().isPresent()
            ? Optional.<PodInterface>empty()
            : Optional.of(
                new PodInterface(
                    request.networkNamespace(),
                    request.interfaceName(),
                    addresses.stream().map(HostAddress::prefixLength).toList(),
                    gateways(network, ips)));
    return new Checked.Accepted(
        new Endpoint(
            request.endpoint(),
            network.name(),
            port,
            mac,
            addresses,
            pod,
            request.sticky(),
            request.prefixes(),
            request.link(),
            request.declared(),
            request.learn(),
            ClusterAddresses.NONE));
  }

  /** Of each family the first that serves one of the addresses. */
  static List<IpAddress> gateways(NetworkIntent network, List<IpAddress> addresses) {
    var gateways = new ArrayList<IpAddress>();
    for (var address : addresses) {
      network
          .gatewayOf(address)
          .filter(gateway -> gateways.stream().noneMatch(g -> g.isIpv4() == gateway.isIpv4()))
          .ifPresent(gateways::add);
    }
    return gateways;
  }

  /** The same address with the same MAC is an endpoint that moves; with another it is a clash. */
  private static Optional<String> takenElsewhere(
      AttachRequest request,
      NetworkIntent network,
      Optional<RemoteRoutes> remote,
      List<IpAddress> ips,
      MacAddress mac) {
    for (var ip : ips) {
      var owner = remote.flatMap(r -> r.neighbour(ip)).filter(r -> !r.mac().equals(mac));
      if (owner.isPresent()) {
        return Optional.of(
            "address "
                + ip
                + " of network '"
                + network.name()
                + "', asked for by endpoint '"
                + request.endpoint()
                + "', belongs to MAC address "
                + owner.get().mac()
                + " behind VTEP "
                + owner.get().vtep());
      }
    }
    return remote.flatMap(known -> immovable(request, network, known, ips, mac));
  }

  /**
   * A MAC that another node says is sticky never moves (RFC 7432 §15.2), and that of a default
   * gateway is no host's (§10.1). One that is asked for with none of the addresses that it has
   * there is another endpoint's, not a move.
   */
  private static Optional<String> immovable(
      AttachRequest request,
      NetworkIntent network,
      RemoteRoutes remote,
      List<IpAddress> ips,
      MacAddress mac) {
    var owner = remote.mac(mac);
    if (owner.isEmpty()) {
      return Optional.empty();
    }
    var there = remote.addressesOf(mac);
    String why;
    if (owner.get().sticky()) {
      why = "is sticky there and never moves";
    } else if (owner.get().gateway()) {
      why = "is that of a default gateway";
    } else if (!there.isEmpty() && there.stream().noneMatch(ips::contains)) {
      why = "has the addresses " + there + ", none of which is asked for";
    } else {
      return Optional.empty();
    }
    return Optional.of(
        "MAC address %s of network '%s', asked for by endpoint '%s', is behind VTEP %s and %s; detach it there first or use another"
            .formatted(mac, network.name(), request.endpoint(), owner.get().vtep(), why));
  }

  private Optional<Endpoint> localOwner(String network, IpAddress ip) {
    return of(network).stream()
        .filter(e -> e.addresses().stream().anyMatch(host -> host.address().equals(ip)))
        .findFirst();
  }

  private static Checked rejected(AttachResult.Reason reason, String message) {
    return new Checked.Rejected(new Refused(reason, message));
  }

  /**
   * An endpoint as it stands in the kernel after a restart.
   *
   * @param routes that stand to what is behind endpoints
   */
  static Endpoint adopt(
      EndpointPort port, List<IpPrefix> subnets, Collection<EndpointRoute> routes) {
    var addresses =
        port.addresses().stream()
            .map(
                ip ->
                    new HostAddress(
                        ip,
                        subnets.stream()
                            .filter(subnet -> subnet.contains(ip))
                            .findFirst()
                            .map(IpPrefix::length)
                            .orElse(ip.bits())))
            .toList();
    return new Endpoint(
        port.endpoint(),
        port.network(),
        port.port(),
        port.mac(),
        addresses,
        Optional.empty(),
        port.sticky(),
        routes.stream().filter(route -> leadsTo(route, port)).map(EndpointRoute::prefix).toList(),
        port.link(),
        port.declared(),
        port.learn(),
        ClusterAddresses.NONE);
  }

  private static boolean leadsTo(EndpointRoute route, EndpointPort port) {
    return route.namespace().equals(port.namespace())
        && route.hops().stream()
            .anyMatch(hop -> hop.vni().equals(port.vni()) && port.addresses().contains(hop.via()));
  }
}
