package io.weft.lab.interop;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.SortedMap;
import java.util.TreeMap;

/** EVPN routes in the words of FRR, so that what different speakers hold can be compared. */
final class RouteTexts {
  private RouteTexts() {}

  static String macIp(String rd, String tag, String mac, String ip) {
    var text = rd + " [2]:[" + tag + "]:[48]:[" + mac + "]";
    return ip.isEmpty() ? text : text + ":[" + (ip.contains(":") ? 128 : 32) + "]:[" + ip + "]";
  }

  static String multicast(String rd, String tag, String originator) {
    return rd + " [3]:[" + tag + "]:[32]:[" + originator + "]";
  }

  /** The best routes in an answer of an agent to {@code routes}, with next hop. */
  static SortedMap<String, String> ofWeft(JsonNode answer) {
    var routes = new TreeMap<String, String>();
    for (var route : answer.path("routes")) {
      if (route.path("best").asBoolean()) {
        var text =
            route.path("type").asInt() == 2
                ? macIp(
                    route.path("rd").asText(),
                    "0",
                    route.path("mac").asText(),
                    route.path("ip").asText(""))
                : multicast(route.path("rd").asText(), "0", route.path("ip").asText());
        routes.put(text, route.path("nextHop").asText());
      }
    }
    return routes;
  }
}
