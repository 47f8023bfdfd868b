package io.weft.kubernetes.resource;

import static io.weft.kubernetes.resource.ResourceReader.placed;

import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.SortedMap;
import java.util.function.Function;

/** Reads the {@code spec} of an Endpoint. */
final class EndpointReader {
  private EndpointReader() {}

  static Optional<EndpointSpec> spec(YamlObject object, SortedMap<String, Place> fields) {
    var node = object.required("node").word(EndpointSpec::requireNode);
    var network =
        placed(object.required("network"), "network", fields).word(Metadata::requireLabel);
    var tapValue = placed(object.optional("tap"), "tap", fields);
    var linkValue = placed(object.optional("link"), "link", fields);
    var vlanValue = object.optional("vlan");
    var macValue = placed(object.optional("mac"), "mac", fields);
    var tap = tapValue.word(EndpointSpec::requireLink);
    var link = linkValue.word(EndpointSpec::requireLink);
    var vlan = vlanValue.integer(1, EndpointSpec.MAX_VLAN);
    var mac = macValue.word(text -> EndpointSpec.requireUnicast(MacAddress.parse(text)));
    var addresses = list(object, "addresses", EndpointSpec.MAX_ADDRESSES, IpAddress::parse, fields);
    var prefixes = list(object, "prefixes", EndpointSpec.MAX_PREFIXES, IpPrefix::parse, fields);
    var sticky = object.optional("sticky").truth().orElse(false);
    boolean learn = object.optional("learn").truth().orElse(false);

    if (tapValue.isPresent() == linkValue.isPresent()) {
      object.report(
          tapValue.isPresent() ? linkValue.place() : object.place(),
          "where it is: give 'tap' or 'link', one of them");
      return Optional.empty();
    }
    if (vlanValue.isPresent() && !linkValue.isPresent()) {
      vlanValue.report("a VLAN is that of a link; give 'link' in place of 'tap'");
    }
    if (linkValue.isPresent() && !macValue.isPresent() && !learn) {
      object.report(
          object.place(),
          "'mac' is missing: that of what is behind the link; give it, or 'learn: true'");
    }
    if (node.isEmpty() || network.isEmpty() || tap.isEmpty() == link.isEmpty()) {
      return Optional.empty();
    }
    return Optional.of(
        new EndpointSpec(
            node.get(),
            network.get(),
            tap,
            link,
            vlan.map(id -> OptionalInt.of(id.intValue())).orElse(OptionalInt.empty()),
            mac,
            addresses,
            prefixes,
            sticky,
            learn));
  }

  private static <T> List<T> list(
      YamlObject object,
      String name,
      int most,
      Function<String, T> parse,
      SortedMap<String, Place> fields) {
    var items = new ArrayList<T>();
    for (YamlValue item : object.optional(name).each()) {
      if (items.size() == most) {
        item.report("an endpoint has at most %d %s; remove this".formatted(most, name));
        break;
      }
      placed(item, name + "[" + items.size() + "]", fields);
      item.word(parse).ifPresent(items::add);
    }
    return items;
  }
}
