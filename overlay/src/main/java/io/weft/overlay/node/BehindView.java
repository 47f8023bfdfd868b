package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.util.List;
import java.util.Optional;

/**
 * What an endpoint of this node says is behind it, and what becomes of that.
 *
 * @param address of the endpoint, to which packets for the prefix go or would go
 * @param byBgp it says so by BGP; else it was given when the endpoint was attached
 * @param used the node routes the prefix to the endpoint, and announces it
 * @param reason why, or why not
 */
public record BehindView(
    IpPrefix prefix,
    String network,
    Optional<String> tenant,
    String endpoint,
    IpAddress address,
    boolean byBgp,
    boolean used,
    String reason) {
  /**
   * Of several prefixes, in their order.
   *
   * @param more prefixes that are left out
   */
  public record Page(List<BehindView> rows, int more) {
    /** Nobody says anything. */
    public static final Page NONE = new Page(List.of(), 0);

    public Page {
      rows = List.copyOf(rows);
    }
  }
}
