package io.weft.lab.topology;

import io.weft.kubernetes.intent.VniAllocation;
import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.ResourceKey;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.Spelling;
import io.weft.net.IpPrefix;
import io.weft.net.Vni;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * What is wrong between the resources of one topology file. The agents would find the same, each in
 * its own log; here it is said once, before anything is built.
 */
final class IntentChecks {
  /** Room for all nodes, reflectors and gateways. */
  private static final int MIN_VTEP_BITS = 10;

  private final List<Declared> declared;
  private final List<Problem> problems;
  private final Map<ResourceKey, Declared> byKey = new TreeMap<>();
  private FabricSpec fabric = FabricSpec.DEFAULT;

  private IntentChecks(List<Declared> declared, List<Problem> problems) {
    this.declared = declared;
    this.problems = problems;
  }

  static void check(List<Declared> declared, List<Problem> problems) {
    var checks = new IntentChecks(declared, problems);
    checks.names();
    checks.networks();
    checks.waysOut();
  }

  private void names() {
    for (var one : declared) {
      var first = byKey.putIfAbsent(one.resource().key(), one);
      if (first != null) {
        report(one, "name", "is declared already at " + first.place());
      } else if (one.resource() instanceof Fabric f) {
        fabric = f.spec();
        labFabric(one);
      }
    }
  }

  /** The lab makes the addresses and the reflectors, so it must be left the choice. */
  private void labFabric(Declared one) {
    switch (fabric.vtep()) {
      case Vtep.OfDefaultRoute _ -> {}
      case Vtep.OfInterface _ ->
          report(one, "vtep", "in a lab give vtep.cidr: the lab gives each node an address of it");
      case Vtep.OfCidrs(var cidrs) -> cidrs.forEach(cidr -> labCidr(one, cidr));
    }
    if (!fabric.reflectors().addresses().isEmpty()) {
      report(
          one, "reflectors", "in a lab the Topology names the reflectors; remove their addresses");
    }
  }

  private void labCidr(Declared one, IpPrefix cidr) {
    var links = Topology.links(cidr);
    if (cidr.address().bits() - cidr.length() < MIN_VTEP_BITS) {
      report(
          one,
          "vtep",
          "in a lab vtep.cidr is /22 or shorter, or of IPv6 /118 or shorter, not " + cidr);
    } else if (cidr.overlaps(links)) {
      report(one, "vtep", "vtep.cidr " + cidr + " overlaps the links of the lab, " + links);
    }
  }

  private void networks() {
    var byVni = new TreeMap<Integer, Declared>();
    for (var one : byKey.values()) {
      if (one.resource() instanceof Network network) {
        tenantOf(network, one);
        var other = byVni.putIfAbsent(vni(network, fabric).value(), one);
        if (other != null) {
          report(
              one,
              "vni",
              other.resource().key() + " has VNI " + vni(network, fabric) + " too; give another");
        }
      }
    }
  }

  /** What is beyond the fabric, for the check of it, has IPv4. */
  private void waysOut() {
    boolean ipv6 =
        fabric.isDual()
            || fabric.vtep() instanceof Vtep.OfCidrs(var cidrs)
                && cidrs.stream().anyMatch(cidr -> !cidr.address().isIpv4());
    for (var one : byKey.values()) {
      if (ipv6
          && one.resource() instanceof Tenant tenant
          && tenant.spec().egress() != Tenant.Egress.NONE) {
        report(one, "egress", "in a lab 'egress' needs an underlay of IPv4; remove it");
      }
    }
  }

  private void tenantOf(Network network, Declared one) {
    var names =
        byKey.values().stream()
            .map(Declared::resource)
            .filter(Tenant.class::isInstance)
            .map(tenant -> tenant.name())
            .toList();
    network
        .spec()
        .tenant()
        .filter(tenant -> !names.contains(tenant))
        .ifPresent(
            tenant ->
                report(
                    one,
                    "tenant",
                    "there is no Tenant '" + tenant + "'" + Spelling.hint(tenant, names)));
  }

  private static Vni vni(Network network, FabricSpec fabric) {
    var pool = fabric.vniPools().networks();
    return network.spec().vni().orElseGet(() -> VniAllocation.automatic(network.name(), pool));
  }

  private void report(Declared at, String field, String message) {
    problems.add(new Problem(at.placeOf(field), at.resource().key().toString(), message));
  }
}
