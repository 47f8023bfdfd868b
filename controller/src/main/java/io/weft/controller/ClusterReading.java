package io.weft.controller;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.intent.ApiIntent;
import io.weft.kubernetes.intent.ApiItem;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.intent.ResolvedNetwork;
import io.weft.kubernetes.intent.VniAllocation;
import io.weft.kubernetes.resource.Endpoint;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.Resource;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.resource.TenantConnection;
import io.weft.kubernetes.yaml.Problem;
import io.weft.net.Vni;
import io.weft.net.VniRange;
import io.weft.overlay.cluster.ClusterObject;
import io.weft.overlay.cluster.Condition;
import io.weft.overlay.cluster.Verdict;
import io.weft.overlay.cluster.Verdict.Complaint;
import io.weft.overlay.cluster.VniOwner;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Reads all objects together, by the same rules as every node does, and says of each what it came
 * to.
 */
final class ClusterReading {
  private final ApiIntent together = new ApiIntent();

  /**
   * What is kept of an object.
   *
   * @param conditions as its status has them
   */
  record Seen(ApiItem item, List<Condition> conditions) {
    static Seen of(Kind kind, JsonNode object) {
      return new Seen(ApiItem.of(kind, object), ClusterJson.conditions(object));
    }
  }

  /** {@code all} are all that there are now. */
  List<ClusterObject> next(Collection<Seen> all) {
    return new Once(together.next(all.stream().map(Seen::item).toList()), all).objects();
  }

  /** One reading. */
  private static final class Once {
    private final IntentReading reading;
    private final Collection<Seen> all;
    private final TreeMap<String, List<Problem>> problems = new TreeMap<>();

    /** Tenants of which something is routed. */
    private final TreeSet<String> routing = new TreeSet<>();

    /** Tenants that wait for their L3 VNI. */
    private final TreeSet<String> waiting = new TreeSet<>();

    Once(IntentReading reading, Collection<Seen> all) {
      this.reading = reading;
      this.all = all;
      for (var problem : reading.problems()) {
        if (!ApiIntent.isWaiting(problem)) {
          problems.computeIfAbsent(problem.object(), _ -> new ArrayList<>()).add(problem);
        }
      }
      for (var each : all) {
        if (each.item().resource().orElse(Fabric.DEFAULT) instanceof Network(_, var spec)
            && !spec.gateways().isEmpty()) {
          spec.tenant().ifPresent(routing::add);
        }
      }
      for (var each : all) {
        var item = each.item();
        if (item.kind() == Kind.TENANT
            && item.status().isEmpty()
            && item.given().isEmpty()
            && routing.contains(item.name())) {
          waiting.add(item.name());
        }
      }
    }

    List<ClusterObject> objects() {
      return all.stream().filter(seen -> !isUndecided(seen.item())).map(this::object).toList();
    }

    /** A connection of tenants that are about to get their L3 VNIs: nothing is said of it yet. */
    private boolean isUndecided(ApiItem item) {
      return item.resource().orElse(Fabric.DEFAULT) instanceof TenantConnection(_, var shape)
          && shape.members().stream().anyMatch(member -> waiting.contains(member.tenant()));
    }

    private ClusterObject object(Seen seen) {
      var item = seen.item();
      var verdict = verdict(item);
      return new ClusterObject(
          item.kind().label(),
          item.name(),
          item.uid(),
          item.version(),
          item.generation(),
          owner(item),
          verdict,
          seen.conditions());
    }

    // ---- VNIs -----------------------------------------------------------------------------

    private Optional<VniOwner> owner(ApiItem item) {
      var pools = reading.intent().fabric().spec().vniPools();
      return switch (item.kind()) {
        case NETWORK -> owner(item, pools.networks(), true);
        case TENANT -> owner(item, pools.tenants(), routing.contains(item.name()));
        case FABRIC, TENANT_CONNECTION, ENDPOINT -> Optional.empty();
      };
    }

    /** What cannot be read keeps what it has; it gets nothing. */
    private Optional<VniOwner> owner(ApiItem item, VniRange pool, boolean needsOne) {
      boolean readable = item.resource().isPresent();
      var given = readable ? item.given() : Optional.<Vni>empty();
      boolean mayHave =
          item.status().isPresent() || given.isPresent() || readable && needsOne && poolIsKnown();
      return mayHave
          ? Optional.of(
              new VniOwner(
                  item.kind().label() + "/" + item.name(),
                  item.uid(),
                  item.version(),
                  given,
                  pool,
                  VniAllocation.automatic(item.name(), pool),
                  item.status()))
          : Optional.empty();
    }

    /** The default in place of a Fabric that cannot be read may have another pool. */
    private boolean poolIsKnown() {
      return reading.fabricProblems().isEmpty();
    }

    // ---- Verdicts -------------------------------------------------------------------------

    private Verdict verdict(ApiItem item) {
      var complaint = complaint(item);
      return new Verdict(
          complaint,
          item.resource()
              .filter(resource -> isInForce(item, resource, complaint.isEmpty()))
              .isPresent(),
          use(item));
    }

    private Optional<Complaint> complaint(ApiItem item) {
      if (!item.problems().isEmpty()) {
        return Optional.of(new Complaint("Invalid", words(item.problems())));
      }
      var key = item.kind().label() + " " + item.name();
      var mine = problems.getOrDefault(key, List.of());
      if (!mine.isEmpty()) {
        return Optional.of(new Complaint("Unresolved", words(mine), true));
      }
      boolean waitsForPool =
          item.kind() == Kind.NETWORK
              && item.status().isEmpty()
              && item.given().isEmpty()
              && !poolIsKnown();
      return waitsForPool
          ? Optional.of(
              new Complaint(
                  "Unresolved",
                  "the Fabric cannot be read, so it is not known which VNIs there are; mend it",
                  true))
          : Optional.empty();
    }

    private static String words(List<Problem> problems) {
      return problems.stream().map(Problem::message).distinct().collect(Collectors.joining("; "));
    }

    private boolean isInForce(ApiItem item, Resource resource, boolean accepted) {
      Intent intent = reading.intent();
      return switch (resource) {
        case Fabric fabric -> intent.fabric().equals(fabric);
        case Tenant tenant ->
            accepted || intent.tenants().values().stream().anyMatch(t -> t.tenant().equals(tenant));
        case Network network ->
            item.status().isEmpty() && item.given().isEmpty()
                ? accepted
                : Optional.ofNullable(intent.networks().get(network.name()))
                    .map(ResolvedNetwork::network)
                    .filter(network::equals)
                    .isPresent();
        case TenantConnection _, Endpoint _ -> accepted;
      };
    }

    private String use(ApiItem item) {
      return switch (item.kind()) {
        case FABRIC -> "AS " + reading.intent().fabric().spec().asn();
        case TENANT -> "does not route: none of its networks has a gateway";
        case NETWORK -> "a segment";
        case TENANT_CONNECTION -> "its tenants meet";
        case ENDPOINT -> "the node that it names attaches it (weft status there)";
      };
    }
  }
}
