package io.weft.kubernetes.nodes;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/**
 * What matters of a Node (Kubernetes API, v1).
 *
 * @param addresses its {@code InternalIP} addresses, in the order of its status
 * @param vtep what {@link #VTEP} says
 * @param reflector true when it has the label {@link #REFLECTOR}
 */
public record SpeakerNode(
    String name, List<IpAddress> addresses, Optional<IpAddress> vtep, boolean reflector) {
  /** Annotation: the VTEP of the node, where it is none of the addresses in its status. */
  public static final String VTEP = "weft.io/vtep";

  /** Label: with the value {@code true} the node reflects routes. */
  public static final String REFLECTOR = "weft.io/reflector";

  public SpeakerNode {
    addresses = List.copyOf(addresses);
  }

  /** Whatever the object holds; an address that cannot be read is left out. */
  public static SpeakerNode of(JsonNode object) {
    var metadata = object.path("metadata");
    return new SpeakerNode(
        metadata.path("name").asText(),
        inStatus(object, Set.of("InternalIP")),
        address(metadata.path("annotations").path(VTEP).asText()),
        metadata.path("labels").path(REFLECTOR).asText().equals("true"));
  }

  /** All addresses that a Node is known by: its VTEP, where it is said, and those of its status. */
  static List<IpAddress> allOf(JsonNode object) {
    var all = new ArrayList<IpAddress>();
    address(object.path("metadata").path("annotations").path(VTEP).asText()).ifPresent(all::add);
    all.addAll(inStatus(object, Set.of("InternalIP", "ExternalIP")));
    return all;
  }

  private static List<IpAddress> inStatus(JsonNode object, Set<String> types) {
    var addresses = new ArrayList<IpAddress>();
    for (var each : object.at("/status/addresses")) {
      if (types.contains(each.path("type").asText())) {
        address(each.path("address").asText()).ifPresent(addresses::add);
      }
    }
    return addresses;
  }

  /** What {@link #of} reads, and no more. */
  ObjectNode object(boolean reflects) {
    var object = JsonNodeFactory.instance.objectNode();
    var metadata = object.putObject("metadata").put("name", name);
    metadata.putObject("labels").put(REFLECTOR, String.valueOf(reflects));
    vtep.ifPresent(each -> metadata.putObject("annotations").put(VTEP, each.toString()));
    var there = object.putObject("status").putArray("addresses");
    addresses.forEach(
        each -> there.addObject().put("type", "InternalIP").put("address", each.toString()));
    return object;
  }

  /** One that a node can have; empty when it cannot be read. */
  static Optional<IpAddress> address(String text) {
    try {
      var address = IpAddress.parse(text);
      return address.isUnspecified() || address.isMulticast()
          ? Optional.empty()
          : Optional.of(address);
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  /**
   * Where it speaks BGP, its VTEP: what the annotation says; else its address inside {@code
   * vtep.cidr}; else its first of IPv4, else of IPv6, as the node itself finds it by its default
   * route. Empty when nothing fits.
   */
  public Optional<IpAddress> speaker(FabricSpec fabric) {
    if (vtep.isPresent()) {
      return vtep;
    }
    var possible = addresses.stream().filter(fabric::mayBeVtep).toList();
    return switch (fabric.vtep()) {
      case Vtep.OfCidrs(var cidrs) ->
          cidrs.stream().flatMap(cidr -> possible.stream().filter(cidr::contains)).findFirst();
      case Vtep.OfDefaultRoute _, Vtep.OfInterface _ ->
          possible.stream()
              .filter(IpAddress::isIpv4)
              .findFirst()
              .or(() -> possible.stream().findFirst());
    };
  }
}
