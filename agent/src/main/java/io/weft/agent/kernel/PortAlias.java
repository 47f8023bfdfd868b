package io.weft.agent.kernel;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel remembers of an endpoint for us, in the alias of its port: so a restarted agent
 * needs no file, and what is remembered goes when the interface goes. Text: {@code weft1 endpoint
 * network mac address,address}, and {@code sticky} behind it where the MAC is (RFC 7432 §15.2).
 */
record PortAlias(
    String endpoint, String network, MacAddress mac, List<IpAddress> addresses, boolean sticky) {
  /** IFALIASZ (linux/if.h) less the closing zero. */
  static final int MAX_LENGTH = 255;

  private static final String MARK = "weft1";
  private static final String STICKY = "sticky";

  PortAlias {
    addresses = List.copyOf(addresses);
  }

  /** The text; longer than {@link #MAX_LENGTH} only when the names are too long together. */
  String text() {
    var ips = String.join(",", addresses.stream().map(IpAddress::toString).toList());
    var text = String.join(" ", MARK, endpoint, network, mac.toString(), ips);
    return sticky ? text + " " + STICKY : text;
  }

  /** Empty when the alias is not ours or not whole. */
  static Optional<PortAlias> parse(String text) {
    var parts = text.split(" ", -1);
    boolean sticky = parts.length == 6 && parts[5].equals(STICKY);
    if (!sticky && parts.length != 5 || !parts[0].equals(MARK)) {
      return Optional.empty();
    }
    try {
      var addresses = new ArrayList<IpAddress>();
      for (var ip : parts[4].isEmpty() ? new String[0] : parts[4].split(",", -1)) {
        addresses.add(IpAddress.parse(ip));
      }
      return Optional.of(
          new PortAlias(parts[1], parts[2], MacAddress.parse(parts[3]), addresses, sticky));
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }
}
