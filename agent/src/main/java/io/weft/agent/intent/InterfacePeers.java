package io.weft.agent.intent;

import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import io.weft.overlay.node.UnderlayIntent;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;

/**
 * Neighbours at the far ends of interfaces: once it is known who is there, they are neighbours at
 * an address, a link-local one with the interface as zone, with all that was said of them.
 */
public final class InterfacePeers {
  private InterfacePeers() {}

  /** Where neighbours are to be found. */
  public static List<String> interfaces(FabricSpec fabric) {
    return fabric.peers().stream()
        .filter(peer -> peer.shutdown().isEmpty())
        .flatMap(peer -> link(peer.remote()).stream())
        .toList();
  }

  private static Optional<String> link(Remote remote) {
    return remote instanceof Remote.OnInterface(var name) ? Optional.of(name) : Optional.empty();
  }

  /** The same configuration with those who were found, by interface; others are left out. */
  public static Configuration resolve(
      Configuration configuration, SortedMap<String, IpAddress> found) {
    var reading = configuration.reading();
    var intent = reading.intent();
    var fabric = new Fabric(intent.fabric().metadata(), resolve(configuration.fabric(), found));
    var secrets = configuration.secrets();
    return new Configuration(
        new IntentReading(
            new Intent(
                fabric, intent.tenants(), intent.networks(), intent.ways(), intent.endpoints()),
            reading.problems(),
            reading.absent()),
        new Secrets.Reading(
            new Secrets.Found<>(
                resolve(secrets.peers().found(), found),
                resolve(secrets.peers().unusable(), found)),
            secrets.networks()));
  }

  private static FabricSpec resolve(FabricSpec fabric, SortedMap<String, IpAddress> found) {
    return fabric.withPeers(
        fabric.peers().stream()
            .flatMap(peer -> resolve(peer.remote(), found).map(peer::at).stream())
            .toList());
  }

  private static <T> Map<Remote, T> resolve(
      Map<Remote, T> values, SortedMap<String, IpAddress> found) {
    var resolved = new LinkedHashMap<Remote, T>();
    values.forEach(
        (remote, value) -> resolve(remote, found).ifPresent(now -> resolved.put(now, value)));
    return resolved;
  }

  private static Optional<Remote> resolve(Remote remote, SortedMap<String, IpAddress> found) {
    var link = link(remote);
    return link.isEmpty()
        ? Optional.of(remote)
        : Optional.ofNullable(found.get(link.get())).map(Remote.AtAddress::new);
  }

  /** What a node does with the underlay's routing. */
  public static UnderlayIntent underlay(FabricSpec fabric) {
    return new UnderlayIntent(
        fabric.underlay().announceVtep(), fabric.underlay().maximumPaths(), interfaces(fabric));
  }

  /** True when a neighbour is to tell routes of the underlay. */
  public static boolean tellRoutes(FabricSpec fabric) {
    return fabric.peers().stream()
        .flatMap(peer -> peer.families().stream())
        .anyMatch(family -> family != PeerSpec.PeerFamily.L2VPN_EVPN);
  }
}
