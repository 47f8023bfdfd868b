package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.yaml.Problem;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Decides which tenant has which L3 VNI, so that none is given twice. What is in force stays: the
 * newcomer loses, and where several are new, all of them. A tenant that loses stands as it was, or
 * does not route; its networks go on either way.
 */
final class TenantResolution {
  private final FabricSpec fabric;
  private final SortedMap<String, Declared> tenants;
  private final Collection<NetworkVersion> networks;
  private final SortedMap<String, Vni> standing;
  private final boolean allocated;
  private final SortedMap<String, Vni> wanted = new TreeMap<>();
  private final List<Problem> problems = new ArrayList<>();

  private TenantResolution(
      FabricSpec fabric,
      SortedMap<String, Declared> tenants,
      Collection<NetworkVersion> networks,
      SortedMap<String, Vni> standing,
      boolean allocated) {
    this.fabric = fabric;
    this.tenants = tenants;
    this.networks = networks;
    this.standing = standing;
    this.allocated = allocated;
  }

  /**
   * The tenants in force, by name.
   *
   * @param tenants as declared
   * @param networks those in force
   * @param standing L3 VNIs in force until now, of tenants that are still declared
   * @param allocated an automatic L3 VNI is waited for, never computed
   * @param problems takes why a tenant has not what it should
   */
  static SortedMap<String, ResolvedTenant> resolve(
      FabricSpec fabric,
      SortedMap<String, Declared> tenants,
      Collection<NetworkVersion> networks,
      SortedMap<String, Vni> standing,
      boolean allocated,
      List<Problem> problems) {
    var inForce = standing;
    while (true) {
      // Ends: who has what it wants keeps it; one who left its VNI makes room for another.
      var resolution = new TenantResolution(fabric, tenants, networks, inForce, allocated);
      var next = resolution.decide();
      if (next.equals(inForce)) {
        problems.addAll(resolution.problems);
        return resolution.resolved(next);
      }
      inForce = next;
    }
  }

  private SortedMap<String, Vni> decide() {
    for (var entry : tenants.entrySet()) {
      wanted(entry.getKey(), entry.getValue()).ifPresent(vni -> wanted.put(entry.getKey(), vni));
    }
    var next = new TreeMap<String, Vni>();
    wanted.forEach(
        (name, vni) -> {
          var obstacle = obstacle(name, vni);
          if (obstacle.isEmpty()) {
            next.put(name, vni);
          } else {
            problems.add(problem(name, vni, obstacle.get()));
            Optional.ofNullable(standing.get(name))
                .filter(old -> networkWith(old).isEmpty())
                .ifPresent(old -> next.put(name, old));
          }
        });
    return next;
  }

  /** The given one, or the automatic one where something is to be routed. */
  private Optional<Vni> wanted(String name, Declared declared) {
    var given = spec(declared).l3vni();
    boolean routes =
        networks.stream()
            .map(NetworkVersion::spec)
            .anyMatch(
                network ->
                    network.tenant().filter(name::equals).isPresent()
                        && !network.gateways().isEmpty());
    if (given.isPresent() || !routes) {
      return given;
    }
    if (allocated) {
      var before = Optional.ofNullable(standing.get(name));
      if (before.isEmpty()) {
        problems.add(
            new Problem(
                declared.place(),
                declared.resource().key().toString(),
                "waits for its L3 VNI, and does not route yet; " + ApiIntent.WAITING));
      }
      return before;
    }
    return Optional.of(VniAllocation.automatic(name, fabric.vniPools().tenants()));
  }

  private static Tenant.TenantSpec spec(Declared declared) {
    return tenant(declared).spec();
  }

  private static Tenant tenant(Declared declared) {
    if (declared.resource() instanceof Tenant tenant) {
      return tenant;
    }
    throw new IllegalArgumentException(declared.resource().key() + " is not a tenant");
  }

  /** Who else has the VNI, or wants it as much. */
  private Optional<String> obstacle(String name, Vni vni) {
    var network = networkWith(vni);
    if (network.isPresent()) {
      return Optional.of(
          network.get().declared().resource().key()
              + " ("
              + network.get().declared().placeOf("vni")
              + ")");
    }
    boolean stands = vni.equals(standing.get(name));
    for (var other : tenants.entrySet()) {
      var theirs = other.getKey();
      boolean claimed =
          vni.equals(standing.get(theirs)) || !stands && vni.equals(wanted.get(theirs));
      if (!theirs.equals(name) && claimed) {
        var declared = other.getValue();
        return Optional.of(declared.resource().key() + " (" + declared.placeOf("l3vni") + ")");
      }
    }
    return Optional.empty();
  }

  private Optional<NetworkVersion> networkWith(Vni vni) {
    return networks.stream().filter(network -> network.resolved().vni().equals(vni)).findFirst();
  }

  private Problem problem(String name, Vni vni, String other) {
    var declared = Optional.ofNullable(tenants.get(name)).orElseThrow();
    boolean automatic = spec(declared).l3vni().isEmpty();
    return new Problem(
        declared.placeOf("l3vni"),
        declared.resource().key().toString(),
        (automatic ? "its automatic l3vni " : "l3vni ")
            + vni
            + " is also that of "
            + other
            + (automatic ? "; give it an l3vni of its own" : "; give one of them another"));
  }

  private SortedMap<String, ResolvedTenant> resolved(SortedMap<String, Vni> l3Vnis) {
    var resolved = new TreeMap<String, ResolvedTenant>();
    tenants.forEach(
        (name, declared) ->
            resolved.put(
                name,
                ResolvedTenant.of(
                    tenant(declared), Optional.ofNullable(l3Vnis.get(name)), fabric)));
    return resolved;
  }
}
