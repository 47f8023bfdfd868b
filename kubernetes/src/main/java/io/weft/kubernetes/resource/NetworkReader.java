package io.weft.kubernetes.resource;

import static io.weft.kubernetes.resource.ResourceReader.placed;

import io.weft.kubernetes.resource.EndpointBgpSpec.Advertise;
import io.weft.kubernetes.resource.PolicySpec.PrefixMatch;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;

/** Reads the {@code spec} of a Network. */
final class NetworkReader {
  private NetworkReader() {}

  static Optional<NetworkSpec> spec(YamlObject object, SortedMap<String, Place> fields) {
    var tenant = placed(object.optional("tenant"), "tenant", fields).word(Metadata::requireLabel);
    var vni =
        placed(object.optional("vni"), "vni", fields)
            .integer(1, Vni.MAX)
            .map(value -> new Vni(value.intValue()));
    var subnets = subnets(object.optional("subnets"), fields);
    var routeTargets = RouteTargetReader.read(object);
    var gateway = object.optional("gateway");
    var gateways = gateways(gateway, subnets);
    if (!gateways.isEmpty() && !object.optional("tenant").isPresent()) {
      gateway.report(
          "a gateway routes within a tenant, and this network has none; name one or remove the"
              + " gateway");
    }
    var namespaces = NamespacesReader.read(object.optional("namespaces"), fields);
    var advertising = object.optional("routerAdvertisements");
    var advertised = advertising.choice(NetworkSpec.Advertising.BY_LABEL);
    if (advertised.filter(what -> what != NetworkSpec.Advertising.NONE).isPresent()
        && gateways.stream().allMatch(IpAddress::isIpv4)) {
      advertising.report(
          "an IPv6 gateway advertises itself, and this network has none; give it a gateway and an"
              + " IPv6 subnet, or remove routerAdvertisements");
    }
    var bgpValue = object.optional("bgp");
    var bgp = bgpValue.object(NetworkReader::bgp);
    if (bgp.isPresent() && gateways.isEmpty()) {
      bgpValue.report(
          "endpoints speak BGP with the network's gateway, and it has none; give it one (gateway:"
              + " true) or remove bgp");
    }
    var multicast =
        object
            .optional("multicast")
            .choice(NetworkSpec.Multicast.BY_LABEL)
            .orElse(NetworkSpec.Multicast.standard(subnets));
    var mtuValue = object.optional("mtu");
    var mtu = mtuValue.integer(NetworkSpec.MIN_MTU, NetworkSpec.MAX_MTU);
    try {
      return Optional.of(
          new NetworkSpec(
              tenant,
              vni,
              subnets,
              routeTargets,
              mtu.map(octets -> OptionalInt.of(octets.intValue())).orElse(OptionalInt.empty()),
              gateways,
              namespaces,
              advertised.orElse(NetworkSpec.Advertising.NONE),
              bgp,
              multicast));
    } catch (IllegalArgumentException e) {
      // All that is left to go wrong between the fields is the mtu; say so at its place.
      mtuValue.report(String.valueOf(e.getMessage()));
      return Optional.empty();
    }
  }

  private static List<IpPrefix> subnets(YamlValue list, SortedMap<String, Place> fields) {
    var subnets = new ArrayList<IpPrefix>();
    for (var item : list.each()) {
      if (subnets.size() == NetworkSpec.MAX_SUBNETS) {
        item.report("a network has at most " + NetworkSpec.MAX_SUBNETS + " subnets; remove this");
        break;
      }
      item.word(text -> subnet(text, subnets))
          .ifPresent(
              subnet -> {
                placed(item, "subnets[" + subnets.size() + "]", fields);
                subnets.add(subnet);
              });
    }
    return subnets;
  }

  private static IpPrefix subnet(String text, List<IpPrefix> before) {
    var subnet = IpPrefix.parse(text);
    if (subnet.address().isMulticast()) {
      throw new IllegalArgumentException(subnet + " is multicast; hosts cannot have its addresses");
    }
    NetworkSpec.requireApart(subnet, before);
    return subnet;
  }

  private static Optional<EndpointBgpSpec> bgp(YamlObject object) {
    var asn = object.optional("asn");
    var prefixes = object.optional("prefixes");
    if (prefixes.each().size() > EndpointBgpSpec.MAX_PREFIXES) {
      prefixes.report("bgp.prefixes are at most " + EndpointBgpSpec.MAX_PREFIXES);
    }
    return Optional.of(
        new EndpointBgpSpec(
            FabricReader.as(asn),
            prefixes.each(item -> item.word(PrefixMatch::parse)),
            object
                .optional("maximumPrefixes")
                .integer(1, EndpointBgpSpec.MAX_MAXIMUM)
                .map(Long::intValue)
                .orElse(EndpointBgpSpec.DEFAULT_MAXIMUM),
            object
                .optional("advertise")
                .choice(PeerReader.choices("none", Advertise.NONE, "default", Advertise.DEFAULT))
                .orElse(Advertise.NONE),
            object.optional("passwordFrom").object(PeerReader::password)));
  }

  /** {@code true}: the first address of each subnet; or a list of addresses. */
  private static List<IpAddress> gateways(YamlValue value, List<IpPrefix> subnets) {
    var gateways = new ArrayList<IpAddress>();
    if (!value.isTruth()) {
      value
          .each()
          .forEach(item -> item.word(t -> gateway(t, subnets, gateways)).ifPresent(gateways::add));
      return gateways;
    }
    if (value.truth().orElse(false)) {
      for (var subnet : subnets) {
        var first = subnet.address().plus(1);
        if (subnet.isHostAddress(first)) {
          gateways.add(first);
        }
      }
      if (gateways.isEmpty()) {
        value.report("no subnet has room for a gateway; give one with two addresses or more");
      }
    }
    return gateways;
  }

  private static IpAddress gateway(String text, List<IpPrefix> subnets, List<IpAddress> before) {
    var address = IpAddress.parse(text);
    var subnet = subnets.stream().filter(s -> s.isHostAddress(address)).findFirst();
    if (subnet.isEmpty()) {
      throw new IllegalArgumentException(
          address + " is no host address of a subnet of the network: " + subnets);
    }
    if (before.stream().anyMatch(subnet.get()::contains)) {
      throw new IllegalArgumentException(
          "subnet " + subnet.get() + " has a gateway already; remove " + address);
    }
    return address;
  }
}
