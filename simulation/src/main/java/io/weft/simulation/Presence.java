package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachResult;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.ClusterIntent;
import io.weft.overlay.node.NodeEvent;
import io.weft.overlay.node.NodeIntent;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;

/** Tells the invariants who is, was or shall be at a node, whatever intent and VTEPs it has. */
final class Presence {
  private final NodeMachine machine;
  private final Invariants invariants;
  private final LinkedHashSet<ForwardingObject.EndpointPort> ports = new LinkedHashSet<>();

  /** Of the cluster's tenants, which are here without endpoints. */
  private final LinkedHashSet<ForwardingObject> ofCluster = new LinkedHashSet<>();

  private final LinkedHashSet<AttachResult.Attached> answers = new LinkedHashSet<>();
  private final LinkedHashSet<Heard> heard = new LinkedHashSet<>();
  private final LinkedHashSet<NodeEvent.GroupsSeen> joined = new LinkedHashSet<>();
  private NodeIntent intent;

  /** Somebody behind a port that learns. */
  private record Heard(String namespace, MacAddress mac) {}

  /** {@code intent}: the node's at first. */
  Presence(NodeMachine machine, Invariants invariants, NodeIntent intent) {
    this.machine = machine;
    this.invariants = invariants;
    this.intent = intent;
    invariants.intended(NodeMachine.NAMESPACE_PREFIX, intent);
  }

  /** The node is, or will be, told this. */
  void intended(NodeIntent next) {
    intent = next;
    invariants.intended(NodeMachine.NAMESPACE_PREFIX, intent);
    again();
  }

  /** Those who were attached here at some time are here by the intent and the VTEPs of now. */
  void again() {
    answers.forEach(this::tell);
    ports.forEach(this::tellOfPort);
    ofCluster.forEach(this::tellOfCluster);
    heard.forEach(host -> invariants.attached(machine, host.namespace(), host.mac()));
    joined.forEach(groups -> invariants.joined(machine, groups));
  }

  /** Hosts here have joined these groups. */
  void joined(NodeEvent.GroupsSeen groups) {
    joined.add(groups);
    invariants.joined(machine, groups);
  }

  /** One that was made before the agent died, and whose call perhaps was never answered. */
  void found(ForwardingObject object) {
    if (object instanceof ForwardingObject.EndpointPort port) {
      invariants.attached(machine, port.namespace(), port.mac());
      present(port);
    }
  }

  private void present(ForwardingObject.EndpointPort port) {
    ports.add(port);
    tellOfPort(port);
  }

  /** Of one that resources declare no call tells. */
  private void tellOfPort(ForwardingObject.EndpointPort port) {
    if (port.declared()) {
      invariants.attached(machine, port.namespace(), port.mac());
    }
    invariants.present(machine, port);
  }

  /** What an attach call was told. */
  void answered(AttachResult result) {
    if (result instanceof AttachResult.Attached endpoint) {
      answers.add(endpoint);
      tell(endpoint);
    }
  }

  private void tell(AttachResult.Attached endpoint) {
    intent.networks().stream()
        .filter(network -> network.name().equals(endpoint.network()))
        .map(network -> NodeMachine.NAMESPACE_PREFIX + network.namespaceSuffix())
        .forEach(namespace -> invariants.attached(machine, namespace, endpoint.mac()));
  }

  /** Somebody behind a port that learns was heard, perhaps with an address. */
  void heard(String namespace, String port, MacAddress mac, Optional<IpAddress> ip) {
    heard.add(new Heard(namespace, mac));
    invariants.attached(machine, namespace, mac);
    ports.stream()
        .filter(each -> each.port().equals(port))
        .forEach(each -> ip.ifPresent(that -> invariants.bound(each.network(), mac, that)));
  }

  /**
   * Who comes with a batch; without a call endpoints that resources declare, and the cluster's
   * tenant.
   */
  void coming(List<KernelChange> changes) {
    for (var change : changes) {
      if (change instanceof KernelChange.Put(ForwardingObject.EndpointPort port)) {
        present(port);
      } else if (change instanceof KernelChange.Put(var object)
          && isGround(object)
          && isClusters(object.namespace())) {
        ofCluster.add(object);
        tellOfCluster(object);
      }
    }
  }

  private static boolean isGround(ForwardingObject object) {
    return object instanceof ForwardingObject.TenantNamespace
        || object instanceof ForwardingObject.VxlanPort;
  }

  private void tellOfCluster(ForwardingObject object) {
    if (object instanceof ForwardingObject.VxlanPort port) {
      invariants.present(machine, port);
    } else {
      invariants.present(machine, object.namespace());
    }
  }

  private boolean isClusters(String namespace) {
    return intent.tenants().stream()
        .filter(tenant -> namespace.equals(NodeMachine.NAMESPACE_PREFIX + tenant.name()))
        .flatMap(tenant -> tenant.egress().stream())
        .anyMatch(way -> way.cluster().filter(ClusterIntent::member).isPresent());
  }
}
