package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.Spelling;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Decides which networks can be in force together. What is in force stays: where two networks
 * clash, the newcomer loses. Where both are new, as on the first load, the one of lower precedence
 * loses. Files have none, and both lose: which of them came first must not depend on a file's name,
 * and every node must decide alike. A changed network that loses stands as it was.
 */
final class NetworkResolution {
  private final FabricSpec fabric;
  private final Set<String> tenants;
  private final SortedMap<Vni, Declared> reserved;
  private final SortedMap<String, NetworkVersion> standing;
  private final SortedMap<String, String> precedence;
  private final SortedMap<String, NetworkVersion> current = new TreeMap<>();
  private final List<Problem> problems = new ArrayList<>();

  private NetworkResolution(
      FabricSpec fabric,
      Set<String> tenants,
      SortedMap<Vni, Declared> reserved,
      SortedMap<String, NetworkVersion> standing,
      SortedMap<String, String> precedence) {
    this.fabric = fabric;
    this.tenants = tenants;
    this.reserved = reserved;
    this.standing = standing;
    this.precedence = precedence;
  }

  /**
   * Which version of which network is in force, by name.
   *
   * @param reserved VNIs that are L3 VNIs of tenants in force
   * @param standing the networks in force until now
   * @param precedence of networks, as text: what sorts first wins; of files: nothing
   * @param candidates the versions asked for
   * @param problems takes why a candidate is not in force
   */
  static SortedMap<String, NetworkVersion> resolve(
      FabricSpec fabric,
      Set<String> tenants,
      SortedMap<Vni, Declared> reserved,
      SortedMap<String, NetworkVersion> standing,
      SortedMap<String, String> precedence,
      SortedMap<String, Declared> candidates,
      List<Problem> problems) {
    var inForce = standing;
    while (true) {
      var resolution = new NetworkResolution(fabric, tenants, reserved, inForce, precedence);
      resolution.decideAll(candidates);
      if (resolution.current.equals(inForce)) {
        problems.addAll(resolution.problems);
        return inForce;
      }
      // A loser may have left room for another. What is accepted once is not rejected later, so
      // this ends; and to read the same files again then changes nothing, not even a message.
      inForce = resolution.current;
    }
  }

  private void decideAll(SortedMap<String, Declared> candidates) {
    candidates.forEach(this::place);
    // Ends: each round takes at least one version away for good, and each network has two.
    for (var clashes = Clash.among(current.values());
        !clashes.isEmpty();
        clashes = Clash.among(current.values())) {
      decide(clashes);
    }
  }

  private void place(String name, Declared declared) {
    if (!(declared.resource() instanceof Network network)) {
      throw new IllegalArgumentException(declared.resource().key() + " is not a network");
    }
    var missing = network.spec().tenant().filter(tenant -> !tenants.contains(tenant));
    if (missing.isEmpty()) {
      var version = new NetworkVersion(declared, ResolvedNetwork.of(network, fabric));
      var tenant = Optional.ofNullable(reserved.get(version.resolved().vni()));
      if (tenant.isEmpty()) {
        current.put(name, version);
      } else {
        problems.add(reservedBy(tenant.get(), version));
        asBefore(name).ifPresent(old -> current.put(name, old));
      }
      return;
    }
    problems.add(
        new Problem(
            declared.placeOf("tenant"),
            network.key().toString(),
            "there is no Tenant '"
                + missing.get()
                + "'; declare it or name another"
                + Spelling.nearest(missing.get(), tenants)
                    .map(near -> "; did you mean '" + near + "'?")
                    .orElse("")));
    asBefore(name).ifPresent(version -> current.put(name, version));
  }

  private static Problem reservedBy(Declared tenant, NetworkVersion loser) {
    return new Problem(
        loser.declared().placeOf("vni"),
        loser.declared().resource().key().toString(),
        "vni "
            + loser.resolved().vni()
            + " is the l3vni of "
            + tenant.resource().key()
            + " ("
            + tenant.placeOf("l3vni")
            + "); give the network another vni");
  }

  /** The version in force until now, unless its tenant has gone. */
  private Optional<NetworkVersion> asBefore(String name) {
    return Optional.ofNullable(standing.get(name))
        .filter(old -> old.spec().tenant().map(tenants::contains).orElse(true))
        .map(
            old ->
                new NetworkVersion(
                    old.declared(),
                    ResolvedNetwork.withVni(
                        old.resolved().network(), old.resolved().vni(), fabric)));
  }

  /** First those that lose to what is in force, so that a loser does not pull others down. */
  private void decide(List<Clash> clashes) {
    var losers = new TreeSet<String>();
    for (var clash : clashes) {
      boolean leftStands = stands(clash.left(), clash.right());
      boolean rightStands = stands(clash.right(), clash.left());
      if (leftStands != rightStands) {
        lose(leftStands ? clash.right() : clash.left(), clash, losers);
      }
    }
    if (losers.isEmpty()) {
      decideByPrecedence(clashes, losers);
    }
    losers.forEach(this::stepBack);
  }

  /** In this order, so that one who has lost does not pull others down. */
  private void decideByPrecedence(List<Clash> clashes, Set<String> losers) {
    var ordered = new ArrayList<>(clashes);
    ordered.sort(Comparator.comparing(clash -> first(clash).map(this::rank).orElse("")));
    for (var clash : ordered) {
      var first = first(clash);
      if (first.isEmpty()) {
        lose(clash.left(), clash, losers);
        lose(clash.right(), clash, losers);
      } else if (!losers.contains(clash.left().name()) && !losers.contains(clash.right().name())) {
        lose(clash.otherThan(first.get()), clash, losers);
      }
    }
  }

  private Optional<NetworkVersion> first(Clash clash) {
    var left = clash.left();
    var right = clash.right();
    return precedence.containsKey(left.name()) && precedence.containsKey(right.name())
        ? Optional.of(rank(left).compareTo(rank(right)) < 0 ? left : right)
        : Optional.empty();
  }

  /** Equal ones in the order of their names: each node must decide alike. */
  private String rank(NetworkVersion version) {
    return precedence.get(version.name()) + " " + version.name();
  }

  /** True when the clash was there with what was in force of {@code one} already. */
  private boolean stands(NetworkVersion one, NetworkVersion other) {
    return asBefore(one.name()).filter(old -> old.clashesWith(other)).isPresent();
  }

  private void lose(NetworkVersion loser, Clash clash, Set<String> losers) {
    problems.add(clash.problemOf(loser));
    losers.add(loser.name());
  }

  private void stepBack(String name) {
    var lost = current.remove(name);
    asBefore(name)
        .filter(old -> lost != null && !old.resolved().equals(lost.resolved()))
        .ifPresent(old -> current.put(name, old));
  }
}
