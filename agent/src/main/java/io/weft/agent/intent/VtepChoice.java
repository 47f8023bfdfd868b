package io.weft.agent.intent;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.kubernetes.resource.FabricSpec.VtepFamily;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.StableHash;
import io.weft.overlay.node.Underlay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;

/**
 * Which addresses of a machine are its VTEPs, as the fabric names them.
 *
 * @param vteps one, or one of each family; none: it has none that fits
 * @param missing why there is not one more; empty where none is missing
 */
public record VtepChoice(List<IpAddress> vteps, String missing) {
  public VtepChoice {
    vteps = List.copyOf(vteps);
  }

  /** What a machine says of itself. */
  public interface Machine {
    /** In the kernel's order: the first of a link counts. */
    List<Held> addresses();

    /** The link of this name. */
    OptionalInt link(String name);

    /** The link that the default route of these families leaves through: of IPv4, else of IPv6. */
    OptionalInt defaultRoute(List<VtepFamily> families);
  }

  /** An address on a link. */
  public record Held(IpAddress address, int link) {}

  /** Chooses among what the machine has now. */
  public static VtepChoice of(FabricSpec fabric, Machine machine) {
    var vteps = new ArrayList<IpAddress>();
    var missing = new ArrayList<String>();
    for (var wanted : wanted(fabric)) {
      vtep(fabric, wanted, machine)
          .ifPresentOrElse(vteps::add, () -> missing.add(whyNot(fabric, wanted, machine)));
    }
    return new VtepChoice(vteps, String.join("; ", missing));
  }

  /**
   * RFC 4271 §4.2 wants 32 bits, unique in the AS: of an IPv6 address, a hash. It stays as long as
   * one of the VTEPs does: a new one ends all sessions.
   *
   * @param before what there was until now
   */
  public static Ipv4Address routerId(List<IpAddress> vteps, Optional<Underlay> before) {
    return before
        .filter(known -> vteps.stream().anyMatch(known::isOurs))
        .map(Underlay::routerId)
        .orElseGet(() -> routerId(vteps.getFirst()));
  }

  private static Ipv4Address routerId(IpAddress vtep) {
    return switch (vtep) {
      case Ipv4Address v4 -> v4;
      default -> new Ipv4Address((int) StableHash.of(vtep.toString()) | 1);
    };
  }

  /** One VTEP for each of these, each of one of its families. */
  private static List<List<VtepFamily>> wanted(FabricSpec fabric) {
    if (fabric.isDual()) {
      return fabric.families().stream().map(List::of).toList();
    }
    return List.of(fabric.families().isEmpty() ? List.of(VtepFamily.values()) : fabric.families());
  }

  private static Optional<IpAddress> vtep(
      FabricSpec fabric, List<VtepFamily> wanted, Machine machine) {
    return switch (fabric.vtep()) {
      case Vtep.OfInterface(var name) -> first(machine.link(name), wanted, machine);
      case Vtep.OfCidrs(var cidrs) ->
          machine.addresses().stream()
              .map(Held::address)
              .filter(address -> cidrs.stream().anyMatch(cidr -> cidr.contains(address)))
              .filter(address -> isGlobal(address) && isOf(wanted, address))
              .sorted()
              .findFirst();
      case Vtep.OfDefaultRoute() -> first(machine.defaultRoute(wanted), wanted, machine);
    };
  }

  private static Optional<IpAddress> first(
      OptionalInt link, List<VtepFamily> wanted, Machine machine) {
    return machine.addresses().stream()
        .filter(held -> link.equals(OptionalInt.of(held.link())))
        .map(Held::address)
        .filter(address -> isGlobal(address) && isOf(wanted, address))
        .findFirst();
  }

  /** True for one of these families. */
  public static boolean isOf(List<VtepFamily> families, IpAddress address) {
    return families.stream().anyMatch(family -> family.has(address));
  }

  private static boolean isGlobal(IpAddress address) {
    return !address.isLoopback() && !address.isUnspecified() && !address.isLinkLocal();
  }

  private static String whyNot(FabricSpec fabric, List<VtepFamily> wanted, Machine machine) {
    var of = wanted.size() == 1 ? " of " + wanted.getFirst() : "";
    return switch (fabric.vtep()) {
      case Vtep.OfInterface(var name) ->
          machine.link(name).isEmpty()
              ? "there is no interface '" + name + "' (Fabric vtep.interface)"
              : "interface '" + name + "' has no global address" + of + " (Fabric vtep.interface)";
      case Vtep.OfCidrs(var cidrs) -> {
        var inside = cidrs.stream().filter(cidr -> isOf(wanted, cidr.address())).toList();
        yield "no address of this machine is inside "
            + inside.stream().map(IpPrefix::toString).collect(Collectors.joining(", "))
            + (fabric.isDual() ? " (Fabric vtep.cidrs)" : " (Fabric vtep.cidr)");
      }
      case Vtep.OfDefaultRoute() ->
          of.isEmpty()
              ? "there is no default route"
              : "there is no default route" + of + ", or its link has no global address";
    };
  }
}
