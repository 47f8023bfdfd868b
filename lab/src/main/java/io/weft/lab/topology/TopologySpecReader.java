package io.weft.lab.topology;

import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.kubernetes.resource.Metadata;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.resource.TenantConnection;
import io.weft.kubernetes.resource.VtepReader;
import io.weft.kubernetes.yaml.Spelling;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.lab.topology.Topology.EndpointPlace;
import io.weft.lab.topology.Topology.Gateway;
import io.weft.lab.topology.Topology.Host;
import io.weft.lab.topology.Topology.Machine;
import io.weft.lab.topology.Topology.Speaker;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Function;

/** Reads the document of kind {@code Topology}, knowing the intent that it refers to. */
final class TopologySpecReader {
  private static final Map<String, Speaker> SPEAKERS =
      new TreeMap<>(Map.of("weft", Speaker.WEFT, "external", Speaker.EXTERNAL));

  private static final long MAX_AS = 0xffff_ffffL;

  private static final IpPrefix EVERYWHERE = IpPrefix.parse("0.0.0.0/0");

  private final Fabric fabric;
  private final List<Tenant> tenants;
  private final List<TenantConnection> connections;
  private final Map<String, Network> networks = new LinkedHashMap<>();
  private final Set<String> racks = new LinkedHashSet<>();
  private final Set<String> nodes = new LinkedHashSet<>();

  /** Names that are taken: each becomes the name of a network namespace. */
  private final Set<String> things = new TreeSet<>(Set.of("spine"));

  /** Addresses and MACs that are taken, by network. */
  private final Set<String> taken = new TreeSet<>();

  TopologySpecReader(
      Fabric fabric,
      List<Tenant> tenants,
      List<Network> networks,
      List<TenantConnection> connections) {
    this.fabric = fabric;
    this.tenants = tenants;
    this.connections = connections;
    networks.forEach(network -> this.networks.put(network.name(), network));
  }

  Optional<Topology> topology(YamlObject object) {
    object.optional("apiVersion").choice(Map.of(Resource.API_VERSION, true));
    object.required("kind").text();
    var name =
        object
            .required("metadata")
            .object(m -> m.required("name").word(TopologySpecReader::shortName));
    return object
        .required("spec")
        .object(spec -> name.map(n -> spec(n, spec)).or(() -> Optional.of(spec("", spec))));
  }

  private Topology spec(String name, YamlObject spec) {
    int mtu =
        spec.optional("mtu")
            .integer(Topology.MIN_MTU, Topology.MAX_MTU)
            .map(Long::intValue)
            .orElse(Topology.DEFAULT_MTU);
    spec.optional("spines").integer(1, 1);
    var rackNames = items(spec.required("racks"), Topology.MAX_RACKS, this::rack);
    var nodeHosts = items(spec.required("nodes"), Topology.MAX_NODES, this::node);
    var reflectors = items(spec.optional("reflectors"), Topology.MAX_REFLECTORS, this::host);
    var gateways = gateways(spec.optional("gateways"), reflectors);
    var endpoints = items(spec.optional("endpoints"), Topology.MAX_ENDPOINTS, this::endpoint);
    var machines = items(spec.optional("machines"), Topology.MAX_MACHINES, this::machine);
    if (!machines.isEmpty() && endpoints.isEmpty()) {
      spec.optional("machines").report("nobody would see them move; add an endpoint");
    }
    return new Topology(
        name,
        mtu,
        rackNames,
        nodeHosts,
        reflectors,
        gateways,
        endpoints,
        fabric,
        tenants,
        List.copyOf(networks.values()),
        connections,
        machines);
  }

  private static <T> List<T> items(
      YamlValue list, int most, Function<YamlObject, Optional<T>> read) {
    var items = list.each();
    if (items.size() > most) {
      items.get(most).report("there are " + items.size() + "; a lab has at most " + most);
    }
    var result = new ArrayList<T>();
    for (var item : items) {
      item.object(read).ifPresent(result::add);
    }
    return result;
  }

  private Optional<String> rack(YamlObject object) {
    var name = object.required("name").word(Metadata::new).map(Metadata::name);
    name.ifPresent(
        n -> {
          if (!racks.add(n) || !things.add("tor-" + n)) {
            object.required("name").report("there is a rack '" + n + "' already");
          }
        });
    return name;
  }

  private Optional<Host> node(YamlObject object) {
    var host = host(object);
    var families = VtepReader.families(object.optional("families"));
    for (var family : families) {
      if (!fabric.spec().families().contains(family)) {
        object
            .optional("families")
            .report("families: " + family + " is none of the families of the Fabric's vtep");
      }
    }
    host.ifPresent(h -> nodes.add(h.name()));
    return host.map(h -> new Host(h.name(), h.rack(), h.speaker(), families));
  }

  private Optional<Host> host(YamlObject object) {
    var name = object.required("name").word(this::newName);
    var rack = object.required("rack").word(text -> known("rack", text, racks));
    var speaker = object.optional("speaker").choice(SPEAKERS).orElse(Speaker.WEFT);
    return name.flatMap(n -> rack.map(r -> new Host(n, r, speaker, List.of())));
  }

  private List<Gateway> gateways(YamlValue list, List<Host> reflectors) {
    var gateways = items(list, Topology.MAX_GATEWAYS, this::gateway);
    if (!gateways.isEmpty() && reflectors.stream().noneMatch(Host::isWeft)) {
      list.report("gateways speak to the reflectors, and there is none of Weft's; add one");
    }
    if (!gateways.isEmpty()
        && fabric.spec().vtep() instanceof Vtep.OfCidrs(var cidrs)
        && cidrs.stream().anyMatch(cidr -> !cidr.address().isIpv4())) {
      list.report(
          "gateways are FRR's, whose VTEPs are of IPv4 before 10.6; give vtep.cidr of IPv4");
    }
    return gateways;
  }

  private Optional<Gateway> gateway(YamlObject object) {
    var name = object.required("name").word(this::newName);
    var rack = object.required("rack").word(text -> known("rack", text, racks));
    var tenantNames = tenants.stream().map(Tenant::name).toList();
    var tenant = object.required("tenant").word(text -> known("Tenant", text, tenantNames));
    var announces = object.optional("announces").each(item -> item.word(IpPrefix::parse));
    var outside = object.optional("outside").word(IpPrefix::parse).orElse(Gateway.OUTSIDE);
    var all = announces.isEmpty() ? List.of(EVERYWHERE) : announces;
    return name.isPresent() && rack.isPresent() && tenant.isPresent()
        ? Optional.of(new Gateway(name.get(), rack.get(), tenant.get(), all, outside))
        : Optional.empty();
  }

  private Optional<EndpointPlace> endpoint(YamlObject object) {
    var name = object.required("name").word(this::newName);
    var node = object.required("node").word(text -> known("node", text, nodes));
    var network = object.required("network").word(this::networkNamed);
    var addresses =
        object.optional("addresses").each(item -> item.word(text -> address(text, network)));
    var mac = object.optional("mac").word(text -> mac(text, network));
    var prefixes = object.optional("prefixes").each(item -> item.word(IpPrefix::parse));
    var as = as(object, network, prefixes);
    return name.isPresent() && node.isPresent() && network.isPresent()
        ? Optional.of(
            new EndpointPlace(
                name.get(), node.get(), network.get().name(), addresses, mac, prefixes, as))
        : Optional.empty();
  }

  private Optional<Machine> machine(YamlObject object) {
    var name = object.required("name").word(this::newName);
    var network = object.required("network").word(this::networkNamed);
    var at = object.required("nodes").each(item -> item.word(text -> known("node", text, nodes)));
    var address = object.required("address").word(text -> ipv4(address(text, network)));
    var mac = object.required("mac").word(text -> mac(text, network));
    if (new TreeSet<>(at).size() < 2) {
      object.required("nodes").report("a machine moves between two nodes or more");
      return Optional.empty();
    }
    return name.isPresent() && network.isPresent() && address.isPresent() && mac.isPresent()
        ? Optional.of(new Machine(name.get(), network.get().name(), at, address.get(), mac.get()))
        : Optional.empty();
  }

  private static IpAddress ipv4(IpAddress address) {
    if (!address.isIpv4()) {
      throw new IllegalArgumentException(address + " is not of IPv4, as a machine's must be");
    }
    return address;
  }

  /** An endpoint with a number of its own says its prefixes by BGP. */
  private Optional<AutonomousSystem> as(
      YamlObject object, Optional<Network> network, List<IpPrefix> prefixes) {
    var value = object.optional("asn");
    var as = value.integer(1, MAX_AS).map(AutonomousSystem::new);
    if (as.isPresent() && network.isPresent()) {
      var bgp = network.get().spec().bgp();
      if (bgp.isEmpty()) {
        value.report(
            "network '"
                + network.get().name()
                + "' does not speak BGP with its endpoints; give it bgp, or remove asn");
      } else if (as.equals(bgp.get().asn().or(() -> Optional.of(fabric.spec().asn())))) {
        value.report(as.get() + " is that of the network itself; give the endpoint another");
      } else if (bgp.get().passwordFile().isPresent()) {
        value.report(
            "the lab gives no password to an endpoint; remove passwordFrom of network '"
                + network.get().name()
                + "'");
      } else if (prefixes.isEmpty()) {
        value.report("an endpoint with asn says prefixes by BGP; give it prefixes");
      }
    }
    return as;
  }

  private Network networkNamed(String text) {
    known("Network", text, networks.keySet());
    return networks.values().stream().filter(n -> n.name().equals(text)).findFirst().orElseThrow();
  }

  private IpAddress address(String text, Optional<Network> network) {
    var address = IpAddress.parse(text);
    if (network.isPresent()) {
      var subnets = network.get().spec().subnets();
      if (subnets.stream().noneMatch(subnet -> subnet.isHostAddress(address))) {
        throw new IllegalArgumentException(
            address
                + " is no host address of a subnet of "
                + network.get().name()
                + ": "
                + subnets);
      }
      if (network.get().spec().gateways().contains(address)) {
        throw new IllegalArgumentException(
            address + " is that of the gateway of " + network.get().name());
      }
      if (!taken.add(network.get().name() + " " + address)) {
        throw new IllegalArgumentException(address + " is given twice in " + network.get().name());
      }
    }
    return address;
  }

  private MacAddress mac(String text, Optional<Network> network) {
    var mac = MacAddress.parse(text);
    if (mac.isMulticast() || mac.isZero()) {
      throw new IllegalArgumentException(mac + " cannot be the address of an endpoint");
    }
    if (network.isPresent() && !taken.add(network.get().name() + " " + mac)) {
      throw new IllegalArgumentException(mac + " is given twice in " + network.get().name());
    }
    return mac;
  }

  private static String shortName(String text) {
    var name = new Metadata(text).name();
    if (name.length() > Topology.MAX_NAME) {
      throw new IllegalArgumentException(
          "'" + name + "' has more than " + Topology.MAX_NAME + " characters");
    }
    return name;
  }

  private String newName(String text) {
    var name = shortName(text);
    if (name.startsWith("check-") || name.contains("-weft-")) {
      throw new IllegalArgumentException(
          "'" + name + "' is like the names of namespaces that the lab itself makes");
    }
    if (!things.add(name)) {
      throw new IllegalArgumentException("there is '" + name + "' already; names are unique");
    }
    return name;
  }

  private static String known(String kind, String text, Collection<String> known) {
    if (!known.contains(text)) {
      throw new IllegalArgumentException(
          "there is no "
              + kind
              + " '"
              + Spelling.shortened(text)
              + "'"
              + Spelling.hint(text, known));
    }
    return text;
  }
}
