package io.weft.kubernetes.resource;

import io.weft.kubernetes.resource.Tenant.TenantSpec;
import io.weft.kubernetes.yaml.Place;
import io.weft.kubernetes.yaml.Problems;
import io.weft.kubernetes.yaml.YamlDocument;
import io.weft.kubernetes.yaml.YamlNode;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.Vni;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * Reads one document as a resource: {@code apiVersion} (optional), {@code kind}, {@code metadata}
 * with {@code name} and ignored {@code labels} and {@code annotations}, and {@code spec}.
 */
public final class ResourceReader {
  private ResourceReader() {}

  /** Never throws, whatever the document. */
  public static ResourceReading read(YamlDocument document) {
    var root = document.root();
    var kind = textAt(root, "kind").flatMap(text -> Optional.ofNullable(Kind.BY_LABEL.get(text)));
    var metadata = at(root, "metadata");
    var name = metadata.flatMap(node -> textAt(node, "name")).filter(Metadata::isLabel);
    var place = metadata.flatMap(node -> at(node, "name")).orElse(root).place();

    var problems = new Problems(kind.map(k -> k.label() + spaced(name)).orElse(""));
    var fields = new TreeMap<String, Place>();
    var declared =
        document
            .read(problems, object -> resource(object, fields))
            .map(resource -> new Declared(resource, place, fields));
    var key = kind.flatMap(k -> name.map(n -> new ResourceKey(k, n)));
    return new ResourceReading(key, place, declared, problems.list());
  }

  private static Optional<Resource> resource(YamlObject object, SortedMap<String, Place> fields) {
    object.optional("apiVersion").word(ResourceReader::requireApiVersion);
    var kind = object.required("kind").choice(Kind.BY_LABEL);
    var metadata = object.required("metadata").object(ResourceReader::metadata);
    var spec = object.optional("spec");
    if (kind.isEmpty()) {
      return Optional.empty();
    }
    return switch (kind.get()) {
      case FABRIC -> {
        metadata.ifPresent(m -> requireFabricName(object, m));
        var fabric = spec.object(FabricReader::spec).orElse(FabricSpec.DEFAULT);
        yield metadata.map(m -> new Fabric(m, fabric));
      }
      case TENANT -> {
        var tenant = spec.object(s -> tenant(s, fields)).orElse(TenantSpec.DEFAULT);
        yield metadata.map(m -> new Tenant(m, tenant));
      }
      case NETWORK -> {
        var network = spec.object(s -> NetworkReader.spec(s, fields)).orElse(NetworkSpec.DEFAULT);
        yield metadata.map(m -> new Network(m, network));
      }
      case TENANT_CONNECTION -> {
        var shape = object.required("spec").object(s -> ConnectionReader.spec(s, fields));
        yield metadata.flatMap(m -> shape.map(who -> new TenantConnection(m, who)));
      }
      case ENDPOINT -> {
        var endpoint = object.required("spec").object(s -> EndpointReader.spec(s, fields));
        yield metadata.flatMap(m -> endpoint.map(where -> new Endpoint(m, where)));
      }
    };
  }

  private static Optional<TenantSpec> tenant(YamlObject object, SortedMap<String, Place> fields) {
    var l3vni =
        placed(object.optional("l3vni"), "l3vni", fields)
            .integer(1, Vni.MAX)
            .map(value -> new Vni(value.intValue()));
    var egress = object.optional("egress").choice(Tenant.Egress.BY_LABEL);
    return Optional.of(
        new TenantSpec(
            l3vni,
            RouteTargetReader.read(object),
            egress.orElse(Tenant.Egress.NONE),
            shares(object, egress.orElse(Tenant.Egress.NONE))));
  }

  private static List<ServicePort> shares(YamlObject object, Tenant.Egress egress) {
    var shares = object.optional("shares");
    var ports = shares.each(item -> item.word(ServicePort::parse));
    if (ports.size() > TenantSpec.MAX_SHARES) {
      shares.report("a tenant shares at most " + TenantSpec.MAX_SHARES + " ports; remove some");
    } else if (!ports.isEmpty() && egress != Tenant.Egress.CLUSTER) {
      shares.report("services are reached with 'egress: cluster' only; add it, or remove this");
    }
    return ports;
  }

  private static String requireApiVersion(String version) {
    if (!version.equals(Resource.API_VERSION)) {
      throw new IllegalArgumentException(
          "'" + version + "' is not known; write " + Resource.API_VERSION + " or leave it out");
    }
    return version;
  }

  private static Optional<Metadata> metadata(YamlObject object) {
    object.optional("labels").object(ResourceReader::anyText);
    object.optional("annotations").object(ResourceReader::anyText);
    return object.required("name").word(Metadata::new);
  }

  private static Optional<Boolean> anyText(YamlObject object) {
    object.keys().forEach(key -> object.optional(key).text());
    return Optional.of(true);
  }

  private static void requireFabricName(YamlObject object, Metadata metadata) {
    if (!metadata.name().equals(Fabric.NAME)) {
      object.report(
          object.optional("metadata").place(),
          "the one Fabric is named '" + Fabric.NAME + "', not '" + metadata.name() + "'");
    }
  }

  private static String spaced(Optional<String> name) {
    return name.map(n -> " " + n).orElse("");
  }

  private static Optional<YamlNode> at(YamlNode node, String key) {
    return node instanceof YamlNode.Mapping mapping
        ? mapping.find(key).map(YamlNode.Entry::value)
        : Optional.empty();
  }

  private static Optional<String> textAt(YamlNode node, String key) {
    return at(node, key)
        .flatMap(
            value ->
                value instanceof YamlNode.Scalar(_, var form, var text)
                        && form == YamlNode.Form.TEXT
                    ? Optional.of(text)
                    : Optional.empty());
  }

  /** Remembers where a value is. */
  static YamlValue placed(YamlValue value, String field, SortedMap<String, Place> fields) {
    if (value.isPresent()) {
      fields.put(field, value.place());
    }
    return value;
  }
}
