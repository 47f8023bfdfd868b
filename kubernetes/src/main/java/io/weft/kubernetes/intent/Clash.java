package io.weft.kubernetes.intent;

import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problem;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.List;
import java.util.TreeMap;

/** Two networks of which not both can be in force. */
sealed interface Clash {
  NetworkVersion left();

  NetworkVersion right();

  /** The clash as a problem of {@code loser}, one of the two. */
  Problem problemOf(NetworkVersion loser);

  default NetworkVersion otherThan(NetworkVersion one) {
    return one.equals(left()) ? right() : left();
  }

  /** Both have one VNI. */
  record OfVni(NetworkVersion left, NetworkVersion right) implements Clash {
    @Override
    public Problem problemOf(NetworkVersion loser) {
      var winner = otherThan(loser);
      boolean automatic = loser.resolved().vniIsAutomatic();
      return problem(
          loser,
          loser.declared().placeOf("vni"),
          (automatic ? "its automatic vni " : "vni ")
              + loser.resolved().vni()
              + (winner.resolved().vniIsAutomatic()
                  ? " is also the automatic one of "
                  : " is also that of ")
              + named(winner, "vni")
              + (automatic || winner.resolved().vniIsAutomatic()
                  ? "; give one of them an explicit vni of its own"
                  : "; give one of them another vni"));
    }
  }

  /** Both are of one tenant and their subnets overlap. */
  record OfSubnets(Subnet first, Subnet second) implements Clash {
    @Override
    public NetworkVersion left() {
      return first.version();
    }

    @Override
    public NetworkVersion right() {
      return second.version();
    }

    @Override
    public Problem problemOf(NetworkVersion loser) {
      var lost = loser.equals(left()) ? first : second;
      var won = loser.equals(left()) ? second : first;
      return problem(
          loser,
          loser.declared().placeOf(lost.field()),
          "subnet "
              + lost.prefix()
              + " overlaps "
              + won.prefix()
              + " of "
              + named(won.version(), won.field())
              + " in the same tenant '"
              + loser.spec().tenant().orElse("")
              + "'; choose subnets that do not overlap");
    }
  }

  /** One subnet of a network, {@code index} counted as in the file. */
  record Subnet(IpPrefix prefix, NetworkVersion version, int index) {
    String field() {
      return "subnets[" + index + "]";
    }
  }

  /**
   * The clashes of the versions: none if and only if all can be in force; not every pair where many
   * clash at one spot.
   */
  static List<Clash> among(Collection<NetworkVersion> versions) {
    var clashes = new ArrayList<Clash>();
    var byVni = new TreeMap<Vni, NetworkVersion>();
    var byTenant = new TreeMap<String, List<Subnet>>();
    for (var version : versions) {
      var same = byVni.put(version.resolved().vni(), version);
      if (same != null) {
        clashes.add(new OfVni(same, version));
      }
      version
          .spec()
          .tenant()
          .ifPresent(t -> addSubnets(version, byTenant.computeIfAbsent(t, _ -> new ArrayList<>())));
    }
    byTenant.values().forEach(subnets -> addOverlaps(subnets, clashes));
    return clashes;
  }

  private static void addSubnets(NetworkVersion version, List<Subnet> subnets) {
    var prefixes = version.spec().subnets();
    for (int i = 0; i < prefixes.size(); i++) {
      subnets.add(new Subnet(prefixes.get(i), version, i));
    }
  }

  /** Prefixes overlap only when one contains the other; sorted, the container comes first. */
  private static void addOverlaps(List<Subnet> subnets, List<Clash> clashes) {
    subnets.sort(Comparator.comparing(Subnet::prefix).thenComparing(s -> s.version().name()));
    var containers = new ArrayDeque<Subnet>();
    for (var subnet : subnets) {
      while (!containers.isEmpty() && !containers.peek().prefix().overlaps(subnet.prefix())) {
        containers.pop();
      }
      if (!containers.isEmpty()) {
        clashes.add(new OfSubnets(containers.peek(), subnet));
      }
      containers.push(subnet);
    }
  }

  private static Problem problem(NetworkVersion loser, Place place, String message) {
    return new Problem(place, loser.declared().resource().key().toString(), message);
  }

  private static String named(NetworkVersion version, String field) {
    return version.declared().resource().key() + " (" + version.declared().placeOf(field) + ")";
  }
}
