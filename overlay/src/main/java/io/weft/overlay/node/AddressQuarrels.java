package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/**
 * Addresses of one network that two MACs claim by turns, of which one at least was learned here.
 * Each move from one to the other counts as a MAC's does (RFC 7432 §15.1, which RFC 9135 §7 leaves
 * open for addresses): of one that moved too often nothing more is taken here. It stays where it is
 * until its owner goes, or its time is over.
 */
final class AddressQuarrels {
  private final NetworkInstance network;
  private final Consumer<String> report;
  private final TreeMap<IpAddress, String> frozen = new TreeMap<>();

  AddressQuarrels(NetworkInstance network, Consumer<String> report) {
    this.network = network;
    this.report = report;
  }

  /** A MAC that was learned here claims the address; counts when it is another's. */
  boolean mayTake(MacAddress mac, IpAddress ip) {
    var owner = owner(ip).filter(o -> !o.mac().equals(mac));
    if (owner.isEmpty()) {
      network.mobility().ownerGone(ip);
      frozen.remove(ip);
      return true;
    }
    if (!network.mobility().isFrozen(ip)) {
      count(ip, mac, owner.get());
    }
    return !network.mobility().isFrozen(ip);
  }

  /** A MAC on another node has taken the address of one that was learned here. */
  void taken(MacAddress mac, IpAddress ip) {
    elsewhere(ip).ifPresent(other -> count(ip, mac, other));
  }

  private void count(IpAddress ip, MacAddress mac, Owner owner) {
    if (network.mobility().moved(ip)) {
      var text =
          "address %s of network '%s' is claimed by MAC address %s behind a port of this node, and by MAC address %s %s, by turns; it stays with the latter until that is silent, or is frozen no more; give it to one of them"
              .formatted(ip, network.intent().name(), mac, owner.mac(), owner.place());
      frozen.put(ip, text);
      report.accept(text);
    }
  }

  private record Owner(MacAddress mac, String place) {}

  private Optional<Owner> owner(IpAddress ip) {
    return network
        .localOwner(ip)
        .map(
            host ->
                new Owner(
                    host.mac(), "behind that of endpoint '" + LearnedHosts.nameOfPort(host) + "'"))
        .or(() -> elsewhere(ip));
  }

  private Optional<Owner> elsewhere(IpAddress ip) {
    return network
        .remote()
        .neighbour(ip)
        .filter(other -> !other.gateway())
        .map(other -> new Owner(other.mac(), "behind VTEP " + other.vtep()));
  }

  /** The time of a duplicate is over. */
  void recover(IpAddress ip) {
    if (frozen.remove(ip) != null) {
      report.accept("address " + ip + " was frozen as a duplicate; it gets another chance");
    }
  }

  /** Those that are frozen and still somebody's, for people. */
  List<String> view() {
    return frozen.entrySet().stream()
        .filter(e -> owner(e.getKey()).isPresent())
        .map(e -> e.getValue())
        .toList();
  }
}
