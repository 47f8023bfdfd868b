package io.weft.overlay.ipam;

import io.weft.net.IpPrefix;

/**
 * A part of a network's subnet that one node gives addresses out of.
 *
 * @param network name of the network
 * @param node name of the node
 */
public record AddressBlock(String network, IpPrefix prefix, String node) implements AddressRecord {
  /** Of network and prefix alone: the store has room for one owner. */
  @Override
  public String name() {
    return network + "." + prefix.address().toString().replace(':', '-') + "-" + prefix.length();
  }
}
