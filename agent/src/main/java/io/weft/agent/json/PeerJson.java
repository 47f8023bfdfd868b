package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.bgp.PeerTransport;
import io.weft.bfd.BfdView;
import io.weft.bfd.BfdView.SessionView;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.MaximumPrefixes;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * What is known of neighbours beside BGP: what the Fabric says of them, what their connections must
 * have, and the paths to them. Added to {@link BgpJson#peers}. Of a password only that there is
 * one.
 *
 * @param transports what connections must have, the narrowest range counts
 */
public record PeerJson(FabricSpec fabric, List<PeerTransport> transports, Optional<BfdView> bfd) {
  /** Adds to each neighbour of the document what is known of it; gives the document back. */
  public ObjectNode addTo(ObjectNode document) {
    for (var peer : document.path("peers")) {
      add((ObjectNode) peer, IpAddress.parseWithZone(peer.path("address").asText()));
    }
    return document;
  }

  private void add(ObjectNode node, IpAddress address) {
    transport(address).ifPresent(transport -> add(node, transport));
    spec(address).ifPresent(spec -> add(node, spec));
    bfd.stream()
        .flatMap(view -> view.sessions().stream())
        .filter(session -> session.settings().key().peer().equals(address))
        .findFirst()
        .ifPresent(session -> add(node.putObject("bfd"), session));
  }

  private Optional<PeerTransport> transport(IpAddress address) {
    return transports.stream()
        .filter(each -> each.peers().contains(address))
        .max(Comparator.comparingInt(each -> each.peers().length()));
  }

  private Optional<PeerSpec> spec(IpAddress address) {
    return fabric.peers().stream()
        .filter(peer -> prefixLength(peer.remote(), address) >= 0)
        .max(Comparator.comparingInt(peer -> prefixLength(peer.remote(), address)));
  }

  /** Of what the address is in; -1 when it is not. */
  private static int prefixLength(Remote remote, IpAddress address) {
    return switch (remote) {
      case Remote.AtAddress(var at) -> at.equals(address) ? at.bits() : -1;
      case Remote.InRange(var range) -> range.contains(address) ? range.length() : -1;
      case Remote.OnInterface _ -> -1;
    };
  }

  private static void add(ObjectNode node, PeerTransport transport) {
    node.put("password", transport.password().isPresent());
    transport.ttlSecurityHops().ifPresent(hops -> node.put("ttlSecurity", hops));
    transport.multihopTtl().ifPresent(ttl -> node.put("ttl", ttl));
    transport.barred().ifPresent(reason -> node.put("noSession", reason));
  }

  private static void add(ObjectNode node, PeerSpec spec) {
    spec.importPolicy().ifPresent(policy -> node.put("importPolicy", policy));
    spec.exportPolicy().ifPresent(policy -> node.put("exportPolicy", policy));
    spec.shutdown().ifPresent(text -> node.put("shutdown", text));
    spec.maximumPrefixes().ifPresent(maximum -> add(node.putObject("maximumPrefixes"), maximum));
  }

  private static void add(ObjectNode node, MaximumPrefixes maximum) {
    node.put("limit", maximum.limit()).put("warnPercent", maximum.warnPercent());
    node.put("action", maximum.action().toString().toLowerCase(Locale.ROOT));
    if (maximum.action() == MaximumPrefixes.Action.CLOSE) {
      node.put("restartSeconds", maximum.restartSeconds());
    }
  }

  private static void add(ObjectNode node, SessionView session) {
    node.put("state", session.state().toString());
    node.put("remoteState", session.remoteState().toString());
    node.put("multihop", session.settings().key().multihop());
    node.put("transmitMillis", millis(session.transmitMicros()));
    node.put("detectionMillis", millis(session.detectionMicros()));
    node.put("multiplier", session.settings().multiplier());
    node.put("timesDown", session.timesDown());
  }

  private static double millis(long micros) {
    return micros / (double) TimeUnit.MILLISECONDS.toMicros(1);
  }
}
