package io.weft.agent.intent;

import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.resource.Endpoint;
import io.weft.kubernetes.resource.EndpointSpec;
import io.weft.kubernetes.resource.Kind;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.forwarding.NodeLink;
import io.weft.overlay.node.DeclaredIntent;
import java.util.Optional;
import java.util.TreeSet;

/** From what Endpoint resources say to what the brain of a node is told. */
public final class EndpointWords {
  private EndpointWords() {}

  /** The endpoints of one node, and which others there may be that cannot be read. */
  public static DeclaredIntent declared(IntentReading reading, String node) {
    var endpoints = reading.intent().endpoints();
    var unread = new TreeSet<String>();
    boolean complete = true;
    for (var problem : reading.problems()) {
      var label = Kind.ENDPOINT.label();
      if (problem.object().isEmpty() || problem.object().equals(label)) {
        complete = false; // of a file or a kind, and nobody can name what is in it
      } else if (problem.object().startsWith(label + " ")) {
        unread.add(problem.object().substring(label.length() + 1));
      }
    }
    unread.removeAll(endpoints.keySet());
    return new DeclaredIntent(
        endpoints.values().stream()
            .filter(endpoint -> endpoint.spec().node().equals(node))
            .map(EndpointWords::request)
            .toList(),
        unread,
        complete);
  }

  private static AttachRequest request(Endpoint endpoint) {
    var spec = endpoint.spec();
    return new AttachRequest(
        endpoint.name(),
        spec.network(),
        "",
        "",
        spec.mac(),
        spec.addresses(),
        spec.sticky(),
        spec.prefixes(),
        Optional.empty(),
        false,
        Optional.of(link(spec)),
        true,
        spec.learn());
  }

  private static NodeLink link(EndpointSpec spec) {
    if (spec.tap().isPresent()) {
      return new NodeLink.Tap(spec.tap().get());
    }
    var name = spec.link().orElseThrow();
    return spec.vlan().isPresent()
        ? new NodeLink.Vlan(name, spec.vlan().getAsInt())
        : new NodeLink.Device(name);
  }
}
