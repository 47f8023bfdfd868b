package io.weft.bgp.wire;

import io.weft.net.AutonomousSystem;
import io.weft.net.Esi;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.net.RouteDistinguisher;
import io.weft.net.RouteTarget;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads the text that a route prints: {@code [2] 10.0.0.1:1 tag 0 02:00:00:00:00:01 10.1.1.1}. For
 * people who copy it from one command into another; what is not key may be left out.
 */
public final class RouteText {
  private static final long MAX_TAG = 0xffff_ffffL;
  private static final int MAX_LABEL = 0xff_ffff;
  private static final String FOR_AS = " for AS ";

  private final String text;
  private final String[] words;
  private int next;

  private RouteText(String text) {
    this.text = text;
    this.words = text.trim().split("\\s+", -1);
  }

  /**
   * Reads any route.
   *
   * @throws IllegalArgumentException in words, for a text that no route prints
   */
  public static Route parse(String typed) {
    var text = typed.strip();
    if (text.startsWith("rt:")) {
      return membership(text);
    }
    var reader = new RouteText(text);
    var route =
        text.startsWith("[")
            ? reader.evpn()
            : new UnicastRoute(IpPrefix.parse(reader.word("prefix")));
    if (reader.next < reader.words.length) {
      throw reader.bad("'" + reader.words[reader.next] + "' is too much");
    }
    return route;
  }

  private static RouteTargetMembership membership(String text) {
    if (text.equals(RouteTargetMembership.DEFAULT.toString())) {
      return RouteTargetMembership.DEFAULT;
    }
    int middle = text.indexOf(FOR_AS);
    var as = middle < 0 ? "" : text.substring(middle + FOR_AS.length());
    if (!as.matches("[0-9]{1,10}")) {
      throw new IllegalArgumentException(
          "'" + text + "' is not a route: 'rt:TARGET for AS NUMBER' is one, or 'rt:all'");
    }
    return RouteTargetMembership.of(
        new AutonomousSystem(Long.parseLong(as)), RouteTarget.parse(text.substring(3, middle)));
  }

  private EvpnRoute evpn() {
    var type = word("type");
    if (!type.matches("\\[[0-9]{1,3}]")) {
      throw bad("'" + type + "' is not a route type in brackets");
    }
    int number = Integer.parseInt(type.substring(1, type.length() - 1));
    return switch (number) {
      case 1 -> new EvpnRoute.EthernetAutoDiscovery(rd(), esi(), tag(), label());
      case 2 -> macIp();
      case 3 -> new EvpnRoute.InclusiveMulticast(rd(), tag(), IpAddress.parse(word("originator")));
      case 4 -> new EvpnRoute.EthernetSegment(rd(), esi(), IpAddress.parse(word("originator")));
      case 5 -> prefix();
      default ->
          new EvpnRoute.UnknownEvpnRoute(
              number, next < words.length ? Octets.parse(word("body")) : Octets.EMPTY);
    };
  }

  private EvpnRoute macIp() {
    var rd = rd();
    long tag = tag();
    var mac = MacAddress.parse(word("MAC"));
    Optional<IpAddress> ip =
        next < words.length && !words[next].equals("esi") && !words[next].equals("label")
            ? Optional.of(IpAddress.parse(word("IP")))
            : Optional.empty();
    var esi = comes("esi") ? Esi.parse(word("ESI")) : Esi.ZERO;
    if (!comes("label")) {
      return new EvpnRoute.MacIpAdvertisement(rd, esi, tag, mac, ip, 0, OptionalInt.empty());
    }
    var labels = word("label").split("/", -1);
    if (labels.length > 2) {
      throw bad("there are " + labels.length + " labels; a route has one or two");
    }
    var second = labels.length == 2 ? OptionalInt.of(label(labels[1])) : OptionalInt.empty();
    return new EvpnRoute.MacIpAdvertisement(rd, esi, tag, mac, ip, label(labels[0]), second);
  }

  private EvpnRoute prefix() {
    var rd = rd();
    long tag = tag();
    var prefix = IpPrefix.parse(word("prefix"));
    var esi = comes("esi") ? Esi.parse(word("ESI")) : Esi.ZERO;
    var gateway = comes("gateway") ? IpAddress.parse(word("gateway")) : prefix.address().masked(0);
    return new EvpnRoute.IpPrefixRoute(rd, esi, tag, prefix, gateway, label());
  }

  private RouteDistinguisher rd() {
    return RouteDistinguisher.parse(word("route distinguisher"));
  }

  private Esi esi() {
    if (!comes("esi")) {
      throw bad("'esi' is missing behind the route distinguisher");
    }
    return Esi.parse(word("ESI"));
  }

  private long tag() {
    if (!comes("tag")) {
      throw bad("'tag' is missing");
    }
    var word = word("tag");
    if (word.equals("max")) {
      return MAX_TAG;
    }
    if (!word.matches("[0-9]{1,10}") || Long.parseLong(word) > MAX_TAG) {
      throw bad("tag '" + word + "' is out of 0.." + MAX_TAG);
    }
    return Long.parseLong(word);
  }

  private int label() {
    return comes("label") ? label(word("label")) : 0;
  }

  private int label(String word) {
    if (!word.matches("[0-9]{1,8}") || Integer.parseInt(word) > MAX_LABEL) {
      throw bad("label '" + word + "' is out of 0.." + MAX_LABEL);
    }
    return Integer.parseInt(word);
  }

  private boolean comes(String keyword) {
    boolean there = next < words.length && words[next].equals(keyword);
    if (there) {
      next++;
    }
    return there;
  }

  private String word(String what) {
    if (next >= words.length || words[next].isEmpty()) {
      throw bad("the " + what + " is missing");
    }
    return words[next++];
  }

  private IllegalArgumentException bad(String why) {
    return new IllegalArgumentException("'" + text + "' is not a route: " + why);
  }
}
