package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.overlay.forwarding.MulticastChannel;
import io.weft.overlay.node.GroupsView;
import java.util.List;
import java.util.Locale;
import java.util.TreeSet;

/** Multicast groups as a node knows them, as JSON. */
public final class GroupJson {
  private GroupJson() {}

  /** The answer to {@code multicast}. */
  public static ObjectNode groups(List<GroupsView> networks) {
    var document = JsonNodeFactory.instance.objectNode();
    var array = document.putArray("networks");
    for (var network : networks) {
      var node = array.addObject();
      node.put("network", network.network());
      node.put("multicast", network.multicast().name().toLowerCase(Locale.ROOT));
      node.put("tooManyGroups", network.tooMany());
      BgpJson.texts(node.putArray("everyGroupIpv4"), network.unaskedIpv4());
      BgpJson.texts(node.putArray("everyGroupIpv6"), network.unaskedIpv6());
      var channels = new TreeSet<MulticastChannel>(network.joined().keySet());
      channels.addAll(network.elsewhere().keySet());
      var rows = node.putArray("groups");
      for (var channel : channels) {
        var row = rows.addObject().put("group", channel.group().toString());
        channel.source().ifPresent(source -> row.put("source", source.toString()));
        BgpJson.texts(
            row.putArray("ports"), network.joined().getOrDefault(channel, new TreeSet<>()));
        BgpJson.texts(
            row.putArray("vteps"), network.elsewhere().getOrDefault(channel, new TreeSet<>()));
      }
    }
    return document;
  }
}
