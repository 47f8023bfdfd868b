package io.weft.agent.kernel;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel remembers of an endpoint for us, in the alias of its port: so a restarted agent
 * needs no file, and what is remembered goes when the interface goes. Text: {@code weft1 endpoint
 * network mac address,address}, and {@code sticky} behind it where the MAC is (RFC 7432 §15.2), and
 * {@code via=address,address}: the default routes that the pod has from us.
 */
record PortAlias(
    String endpoint,
    String network,
    MacAddress mac,
    List<IpAddress> addresses,
    boolean sticky,
    List<IpAddress> gateways) {
  /** IFALIASZ (linux/if.h) less the closing zero. */
  static final int MAX_LENGTH = 255;

  private static final String MARK = "weft1";
  private static final String STICKY = "sticky";
  private static final String VIA = "via=";

  PortAlias {
    addresses = List.copyOf(addresses);
    gateways = List.copyOf(gateways);
  }

  /** One without a default route of ours. */
  PortAlias(
      String endpoint, String network, MacAddress mac, List<IpAddress> addresses, boolean sticky) {
    this(endpoint, network, mac, addresses, sticky, List.of());
  }

  /** The text; longer than {@link #MAX_LENGTH} only when the names are too long together. */
  String text() {
    var text = String.join(" ", MARK, endpoint, network, mac.toString(), joined(addresses));
    return text
        + (sticky ? " " + STICKY : "")
        + (gateways.isEmpty() ? "" : " " + VIA + joined(gateways));
  }

  /** True when it is the same endpoint, whatever its default routes are. */
  boolean isOf(PortAlias other) {
    return equals(
        new PortAlias(
            other.endpoint, other.network, other.mac, other.addresses, other.sticky, gateways));
  }

  private static String joined(List<IpAddress> addresses) {
    return String.join(",", addresses.stream().map(IpAddress::toString).toList());
  }

  /** Empty when the alias is not ours or not whole. */
  static Optional<PortAlias> parse(String text) {
    var parts = text.split(" ", -1);
    if (parts.length < 5 || parts.length > 7 || !parts[0].equals(MARK)) {
      return Optional.empty();
    }
    boolean sticky = parts.length > 5 && parts[5].equals(STICKY);
    int next = sticky ? 6 : 5;
    boolean via = parts.length > next && parts[next].startsWith(VIA);
    if (parts.length != next + (via ? 1 : 0)) {
      return Optional.empty();
    }
    try {
      return Optional.of(
          new PortAlias(
              parts[1],
              parts[2],
              MacAddress.parse(parts[3]),
              addresses(parts[4]),
              sticky,
              via ? addresses(parts[next].substring(VIA.length())) : List.of()));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private static List<IpAddress> addresses(String text) {
    var addresses = new ArrayList<IpAddress>();
    for (var ip : text.isEmpty() ? new String[0] : text.split(",", -1)) {
      addresses.add(IpAddress.parse(ip));
    }
    return addresses;
  }
}
