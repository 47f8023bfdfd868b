package io.weft.overlay.ipam;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Addresses and a MAC that outlive the endpoint that uses them.
 *
 * @param name a DNS label; of pods of Kubernetes that of their namespace, a dot and a DNS label
 * @param network name of the network
 * @param addresses one of each subnet; nobody else gets them
 * @param holders endpoints that have them now: none, one, or two while a machine moves
 * @param active the holder that frames go to; empty exactly when there is no holder
 */
public record AddressClaim(
    String name,
    String network,
    List<IpAddress> addresses,
    MacAddress mac,
    List<Holder> holders,
    Optional<Holder> active)
    implements AddressRecord {
  /** During a live migration there are two. */
  public static final int MAX_HOLDERS = 2;

  /** An endpoint of a node. */
  public record Holder(String node, String endpoint) {
    /** {@code endpoint on node}. */
    @Override
    public String toString() {
      return "'" + endpoint + "' on node " + node;
    }
  }

  public AddressClaim {
    addresses = List.copyOf(addresses);
    holders = List.copyOf(holders);
    if (holders.size() > MAX_HOLDERS) {
      throw new IllegalArgumentException("claim " + name + " has more than two holders");
    }
    if (active.isPresent() ? !holders.contains(active.get()) : !holders.isEmpty()) {
      throw new IllegalArgumentException(
          "claim " + name + ": exactly one of its holders is active, if it has any");
    }
  }

  /** With one more holder; the first one is active. */
  public AddressClaim with(Holder holder) {
    var more = new ArrayList<>(holders);
    more.add(holder);
    return new AddressClaim(
        name, network, addresses, mac, more, active.or(() -> Optional.of(holder)));
  }

  /** Without the holder; one that is left is active. */
  public AddressClaim without(Holder holder) {
    var left = holders.stream().filter(other -> !other.equals(holder)).toList();
    return new AddressClaim(
        name,
        network,
        addresses,
        mac,
        left,
        active.filter(left::contains).or(() -> left.stream().findFirst()));
  }

  /** Without what a node holds of it. */
  public AddressClaim withoutNode(String node) {
    var left = this;
    for (var holder : holders) {
      left = holder.node().equals(node) ? left.without(holder) : left;
    }
    return left;
  }

  /** With another one of its holders active. */
  public AddressClaim activate(Holder holder) {
    return new AddressClaim(name, network, addresses, mac, holders, Optional.of(holder));
  }
}
