package io.weft.agent.kernel;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.NodeLink;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/**
 * What the kernel remembers of an endpoint for us, in the alias of its port: so a restarted agent
 * needs no file, and what is remembered goes when the interface goes. Text: {@code weft1 endpoint
 * network mac address,address}, and behind it, in this order, what there is of {@code sticky}
 * (where the MAC is, RFC 7432 §15.2), {@code declared}, {@code learn}, {@code link=name}, {@code
 * vlan=id,name} or {@code tap=name}, {@code was=mtu} or {@code was=mtu,up}, {@code
 * via=address,address}.
 *
 * @param gateways {@code via}: the default routes that the pod has from us
 * @param link of the node that the endpoint is behind
 * @param declared by a resource
 * @param learn what is behind the port without being announced is learned
 * @param former {@code was}: how the link is to be when it is given back
 */
record PortAlias(
    String endpoint,
    String network,
    MacAddress mac,
    List<IpAddress> addresses,
    boolean sticky,
    List<IpAddress> gateways,
    Optional<NodeLink> link,
    boolean declared,
    boolean learn,
    Optional<Former> former) {
  /** IFALIASZ (linux/if.h) less the closing zero. */
  static final int MAX_LENGTH = 255;

  private static final String MARK = "weft1";
  private static final String STICKY = "sticky";
  private static final String DECLARED = "declared";
  private static final String LEARN = "learn";
  private static final String LINK = "link=";
  private static final String VLAN = "vlan=";
  private static final String TAP = "tap=";
  private static final String WAS = "was=";
  private static final String UP = ",up";
  private static final String VIA = "via=";

  PortAlias {
    addresses = List.copyOf(addresses);
    gateways = List.copyOf(gateways);
  }

  /** What a link was before it was taken. */
  record Former(int mtu, boolean up) {}

  /** One of a pod without a default route of ours. */
  PortAlias(
      String endpoint, String network, MacAddress mac, List<IpAddress> addresses, boolean sticky) {
    this(
        endpoint,
        network,
        mac,
        addresses,
        sticky,
        List.of(),
        Optional.empty(),
        false,
        false,
        Optional.empty());
  }

  /** The same with what the link was before. */
  PortAlias with(Optional<Former> before) {
    return new PortAlias(
        endpoint, network, mac, addresses, sticky, gateways, link, declared, learn, before);
  }

  /** What a link with this alias is. */
  EndpointPort port(String namespace, String name, Vni vni, int mtu) {
    return new EndpointPort(
        namespace,
        name,
        vni,
        endpoint,
        network,
        mac,
        addresses,
        sticky,
        mtu,
        gateways,
        Optional.empty(),
        link,
        declared,
        learn);
  }

  /** The text; longer than {@link #MAX_LENGTH} only when the names are too long together. */
  String text() {
    var text =
        new StringBuilder(
            String.join(" ", MARK, endpoint, network, mac.toString(), joined(addresses)));
    if (sticky) {
      text.append(' ').append(STICKY);
    }
    if (declared) {
      text.append(' ').append(DECLARED);
    }
    if (learn) {
      text.append(' ').append(LEARN);
    }
    link.ifPresent(where -> text.append(' ').append(text(where)));
    former.ifPresent(
        was -> text.append(' ').append(WAS).append(was.mtu()).append(was.up() ? UP : ""));
    if (!gateways.isEmpty()) {
      text.append(' ').append(VIA).append(joined(gateways));
    }
    return text.toString();
  }

  private static String text(NodeLink link) {
    return switch (link) {
      case NodeLink.Device(var name) -> LINK + name;
      case NodeLink.Vlan(var name, int id) -> VLAN + id + "," + name;
      case NodeLink.Tap(var name) -> TAP + name;
    };
  }

  /**
   * Checks the length.
   *
   * @throws IllegalArgumentException when it is more than the kernel keeps
   */
  static void requireFits(String text) {
    int length = text.getBytes(StandardCharsets.UTF_8).length;
    if (length > MAX_LENGTH) {
      throw new IllegalArgumentException(
          "the names of endpoint and network and the addresses have "
              + length
              + " octets together, more than the kernel keeps (255); use shorter names");
    }
  }

  /** True when it is the same endpoint, whatever its default routes are. */
  boolean isOf(PortAlias other) {
    return equals(
        new PortAlias(
            other.endpoint,
            other.network,
            other.mac,
            other.addresses,
            other.sticky,
            gateways,
            other.link,
            other.declared,
            other.learn,
            former));
  }

  /** True when both are one endpoint behind one link of the node, whatever its addresses are. */
  boolean isBehindTheLinkOf(PortAlias other) {
    return link.isPresent()
        && link.equals(other.link)
        && endpoint.equals(other.endpoint)
        && network.equals(other.network);
  }

  private static String joined(List<IpAddress> addresses) {
    return String.join(",", addresses.stream().map(IpAddress::toString).toList());
  }

  /** Empty when the alias is not ours or not whole. */
  static Optional<PortAlias> parse(String text) {
    var parts = text.split(" ", -1);
    if (parts.length < 5 || !parts[0].equals(MARK)) {
      return Optional.empty();
    }
    var rest = new ArrayDeque<>(Arrays.asList(parts).subList(5, parts.length));
    try {
      boolean sticky = next(rest, STICKY).isPresent();
      boolean declared = next(rest, DECLARED).isPresent();
      boolean learn = next(rest, LEARN).isPresent();
      var alias =
          new PortAlias(
              parts[1],
              parts[2],
              MacAddress.parse(parts[3]),
              addresses(parts[4]),
              sticky,
              List.of(),
              link(rest),
              declared,
              learn,
              next(rest, WAS).map(PortAlias::former));
      var gateways = next(rest, VIA).map(PortAlias::addresses).orElse(List.of());
      return rest.isEmpty() ? Optional.of(alias.via(gateways)) : Optional.empty();
    } catch (IllegalArgumentException _) {
      return Optional.empty();
    }
  }

  private PortAlias via(List<IpAddress> routes) {
    return new PortAlias(
        endpoint, network, mac, addresses, sticky, routes, link, declared, learn, former);
  }

  /** What stands behind the word, when the next part begins with it. */
  private static Optional<String> next(Deque<String> parts, String word) {
    var first = parts.peek();
    boolean value = word.endsWith("=");
    if (first == null || !(value ? first.startsWith(word) : first.equals(word))) {
      return Optional.empty();
    }
    parts.remove();
    return Optional.of(first.substring(word.length()));
  }

  private static Optional<NodeLink> link(Deque<String> parts) {
    var vlan = next(parts, VLAN);
    if (vlan.isPresent()) {
      int comma = vlan.get().indexOf(',');
      if (comma < 0) {
        throw new IllegalArgumentException("no link in '" + vlan.get() + "'");
      }
      int id = Integer.parseInt(vlan.get().substring(0, comma));
      return Optional.of(new NodeLink.Vlan(vlan.get().substring(comma + 1), id));
    }
    var device = next(parts, LINK);
    return device.isPresent()
        ? device.map(NodeLink.Device::new)
        : next(parts, TAP).map(NodeLink.Tap::new);
  }

  private static Former former(String text) {
    boolean up = text.endsWith(UP);
    int length = up ? text.length() - UP.length() : text.length();
    return new Former(Integer.parseInt(text.substring(0, length)), up);
  }

  private static List<IpAddress> addresses(String text) {
    var addresses = new ArrayList<IpAddress>();
    for (var ip : text.isEmpty() ? new String[0] : text.split(",", -1)) {
      addresses.add(IpAddress.parse(ip));
    }
    return addresses;
  }
}
