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
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides which tenant has which L3 VNI, so that none is given twice. What is in force stays: the
 * newcomer loses, and where several are new, all of them. A tenant that loses stands as it was, or
 * does not route; its networks go on either way.
 */
final class TenantResolution {
  private final FabricSpec fabric;
  private final SortedMap<String, Declared> tenants;
  private final SortedMap<String, Vni> standing;
  private final boolean allocated;
  private final SortedMap<String, Vni> wanted = new TreeMap<>();

  /** Tenants of which something is to be routed. */
  private final TreeSet<String> routing = new TreeSet<>();

  private final SortedMap<Vni, NetworkVersion> networkWith = new TreeMap<>();
  private final List<Problem> problems = new ArrayList<>();

  private TenantResolution(
      FabricSpec fabric,
      SortedMap<String, Declared> tenants,
      Collection<NetworkVersion> networks,
      SortedMap<String, Vni> standing,
      boolean allocated) {
    this.fabric = fabric;
    this.tenants = tenants;
    this.standing = standing;
    this.allocated = allocated;
    for (var network : networks) {
      networkWith.putIfAbsent(network.resolved().vni(), network);
      if (!network.spec().gateways().isEmpty()) {
        network.spec().tenant().ifPresent(routing::add);
      }
    }
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
    var have = byVni(standing);
    var want = byVni(wanted);
    wanted.forEach(
        (name, vni) -> {
          var obstacle = obstacle(name, vni, have, want);
          if (obstacle.isEmpty()) {
            next.put(name, vni);
          } else {
            problems.add(problem(name, vni, obstacle.get()));
            Optional.ofNullable(standing.get(name))
                .filter(old -> !networkWith.containsKey(old))
                .ifPresent(old -> next.put(name, old));
          }
        });
    return next;
  }

  /** The given one, or the automatic one where something is to be routed. */
  private Optional<Vni> wanted(String name, Declared declared) {
    var given = spec(declared).l3vni();
    if (given.isPresent() || !routing.contains(name)) {
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

  private static SortedMap<Vni, SortedSet<String>> byVni(SortedMap<String, Vni> vnis) {
    var names = new TreeMap<Vni, SortedSet<String>>();
    vnis.forEach((name, vni) -> names.computeIfAbsent(vni, _ -> new TreeSet<>()).add(name));
    return names;
  }

  /**
   * Who else has the VNI, or wants it as much.
   *
   * @param have the tenants that have each VNI, {@code want} those that want it
   */
  private Optional<String> obstacle(
      String name,
      Vni vni,
      SortedMap<Vni, SortedSet<String>> have,
      SortedMap<Vni, SortedSet<String>> want) {
    var network = Optional.ofNullable(networkWith.get(vni));
    if (network.isPresent()) {
      return Optional.of(
          network.get().declared().resource().key()
              + " ("
              + network.get().declared().placeOf("vni")
              + ")");
    }
    var others = new TreeSet<>(have.getOrDefault(vni, new TreeSet<>()));
    if (!others.contains(name)) {
      others.addAll(want.getOrDefault(vni, new TreeSet<>()));
    }
    others.remove(name);
    return others.stream()
        .findFirst()
        .flatMap(other -> Optional.ofNullable(tenants.get(other)))
        .map(declared -> declared.resource().key() + " (" + declared.placeOf("l3vni") + ")");
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
