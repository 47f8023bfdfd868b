package io.weft.controller;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.intent.ApiItem;
import io.weft.kubernetes.resource.Kind;
import io.weft.overlay.cluster.CallOutcome;
import io.weft.overlay.cluster.CallOutcome.Done;
import io.weft.overlay.cluster.CallOutcome.Failed;
import io.weft.overlay.cluster.CallOutcome.LeaseFound;
import io.weft.overlay.cluster.CallOutcome.Owner;
import io.weft.overlay.cluster.CallOutcome.OwnerFound;
import io.weft.overlay.cluster.CallOutcome.Refused;
import io.weft.overlay.cluster.CallOutcome.Written;
import io.weft.overlay.cluster.ClusterCall;
import io.weft.overlay.cluster.ClusterCall.AskOwner;
import io.weft.overlay.cluster.ClusterCall.OfClaim;
import io.weft.overlay.cluster.ClusterCall.ReadLease;
import io.weft.overlay.cluster.ClusterCall.Tell;
import io.weft.overlay.cluster.ClusterCall.WriteLease;
import io.weft.overlay.cluster.ClusterCall.WriteStatus;
import io.weft.overlay.cluster.LeaseRecord;
import io.weft.overlay.cluster.VniCall;
import io.weft.overlay.cluster.VniCall.AdoptClaim;
import io.weft.overlay.cluster.VniCall.MakeClaim;
import io.weft.overlay.cluster.VniCall.Release;
import io.weft.overlay.cluster.VniCall.RemoveClaim;
import io.weft.overlay.cluster.VniCall.SetStatus;
import java.time.Instant;
import java.util.Optional;

/** Makes the controller's calls; each blocks, and may be made on any thread. */
final class ClusterCalls {
  private static final String LEASE = "weft-controller";

  private final ApiClient client;
  private final String identity;
  private final String namespace;

  ClusterCalls(ApiClient client, String identity, String namespace) {
    this.client = client;
    this.identity = identity;
    this.namespace = namespace;
  }

  CallOutcome make(ClusterCall call) throws InterruptedException {
    try {
      return switch (call) {
        case OfClaim(var ofClaim) -> make(ofClaim);
        case WriteStatus write -> status(write);
        case AskOwner(var claim) -> ask(claim.owner());
        case Tell(var note) -> {
          client.create(ClusterJson.EVENTS, ClusterJson.event(note, identity, Instant.now()));
          yield new Done();
        }
        case ReadLease() -> readLease();
        case WriteLease(var seen, var next) -> writeLease(seen, next);
      };
    } catch (ApiFailure failure) {
      return outcome(call, failure);
    }
  }

  private static CallOutcome outcome(ClusterCall call, ApiFailure failure) {
    var words = String.valueOf(failure.getMessage());
    boolean isGone = failure.isNotFound() && !(call instanceof WriteLease || call instanceof Tell);
    return failure.isConflict() || failure.isAlreadyThere() || isGone
        ? new Refused(words)
        : new Failed(words);
  }

  private CallOutcome make(VniCall call) throws ApiFailure, InterruptedException {
    switch (call) {
      case MakeClaim(var vni, var owner) ->
          client.create(ClusterJson.CLAIMS.path(), ClusterJson.newClaim(vni, owner));
      case AdoptClaim(var claim, var owner) ->
          client.merge(
              ClusterJson.CLAIMS.item(claim.vni().toString()), ClusterJson.adopted(claim, owner));
      case Release(var claim, var since) ->
          client.merge(
              ClusterJson.CLAIMS.item(claim.vni().toString()), ClusterJson.released(claim, since));
      case RemoveClaim(var claim) ->
          client.delete(ClusterJson.CLAIMS.item(claim.vni().toString()), "", claim.version());
      case SetStatus(var owner, _) ->
          throw new IllegalArgumentException(owner.name() + ": written with its conditions");
    }
    return new Done();
  }

  private CallOutcome status(WriteStatus write) throws ApiFailure, InterruptedException {
    var object = write.object();
    var field = object.kind().equals(Kind.TENANT.label()) ? "l3vni" : "vni";
    var after =
        client.merge(
            ClusterJson.path(object.subject()).orElseThrow() + "/status",
            ClusterJson.status(
                object.uid(),
                object.version(),
                Optional.of(field),
                write.vni(),
                write.conditions()));
    return new Written(after.at("/metadata/resourceVersion").asText());
  }

  /** A claim that names no object has no owner. */
  private CallOutcome ask(String owner) throws ApiFailure, InterruptedException {
    var path = ClusterJson.path(owner);
    if (path.isEmpty()) {
      return new OwnerFound(Optional.empty());
    }
    try {
      var object = client.get(path.get());
      var kind = Optional.ofNullable(Kind.BY_LABEL.get(owner.split("/", 2)[0])).orElseThrow();
      return new OwnerFound(
          Optional.of(
              new Owner(
                  ApiItem.vni(kind, object.path("spec")),
                  ApiItem.vni(kind, object.path("status")))));
    } catch (ApiFailure failure) {
      if (failure.isNotFound()) {
        return new OwnerFound(Optional.empty());
      }
      throw failure;
    }
  }

  private String leases() {
    return "/apis/coordination.k8s.io/v1/namespaces/" + namespace + "/leases";
  }

  private CallOutcome readLease() throws ApiFailure, InterruptedException {
    try {
      return found(client.get(leases() + "/" + LEASE));
    } catch (ApiFailure failure) {
      if (failure.isNotFound()) {
        return new LeaseFound(Optional.empty());
      }
      throw failure;
    }
  }

  private CallOutcome writeLease(Optional<LeaseRecord> seen, LeaseRecord next)
      throws ApiFailure, InterruptedException {
    var object = ClusterJson.lease(LEASE, seen, next);
    return found(
        seen.isPresent()
            ? client.replace(leases() + "/" + LEASE, object)
            : client.create(leases(), object));
  }

  private static CallOutcome found(JsonNode lease) {
    return new LeaseFound(Optional.of(ClusterJson.lease(lease)));
  }
}
