package io.weft.agent.json;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/**
 * Which routes a caller of {@code routes} wants: those that fit every argument. It is applied where
 * the routes are, so that a reflector with a million of them sends a few.
 */
public final class RouteFilter {
  /** Everything. */
  public static final RouteFilter ALL =
      new RouteFilter(
          Map.of(), Optional.empty(), Optional.empty(), false, false, OptionalInt.empty());

  private final Map<String, String> fields;
  private final Optional<IpAddress> peer;
  private final Optional<String> family;
  private final boolean best;
  private final boolean local;
  private final OptionalInt limit;

  private RouteFilter(
      Map<String, String> fields,
      Optional<IpAddress> peer,
      Optional<String> family,
      boolean best,
      boolean local,
      OptionalInt limit) {
    this.fields = fields;
    this.peer = peer;
    this.family = family;
    this.best = best;
    this.local = local;
    this.limit = limit;
  }

  /**
   * The arguments of a request: numbers {@code type}, {@code vni}, {@code limit}; texts {@code
   * mac}, {@code ip}, {@code prefix}, {@code rt}, {@code rd}, {@code peer}, {@code family}; truth
   * values {@code best}, {@code local}.
   *
   * @throws IllegalArgumentException in words, for an argument that is not of its kind
   */
  public static RouteFilter of(JsonNode request) {
    var fields = new LinkedHashMap<String, String>();
    number(request, "type", 255).ifPresent(n -> fields.put("type", "" + n));
    number(request, "vni", 0xff_ffff).ifPresent(n -> fields.put("vni", "" + n));
    text(request, "mac", MacAddress::parse).ifPresent(m -> fields.put("mac", m.toString()));
    text(request, "ip", IpAddress::parse).ifPresent(a -> fields.put("ip", a.toString()));
    text(request, "prefix", IpPrefix::parse).ifPresent(p -> fields.put("prefix", p.toString()));
    text(request, "rd", RouteDistinguisher::parse).ifPresent(r -> fields.put("rd", r.toString()));
    text(request, "rt", RouteTarget::parse)
        .ifPresent(t -> fields.put("routeTargets", t.toString()));
    return new RouteFilter(
        fields,
        text(request, "peer", IpAddress::parse),
        text(request, "family", Function.identity()),
        request.path("best").asBoolean(),
        request.path("local").asBoolean(),
        number(request, "limit", Integer.MAX_VALUE));
  }

  /** How many rows are sent at most; empty: all. */
  OptionalInt limit() {
    return limit;
  }

  /** What can be told before there is a row. */
  boolean fits(RouteView route) {
    return (!best || route.best())
        && (!local || route.local())
        && (peer.isEmpty() || route.peer().equals(peer))
        && (family.isEmpty() || route.route().family().toString().equals(family.get()));
  }

  /** What can be told from the row. */
  boolean fits(JsonNode row) {
    return fields.entrySet().stream()
        .allMatch(
            wanted ->
                is(row.path(wanted.getKey()), wanted.getValue())
                    || wanted.getKey().equals("vni") && is(row.path("l3vni"), wanted.getValue()));
  }

  private static boolean is(JsonNode value, String wanted) {
    if (value.isArray()) {
      for (var element : value) {
        if (element.asText().equals(wanted)) {
          return true;
        }
      }
      return false;
    }
    return !value.isMissingNode() && value.asText().equals(wanted);
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
