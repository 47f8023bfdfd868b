package io.weft.agent.node;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AttachRequest;
import io.weft.overlay.forwarding.NodeLink;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** An attach call as it comes over the socket. */
final class AttachCall {
  private AttachCall() {}

  /**
   * What it asks for: {@code netns} and {@code interface}, or {@code tap}, or {@code link} with or
   * without {@code vlan}.
   *
   * @throws CallRefused when a field is missing, is too much, or is not what it must be
   */
  static AttachRequest request(JsonNode call) throws CallRefused {
    var endpoint = text(call, "endpoint");
    var network = text(call, "network");
    var link = link(call);
    return new AttachRequest(
        endpoint,
        network,
        link.isPresent() ? "" : text(call, "netns"),
        link.isPresent() ? "" : text(call, "interface"),
        mac(call),
        addresses(call),
        flag(call, "sticky"),
        prefixes(call),
        call.hasNonNull("claim") ? Optional.of(text(call, "claim")) : Optional.empty(),
        flag(call, "standby"),
        link,
        false,
        flag(call, "learn"));
  }

  private static Optional<NodeLink> link(JsonNode call) throws CallRefused {
    int ways = 0;
    for (var way : List.of("netns", "tap", "link")) {
      ways += call.has(way) ? 1 : 0;
    }
    if (ways != 1) {
      throw new CallRefused(
          "INVALID_REQUEST", "one of 'netns', 'tap' and 'link' says where the endpoint is");
    }
    if (call.has("vlan") && !call.has("link")) {
      throw new CallRefused("INVALID_REQUEST", "'vlan' is of a 'link'; name it");
    }
    try {
      if (call.has("tap")) {
        return Optional.of(new NodeLink.Tap(text(call, "tap")));
      }
      if (call.has("vlan")) {
        var id = call.path("vlan");
        if (!id.isInt()) {
          throw new CallRefused("INVALID_REQUEST", "'vlan' is not a number");
        }
        return Optional.of(new NodeLink.Vlan(text(call, "link"), id.asInt()));
      }
      return call.has("link")
          ? Optional.of(new NodeLink.Device(text(call, "link")))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new CallRefused("INVALID_REQUEST", String.valueOf(e.getMessage()));
    }
  }

  static String text(JsonNode call, String field) throws CallRefused {
    var value = call.path(field);
    if (!value.isTextual()) {
      throw new CallRefused("INVALID_REQUEST", "'" + field + "' is missing or not a text");
    }
    return value.asText();
  }

  private static boolean flag(JsonNode call, String name) throws CallRefused {
    var value = call.path(name);
    if (!value.isMissingNode() && !value.isBoolean()) {
      throw new CallRefused("INVALID_REQUEST", "'" + name + "' is neither true nor false");
    }
    return value.asBoolean();
  }

  private static Optional<MacAddress> mac(JsonNode call) throws CallRefused {
    try {
      return call.hasNonNull("mac")
          ? Optional.of(MacAddress.parse(text(call, "mac")))
          : Optional.empty();
    } catch (IllegalArgumentException e) {
      throw new CallRefused("INVALID_REQUEST", "mac: " + e.getMessage());
    }
  }

  private static List<IpAddress> addresses(JsonNode call) throws CallRefused {
    return list(call, "addresses", IpAddress::parse);
  }

  private static List<IpPrefix> prefixes(JsonNode call) throws CallRefused {
    return list(call, "prefixes", IpPrefix::parse);
  }

  private static <T> List<T> list(JsonNode call, String name, Function<String, T> parse)
      throws CallRefused {
    var items = new ArrayList<T>();
    var field = call.path(name);
    if (!field.isMissingNode() && !field.isArray()) {
      throw new CallRefused("INVALID_REQUEST", "'" + name + "' is not a list");
    }
    for (var item : field) {
      try {
        items.add(parse.apply(item.asText()));
      } catch (IllegalArgumentException e) {
        throw new CallRefused("INVALID_REQUEST", name + ": " + e.getMessage());
      }
    }
    return items;
  }
}
