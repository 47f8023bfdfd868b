package io.weft.agent.json;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.bgp.rib.KeySelection;
import io.weft.bgp.speaker.RouteSelection;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.EvpnRoute;
import io.weft.bgp.wire.Family;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Which routes a caller of {@code routes} wants: those that fit every argument. It is applied where
 * the routes are, so that a reflector with a million of them sends a few.
 *
 * @param limit rows that are sent at most; a page is full with as many
 * @param from where a page begins; empty: from the start, and what is beyond the limit is counted
 */
public record RouteFilter(RouteSelection selection, int limit, OptionalInt from) {
  /** Rows of one answer; whoever wants more asks for one page after the other. */
  public static final int MAX_ROWS = 4_096;

  private static final List<Family> FAMILIES =
      List.of(Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.L2VPN_EVPN, Family.ROUTE_TARGET);

  /**
   * The arguments of a request: numbers {@code type}, {@code vni}, {@code limit} (above {@link
   * #MAX_ROWS}: that), {@code from} ({@code 0} or {@code next} of the page before); texts {@code
   * mac}, {@code ip}, {@code prefix}, {@code rt}, {@code rd}, {@code peer}, {@code family}; truth
   * values {@code best}, {@code local}.
   *
   * @throws IllegalArgumentException in words, for an argument that is not of its kind
   */
  public static RouteFilter of(JsonNode request) {
    var fields = new LinkedHashMap<String, String>();
    var holding = new ArrayList<Octets>();
    text(request, "mac", MacAddress::parse)
        .ifPresent(mac -> want(fields, "mac", mac, holding, mac.octets()));
    text(request, "ip", IpAddress::parse)
        .ifPresent(ip -> want(fields, "ip", ip, holding, ip.octets()));
    text(request, "prefix", IpPrefix::parse)
        .ifPresent(prefix -> want(fields, "prefix", prefix, holding, significant(prefix)));
    text(request, "rd", RouteDistinguisher::parse)
        .ifPresent(rd -> want(fields, "rd", rd, holding, octets(rd)));
    var vni = number(request, "vni", 0xff_ffff);
    var selection =
        new RouteSelection(
            new KeySelection(
                text(request, "family", RouteFilter::family),
                number(request, "type", 255),
                holding),
            request.path("best").asBoolean(),
            request.path("local").asBoolean(),
            text(request, "peer", IpAddress::parse),
            text(request, "rt", RouteTarget::parse),
            path ->
                (vni.isEmpty() || hasVni(path, vni.getAsInt()))
                    && (fields.isEmpty() || fits(BgpJson.row(path), fields)));
    int limit = Math.min(MAX_ROWS, number(request, "limit", Integer.MAX_VALUE).orElse(MAX_ROWS));
    return new RouteFilter(selection, limit, number(request, "from", Integer.MAX_VALUE));
  }

  /** The field of the row, and the octets by which most others are passed over without a row. */
  private static void want(
      Map<String, String> fields, String name, Object value, List<Octets> holding, byte[] octets) {
    fields.put(name, value.toString());
    holding.add(Octets.of(octets));
  }

  private static byte[] octets(RouteDistinguisher rd) {
    return new OctetWriter().u64(rd.value()).toArray();
  }

  /** What the key of any route to the prefix has in it. */
  static KeySelection keysOf(IpPrefix prefix) {
    return KeySelection.holding(Octets.of(significant(prefix)));
  }

  private static byte[] significant(IpPrefix prefix) {
    return Arrays.copyOf(prefix.address().octets(), (prefix.length() + 7) / 8);
  }

  private static Family family(String text) {
    return FAMILIES.stream()
        .filter(family -> family.toString().equals(text))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("'" + text + "' is none of " + FAMILIES));
  }

  /** As in the row: that of a tunnel goes before that of the route. */
  private static boolean hasVni(RouteView path, int vni) {
    var tunnel = path.attributes().pmsiTunnel();
    if (tunnel.isPresent() && tunnel.get().label() == vni) {
      return true;
    }
    return switch (path.route()) {
      case EvpnRoute.MacIpAdvertisement r ->
          tunnel.isEmpty() && r.label() == vni || r.label2().equals(OptionalInt.of(vni));
      case EvpnRoute.IpPrefixRoute r -> tunnel.isEmpty() && r.label() == vni;
      default -> false;
    };
  }

  private static boolean fits(JsonNode row, Map<String, String> fields) {
    return fields.entrySet().stream()
        .allMatch(wanted -> row.path(wanted.getKey()).asText().equals(wanted.getValue()));
  }

  private static OptionalInt number(JsonNode request, String name, int most) {
    var value = request.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return OptionalInt.empty();
    }
    if (!value.canConvertToInt()
        || !value.isIntegralNumber()
        || value.asInt() < 0
        || value.asInt() > most) {
      throw new IllegalArgumentException(name + " " + value + " is not a number in 0.." + most);
    }
    return OptionalInt.of(value.asInt());
  }

  private static <T> Optional<T> text(JsonNode request, String name, Function<String, T> parse) {
    var value = request.path(name);
    if (value.isMissingNode() || value.isNull()) {
      return Optional.empty();
    }
    try {
      return Optional.of(parse.apply(value.asText()));
    } catch (IllegalArgumentException e) {
      throw new IllegalArgumentException(name + ": " + e.getMessage(), e);
    }
  }
}
