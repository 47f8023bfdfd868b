package io.weft.bgp.wire;

import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * EVPN routes (RFC 7432 §7, RFC 9136 §3). Labels are 24-bit VNIs (RFC 8365 §5.1.3). Text is {@code
 * [type] distinguisher}, then the key, then what is not key. Layouts: {@link EvpnRouteCodec}.
 */
public sealed interface EvpnRoute extends Route
    permits EvpnRoute.EthernetAutoDiscovery,
        EvpnRoute.MacIpAdvertisement,
        EvpnRoute.InclusiveMulticast,
        EvpnRoute.EthernetSegment,
        EvpnRoute.IpPrefixRoute,
        MulticastRoute,
        EvpnRoute.UnknownEvpnRoute {

  /** Type 1 (RFC 7432 §7.1). Key: RD, ESI, tag. */
  record EthernetAutoDiscovery(RouteDistinguisher rd, Esi esi, long tag, int label)
      implements EvpnRoute {
    @Override
    public EthernetAutoDiscovery key() {
      return new EthernetAutoDiscovery(rd, esi, tag, 0);
    }

    @Override
    public String toString() {
      return "[1] " + rd + " esi " + esi + tagText(tag) + labelText(label);
    }
  }

  /** Type 2 (RFC 7432 §7.2). Key: RD, tag, MAC, IP. */
  record MacIpAdvertisement(
      RouteDistinguisher rd,
      Esi esi,
      long tag,
      MacAddress mac,
      Optional<IpAddress> ip,
      int label,
      OptionalInt label2)
      implements EvpnRoute {
    @Override
    public MacIpAdvertisement key() {
      return new MacIpAdvertisement(rd, Esi.ZERO, tag, mac, ip, 0, OptionalInt.empty());
    }

    @Override
    public String toString() {
      return "[2] "
          + rd
          + tagText(tag)
          + " "
          + mac
          + ip.map(address -> " " + address).orElse("")
          + (esi.isZero() ? "" : " esi " + esi)
          + labelText(label)
          + (label2.isPresent() ? "/" + label2.getAsInt() : "");
    }
  }

  /** Type 3 (RFC 7432 §7.3). All fields are key. */
  record InclusiveMulticast(RouteDistinguisher rd, long tag, IpAddress originator)
      implements EvpnRoute {
    @Override
    public InclusiveMulticast key() {
      return this;
    }

    @Override
    public String toString() {
      return "[3] " + rd + tagText(tag) + " " + originator;
    }
  }

  /** Type 4 (RFC 7432 §7.4). All fields are key. */
  record EthernetSegment(RouteDistinguisher rd, Esi esi, IpAddress originator)
      implements EvpnRoute {
    @Override
    public EthernetSegment key() {
      return this;
    }

    @Override
    public String toString() {
      return "[4] " + rd + " esi " + esi + " " + originator;
    }
  }

  /** Type 5 (RFC 9136 §3.1). Key: RD, tag, prefix. */
  record IpPrefixRoute(
      RouteDistinguisher rd, Esi esi, long tag, IpPrefix prefix, IpAddress gateway, int label)
      implements EvpnRoute {
    @Override
    public IpPrefixRoute key() {
      return new IpPrefixRoute(rd, Esi.ZERO, tag, prefix, gateway.masked(0), 0);
    }

    @Override
    public String toString() {
      return "[5] "
          + rd
          + tagText(tag)
          + " "
          + prefix
          + (esi.isZero() ? "" : " esi " + esi)
          + (gateway.isUnspecified() ? "" : " gateway " + gateway)
          + labelText(label);
    }
  }

  /** A type that Weft does not know: kept and reflected verbatim; the whole body is key. */
  record UnknownEvpnRoute(int type, Octets body) implements EvpnRoute {
    @Override
    public UnknownEvpnRoute key() {
      return this;
    }

    @Override
    public String toString() {
      return "[" + type + "] " + body;
    }
  }

  @Override
  default Family family() {
    return Family.L2VPN_EVPN;
  }

  @Override
  EvpnRoute key();

  private static String tagText(long tag) {
    return tag == 0xffff_ffffL ? " tag max" : " tag " + tag;
  }

  /** Empty in a key, whose labels are zero. */
  private static String labelText(int label) {
    return label == 0 ? "" : " label " + label;
  }
}
