package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.net.IpAddress;
import io.weft.overlay.node.HostView;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Who is on a node, and whom it knows that from, as JSON. */
public final class HostJson {
  private static final String ANNOUNCED = "announced";
  private static final String LEARNED = "learned";

  private HostJson() {}

  /** The answer to {@code endpoints}. */
  public static ObjectNode hosts(List<HostView> hosts) {
    var document = JsonNodeFactory.instance.objectNode();
    var array = document.putArray("hosts");
    for (var host : hosts) {
      var node = array.addObject();
      node.put("endpoint", host.endpoint()).put("network", host.network());
      node.put("mode", host.mode());
      host.mac()
          .ifPresent(
              mac ->
                  node.put("mac", mac.toString())
                      .put("source", host.announced() ? ANNOUNCED : LEARNED)
                      .put("here", host.here()));
      host.silentNanos()
          .ifPresent(nanos -> node.put("silentSeconds", TimeUnit.NANOSECONDS.toSeconds(nanos)));
      var addresses = node.putArray("addresses");
      add(addresses, host.addresses(), ANNOUNCED);
      add(addresses, host.learned(), LEARNED);
    }
    return document;
  }

  private static void add(ArrayNode array, List<IpAddress> addresses, String source) {
    addresses.forEach(ip -> array.addObject().put("address", ip.toString()).put("source", source));
  }
}
