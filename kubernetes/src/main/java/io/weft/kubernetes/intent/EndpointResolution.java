package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.Endpoint;
import io.weft.kubernetes.yaml.Problem;
import io.weft.kubernetes.yaml.Spelling;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;

/**
 * What is wrong between Endpoints and what else there is. They stay in force: which of two has what
 * both want is decided on their node, where one may be attached already.
 */
final class EndpointResolution {
  private EndpointResolution() {}

  private record Claim(Declared endpoint, String field) {}

  static void report(Collection<Declared> endpoints, Set<String> networks, List<Problem> problems) {
    var claims = new TreeMap<String, List<Claim>>();
    for (var declared : endpoints) {
      if (declared.resource() instanceof Endpoint endpoint) {
        claim(declared, endpoint, claims);
        var network = endpoint.spec().network();
        if (!networks.contains(network)) {
          problems.add(
              problem(
                  declared,
                  "network",
                  "there is no Network '%s'%s"
                      .formatted(
                          network,
                          Spelling.nearest(network, networks)
                              .map(near -> "; did you mean '" + near + "'?")
                              .orElse("; declare it or name another"))));
        }
      }
    }
    claims.forEach(
        (what, claimants) -> {
          for (var claim : claimants) {
            claimants.stream()
                .filter(other -> !other.equals(claim))
                .findFirst()
                .ifPresent(other -> problems.add(problem(what, claim, other)));
          }
        });
  }

  private static void claim(Declared declared, Endpoint endpoint, Map<String, List<Claim>> claims) {
    var spec = endpoint.spec();
    add(
        spec.place() + " of node " + spec.node(),
        new Claim(declared, spec.tap().isPresent() ? "tap" : "link"),
        claims);
    spec.mac()
        .ifPresent(
            mac ->
                add(
                    "MAC address %s of network '%s'".formatted(mac, spec.network()),
                    new Claim(declared, "mac"),
                    claims));
    for (int i = 0; i < spec.addresses().size(); i++) {
      add(
          "address %s of network '%s'".formatted(spec.addresses().get(i), spec.network()),
          new Claim(declared, "addresses[" + i + "]"),
          claims);
    }
  }

  private static void add(String what, Claim claim, Map<String, List<Claim>> claims) {
    claims.computeIfAbsent(what, _ -> new ArrayList<>()).add(claim);
  }

  private static Problem problem(String what, Claim one, Claim other) {
    return problem(
        one.endpoint(),
        one.field(),
        "%s is also that of %s (%s); whichever was attached first keeps it"
            .formatted(
                what, other.endpoint().resource().key(), other.endpoint().placeOf(other.field())));
  }

  private static Problem problem(Declared declared, String field, String message) {
    return new Problem(declared.placeOf(field), declared.resource().key().toString(), message);
  }
}
