package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.attachment.AttachResult.Reason;
import io.weft.overlay.attachment.AttachResult.Refused;
import io.weft.overlay.attachment.Endpoint;
import java.util.Optional;
import java.util.function.Predicate;

/** Whether an endpoint may be attached, as far as this node can tell; it changes nothing. */
final class Admission {
  private final NodeConfig config;
  private final Foundation foundation;
  private final Instances instances;
  private final Attachments attachments;

  Admission(
      NodeConfig config, Foundation foundation, Instances instances, Attachments attachments) {
    this.config = config;
    this.foundation = foundation;
    this.instances = instances;
    this.attachments = attachments;
  }

  /** Why nothing can be attached to the network. */
  Optional<Refused> unusable(String network) {
    var known = foundation.network(network);
    if (known.isEmpty()) {
      return Optional.of(new Refused(Reason.UNKNOWN_NETWORK, unknown(network)));
    }
    var vni = known.get().vni();
    return instances
        .holderOf(vni, network)
        .map(
            holder ->
                new Refused(
                    Reason.INVALID_REQUEST,
                    "VNI %s of network '%s' is still that of network '%s' on this node, until its endpoints are detached"
                        .formatted(vni, network, holder.intent().name())));
  }

  private String unknown(String network) {
    var known = foundation.networks().keySet();
    return "network '%s' is not known on node %s; %s"
        .formatted(
            network,
            config.name(),
            known.isEmpty() ? "no network is" : "known: " + String.join(", ", known));
  }

  /**
   * Checks a request against its network.
   *
   * @param claimed its addresses are those of a claim that it holds
   */
  Attachments.Checked check(AttachRequest request, NetworkIntent network, boolean claimed) {
    var remote = instances.find(network.name()).map(NetworkInstance::remote);
    var checked =
        attachments.check(request, network, remote, foundation.subnetsBeside(network), claimed);
    var cluster = foundation.cluster(network);
    return checked instanceof Attachments.Checked.Accepted(var endpoint)
            && cluster.isPresent()
            && endpoint.pod().isPresent()
        ? new ClusterChoice(cluster.get(), attachments.book(), isTaken(cluster.get().network()))
            .complete(endpoint, network)
        : checked;
  }

  private Predicate<IpAddress> isTaken(String network) {
    var remote = instances.find(network).map(NetworkInstance::remote);
    var intent = foundation.network(network);
    return ip ->
        intent.filter(known -> known.isGateway(ip)).isPresent()
            || remote.filter(known -> known.hasAddress(ip)).isPresent();
  }

  /** Whether the request could be carried out if the endpoint were not there. */
  Attachments.Checked checkInPlaceOf(Endpoint standing, AttachRequest request) {
    var unusable = unusable(request.network());
    if (unusable.isPresent()) {
      return new Attachments.Checked.Rejected(unusable.get());
    }
    attachments.remove(standing.name());
    try {
      return check(request, foundation.network(request.network()).orElseThrow(), false);
    } finally {
      attachments.add(standing);
    }
  }

  /** Another endpoint of the name is there. */
  static Refused attachedAlready(Endpoint standing) {
    return new Refused(
        Reason.INVALID_REQUEST,
        "endpoint '"
            + standing.name()
            + "' is attached already, to network '"
            + standing.network()
            + "' with MAC address "
            + standing.mac()
            + " and addresses "
            + standing.addresses()
            + standing.link().map(link -> " on " + link).orElse("")
            + (standing.prefixes().isEmpty() ? "" : " and prefixes " + standing.prefixes())
            + (standing.declared()
                ? "; a resource declares it: change that, or use another name"
                : "; detach it first or use another name"));
  }
}
