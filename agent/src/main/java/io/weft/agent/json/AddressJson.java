package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.overlay.ipam.AddressView;
import io.weft.overlay.ipam.AddressView.BlockView;
import io.weft.overlay.ipam.Stored;
import java.util.Locale;

/** The addresses that a node knows of, as JSON. */
public final class AddressJson {
  private AddressJson() {}

  /** All of it. */
  public static ObjectNode addresses(AddressView view) {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("node", view.node()).put("stored", view.stored());
    if (!view.failure().isEmpty()) {
      document.put("failure", view.failure());
    }
    var subnets = document.putArray("subnets");
    for (var subnet : view.subnets()) {
      var node = subnets.addObject();
      node.put("network", subnet.network()).put("subnet", subnet.subnet().toString());
      node.put("source", subnet.source().name().toLowerCase(Locale.ROOT).replace('_', '-'));
      node.put("used", subnet.used());
      subnet.free().ifPresent(free -> node.put("free", free));
      subnet.blocksLeft().ifPresent(left -> node.put("blocksLeft", left));
      subnet.blocks().forEach(block -> put(node.withArray("blocks"), block));
    }
    var claims = document.putArray("claims");
    view.claims().stream()
        .map(Stored::record)
        .forEach(
            claim -> {
              var node = claims.addObject();
              node.put("name", claim.name()).put("network", claim.network());
              node.put("mac", claim.mac().toString());
              BgpJson.texts(node.putArray("addresses"), claim.addresses());
              var holders = node.putArray("holders");
              for (var holder : claim.holders()) {
                holders
                    .addObject()
                    .put("node", holder.node())
                    .put("endpoint", holder.endpoint())
                    .put("active", claim.active().filter(holder::equals).isPresent());
              }
            });
    BgpJson.texts(document.putArray("leaks"), view.leaks());
    BgpJson.texts(document.putArray("conflicts"), view.conflicts());
    return document;
  }

  private static void put(ArrayNode blocks, BlockView block) {
    var node = blocks.addObject();
    node.put("prefix", block.prefix().toString()).put("node", block.node());
    node.put("size", block.size()).put("claimed", block.claimed());
    block.used().ifPresent(used -> node.put("used", used));
    block.free().ifPresent(free -> node.put("free", free));
    block.idleSeconds().ifPresent(seconds -> node.put("idleSeconds", seconds));
  }
}
