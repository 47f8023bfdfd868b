package io.weft.overlay.ipam;

import io.weft.net.IpPrefix;
import java.util.List;
import java.util.OptionalInt;
import java.util.OptionalLong;

/**
 * A picture of the addresses that a node knows of.
 *
 * @param stored true: blocks and claims are in a store that the nodes share
 * @param failure why the store cannot be used now; empty while it can
 * @param subnets by network
 * @param claims by name
 * @param leaks blocks and claims that nobody can use, in words
 * @param conflicts addresses that two have, in words
 */
public record AddressView(
    String node,
    boolean stored,
    String failure,
    List<SubnetView> subnets,
    List<Stored<AddressClaim>> claims,
    List<String> leaks,
    List<String> conflicts) {
  /**
   * A subnet of a network.
   *
   * @param blocks that some node has
   * @param blocksLeft that no node has yet; empty where it is not cut
   * @param used addresses of endpoints of this node
   * @param free addresses that this node can give out without another block; empty where it takes
   *     them from the subnet as a whole
   */
  public record SubnetView(
      String network,
      IpPrefix subnet,
      AddressBook.Source source,
      List<BlockView> blocks,
      OptionalLong blocksLeft,
      int used,
      OptionalLong free) {}

  /**
   * A block, or the node's pod CIDR.
   *
   * @param used addresses that endpoints have: this node's, or those that another node announces
   *     and this one hears; empty where it does not listen
   * @param claimed addresses that claims keep
   * @param size addresses that may be given out
   * @param free those of a block of this node that nobody has or keeps
   * @param idleSeconds for how long a block of this node has been of no use
   */
  public record BlockView(
      IpPrefix prefix,
      String node,
      OptionalInt used,
      int claimed,
      long size,
      OptionalLong free,
      OptionalLong idleSeconds) {}
}
