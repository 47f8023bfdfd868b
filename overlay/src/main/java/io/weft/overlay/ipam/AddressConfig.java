package io.weft.overlay.ipam;

import io.weft.net.IpPrefix;
import java.util.List;

/**
 * Where a node may take addresses from.
 *
 * @param stored true: the nodes share a store of blocks and claims
 * @param podCidrs the node's own part of the cluster's subnets; a subnet that contains one is not
 *     cut into blocks
 */
public record AddressConfig(boolean stored, List<IpPrefix> podCidrs) {
  /** Neither: each node chooses by itself (decision 0005). */
  public static final AddressConfig ALONE = new AddressConfig(false, List.of());

  public AddressConfig {
    podCidrs = List.copyOf(podCidrs);
  }
}
