package io.weft.kubernetes.resource;

import static io.weft.kubernetes.resource.ResourceReader.placed;

import io.weft.kubernetes.resource.TenantConnection.Direction;
import io.weft.kubernetes.resource.TenantConnection.HubAndSpokes;
import io.weft.kubernetes.resource.TenantConnection.Member;
import io.weft.kubernetes.resource.TenantConnection.Mesh;
import io.weft.kubernetes.resource.TenantConnection.Shape;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeSet;

/** Reads the {@code spec} of a TenantConnection. */
final class ConnectionReader {
  private static final Map<String, Direction> DIRECTIONS = directions();

  private final SortedMap<String, Place> fields;
  private final TreeSet<String> seen = new TreeSet<>();

  private ConnectionReader(SortedMap<String, Place> fields) {
    this.fields = fields;
  }

  /** Either {@code hub} and {@code spokes}, or {@code between}. */
  static Optional<Shape> spec(YamlObject object, SortedMap<String, Place> fields) {
    return new ConnectionReader(fields).shape(object);
  }

  private Optional<Shape> shape(YamlObject object) {
    var hub = object.optional("hub");
    var spokes = object.optional("spokes");
    var between = object.optional("between");
    var direction = object.optional("direction").choice(DIRECTIONS);
    if (between.isPresent()) {
      if (hub.isPresent() || spokes.isPresent() || object.optional("direction").isPresent()) {
        between.report("'between' stands alone: with 'hub', 'spokes' or 'direction' remove it");
      }
      var members = members(between, "between");
      if (members.size() < 2) {
        between.report("a connection is between two tenants at least");
      }
      return Optional.of(new Mesh(members));
    }
    var middle = member(hub, "hub");
    var others = members(spokes, "spokes");
    if (!hub.isPresent() || !spokes.isPresent()) {
      object.report(
          object.place(), "who meets whom is missing: give 'hub' and 'spokes', or 'between'");
      return Optional.empty();
    }
    if (others.isEmpty()) {
      spokes.report("a hub has one spoke at least");
    }
    return middle.map(m -> new HubAndSpokes(m, others, direction.orElse(Direction.BOTH)));
  }

  private List<Member> members(YamlValue list, String field) {
    var members = new ArrayList<Member>();
    int index = 0;
    for (var item : list.each()) {
      member(item, field + "[" + index++ + "]").ifPresent(members::add);
    }
    return members;
  }

  /** A name, or {@code {tenant: name, prefixes: [...]}}. */
  private Optional<Member> member(YamlValue value, String field) {
    placed(value, field, fields);
    var member =
        value.isMapping()
            ? value.object(object -> limited(object, field))
            : value
                .word(Metadata::requireLabel)
                .map(tenant -> new Member(tenant, List.of(), field));
    member
        .filter(read -> !seen.add(read.tenant()))
        .ifPresent(
            read ->
                value.report(
                    "tenant '" + read.tenant() + "' is in this connection already; remove it"));
    return member;
  }

  private Optional<Member> limited(YamlObject object, String field) {
    var tenant = object.required("tenant").word(Metadata::requireLabel);
    var list = object.optional("prefixes");
    var prefixes = new ArrayList<IpPrefix>();
    for (var item : list.each()) {
      placed(item, field + ".prefixes[" + prefixes.size() + "]", fields);
      item.word(IpPrefix::parse).ifPresent(prefixes::add);
    }
    if (list.isPresent() && list.each().isEmpty()) {
      list.report("the list is empty; leave the key out to reach all of the tenant");
    }
    return tenant.map(name -> new Member(name, prefixes, field));
  }

  private static Map<String, Direction> directions() {
    var directions = new LinkedHashMap<String, Direction>();
    for (var direction : Direction.values()) {
      directions.put(direction.label(), direction);
    }
    return directions;
  }
}
