package io.weft.kubernetes.schema;

import static io.weft.kubernetes.schema.Fieldset.NAME;
import static io.weft.kubernetes.schema.Fieldset.PREFIX;
import static io.weft.kubernetes.schema.Fieldset.SOME;
import static io.weft.kubernetes.schema.Schema.Field.optional;
import static io.weft.kubernetes.schema.Schema.Field.required;

import io.weft.kubernetes.resource.EndpointBgpSpec;
import io.weft.kubernetes.resource.EndpointSpec;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.Kind;
import io.weft.kubernetes.resource.LabelSelector;
import io.weft.kubernetes.resource.NetworkSpec;
import io.weft.kubernetes.resource.ServicePort;
import io.weft.kubernetes.resource.Tenant.TenantSpec;
import io.weft.kubernetes.schema.KindSchema.Column;
import io.weft.kubernetes.schema.Schema.Choice;
import io.weft.kubernetes.schema.Schema.Either;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.Labels;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Rule;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Truth;
import io.weft.kubernetes.schema.Schema.Whole;
import io.weft.net.Vni;
import java.util.List;
import java.util.stream.Stream;

/** All kinds, each with its fields. */
public final class ResourceSchemas {
  private static final Whole VNI = new Whole(1, Vni.MAX);
  private static final Text LABEL_KEY = new Text("", 317, "label");
  private static final Text LABEL_VALUE = new Text("", 63, "text");
  private static final Schema.Text SERVICE_PORT =
      new Schema.Text(ServicePort.FORM, 9, "PORT/TCP or PORT/UDP");

  private static final Fields SELECTOR =
      Fields.of(
          optional("matchLabels", new Labels(), "Labels that a namespace must have."),
          optional(
              "matchExpressions",
              new ListOf(
                  Fields.of(
                      required("key", LABEL_KEY, "The label."),
                      required(
                          "operator",
                          new Choice(List.of("DoesNotExist", "Exists", "In", "NotIn")),
                          "What is asked of it."),
                      optional(
                          "values",
                          new ListOf(LABEL_VALUE, LabelSelector.MAX_VALUES),
                          "For In and NotIn.")),
                  LabelSelector.MAX_REQUIREMENTS),
              "Requirements, all of which must hold."));

  private static final Column READY =
      new Column("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status");

  static final Rule LABEL =
      new Rule(
          "self.metadata.name.size() <= 63 && !self.metadata.name.contains('.')",
          "the name is a DNS label: 1 to 63 lower-case letters, digits and inner hyphens");

  private ResourceSchemas() {}

  /** In the order of {@link Kind}, then what Weft keeps for itself. */
  public static List<KindSchema> all() {
    return Stream.concat(
            Stream.of(Kind.values()).map(ResourceSchemas::of), RecordSchemas.all().stream())
        .toList();
  }

  static KindSchema of(Kind kind) {
    return switch (kind) {
      case FABRIC ->
          new KindSchema(
              kind.label(),
              List.of(),
              "What all nodes have in common. There is one, named default; without it, all"
                  + " defaults.",
              FabricSchema.spec(),
              false,
              status(),
              new Rule(
                  "self.metadata.name == '" + Fabric.NAME + "'",
                  "the one Fabric is named '" + Fabric.NAME + "'"),
              List.of(new Column("AS", "integer", ".spec.asn"), READY));
      case TENANT ->
          new KindSchema(
              kind.label(),
              List.of("ten"),
              "Networks that belong together and may route to each other; apart from every other"
                  + " tenant.",
              tenant(),
              false,
              status(optional("l3vni", VNI, "The L3 VNI that it has.")),
              LABEL,
              List.of(
                  new Column("L3VNI", "integer", ".status.l3vni"),
                  new Column("Egress", "string", ".spec.egress"),
                  READY));
      case NETWORK ->
          new KindSchema(
              kind.label(),
              List.of("net", "nets"),
              "One Layer 2 segment: a MAC-VRF with one VNI (RFC 8365).",
              network(),
              false,
              status(optional("vni", VNI, "The VNI that it has.")),
              LABEL,
              List.of(
                  new Column("Tenant", "string", ".spec.tenant"),
                  new Column("VNI", "integer", ".status.vni"),
                  new Column("Subnets", "string", ".spec.subnets"),
                  READY));
      case TENANT_CONNECTION ->
          new KindSchema(
              kind.label(),
              List.of("tconn"),
              "Tenants that meet on purpose: each may take in routes of the other, and of nobody"
                  + " else.",
              connection(),
              true,
              status(),
              LABEL,
              List.of(READY));
      case ENDPOINT ->
          new KindSchema(
              kind.label(),
              List.of("wep"),
              "What is attached on a node and is no pod: a virtual machine, or a host at a port of"
                  + " the node.",
              endpoint(),
              true,
              status(),
              LABEL,
              List.of(
                  new Column("Node", "string", ".spec.node"),
                  new Column("Network", "string", ".spec.network"),
                  new Column("Addresses", "string", ".spec.addresses"),
                  READY));
    };
  }

  static Fields status(Schema.Field... fields) {
    return new Fields(
        Stream.concat(
                Stream.of(fields),
                Stream.of(optional("conditions", Fieldset.CONDITIONS, "What holds, and why not.")))
            .toList(),
        List.of());
  }

  private static Fields tenant() {
    return Fields.of(
            optional("l3vni", VNI, "What its routed packets travel in; automatic when not given."),
            optional(
                "routeTargets", Fieldset.ROUTE_TARGETS, "Of its IP-VRF; automatic when not given."),
            optional(
                "egress",
                new Choice(List.of("cluster", "node", "none")),
                "Way to what is in none of its networks: none (only by routes of Type 5), node"
                    + " (through the node, with its address), or cluster (also to and from the node"
                    + " itself and the cluster's services); none when not given."),
            optional(
                "shares",
                new ListOf(SERVICE_PORT, TenantSpec.MAX_SHARES),
                "Ports of its pods, such as 53/UDP, that all tenants with egress: cluster reach by"
                    + " services; none when not given."))
        .where(
            "!has(self.shares) || self.shares.size() == 0 || has(self.egress) && self.egress =="
                + " 'cluster'",
            "services are reached with 'egress: cluster' only");
  }

  private static Fields network() {
    return Fields.of(
            optional("tenant", NAME, "Its tenant; without: a segment of its own, pure Layer 2."),
            optional("vni", VNI, "Its VNI; given out of the fabric's pool when not given."),
            optional(
                "subnets",
                new ListOf(PREFIX, NetworkSpec.MAX_SUBNETS),
                "IPv4 and IPv6, none overlapping another; none: no addresses are given out."),
            optional(
                "routeTargets",
                Fieldset.ROUTE_TARGETS,
                "Of its MAC-VRF; automatic when not given."),
            optional(
                "gateway",
                new Either(new Truth(), new ListOf(Fieldset.ADDRESS, NetworkSpec.MAX_SUBNETS)),
                "Anycast gateway on every node: true (the first address of each subnet), or"
                    + " addresses; pure Layer 2 when not given."),
            optional(
                "routerAdvertisements",
                new Choice(List.of("addresses", "none", "routes")),
                "What its IPv6 gateway says to endpoints: none, routes (default route, prefixes,"
                    + " MTU), or addresses (also that they form addresses, SLAAC); none when not"
                    + " given."),
            optional(
                "multicast",
                new Choice(List.of("flood", "selective", "snooping")),
                "Where frames for a multicast group go: snooping (to every node, there to the ports"
                    + " that have joined it by IGMP or MLD), selective (to the nodes where somebody"
                    + " has joined it, by EVPN routes of Type 6), or flood (to every port). When"
                    + " not given: snooping, or flood with an IPv6 subnet (docs/multicast.md)."),
            optional(
                "mtu",
                new Whole(NetworkSpec.MIN_MTU, NetworkSpec.MAX_MTU),
                "Of the endpoints; what the underlay leaves when not given."),
            optional(
                "namespaces",
                Fields.of(
                    optional(
                        "names",
                        new ListOf(NAME, NetworkSpec.MAX_NAMESPACES),
                        "By their names; a namespace is selected by one network only."),
                    optional("selector", SELECTOR, "By their labels; {} selects all."),
                    optional(
                        "byAnnotation",
                        new Truth(),
                        "Only pods that name this network in the annotation weft.io/network, or"
                            + " whose namespace does; false when not given."),
                    optional(
                        "default",
                        new Truth(),
                        "Also those that no other network selects; of one network only. False"
                            + " when not given.")),
                "Namespaces whose pods are, and may be, in this network: no annotation brings"
                    + " others in."),
            optional(
                "bgp",
                endpointBgp(),
                "What endpoints may say by BGP is behind them; nothing when not given."))
        .where(
            "!has(self.mtu) || self.mtu >= 1280 || !has(self.subnets) || !self.subnets.exists(s,"
                + " s.contains(':'))",
            "an IPv6 subnet needs an mtu of 1280 and more (RFC 8200 §5)");
  }

  private static Fields endpointBgp() {
    return Fields.of(
        optional("asn", FabricSchema.AS, "Ours towards them; that of the fabric when not given."),
        optional(
            "prefixes",
            new ListOf(FabricSchema.PREFIXES, EndpointBgpSpec.MAX_PREFIXES),
            "What they may say; all else is refused."),
        optional(
            "maximumPrefixes",
            new Whole(1, EndpointBgpSpec.MAX_MAXIMUM),
            "What one may say, refused ones among them; 100 when not given."),
        optional(
            "advertise",
            new Choice(List.of("default", "none")),
            "What they hear: nothing, or a default route; none when not given."),
        optional("passwordFrom", FabricSchema.SECRET, "Secret of TCP-MD5, the same for all."));
  }

  private static Fields endpoint() {
    return Fields.of(
            required(
                "node",
                new Text("^\\S{1,253}$", EndpointSpec.MAX_NODE, "node"),
                "The node that attaches it."),
            required("network", NAME, "Whose segment it is in."),
            optional(
                "tap",
                Fieldset.LINK,
                "A tap device of the node, as a hypervisor opens it; made if it is missing."),
            optional(
                "link",
                Fieldset.LINK,
                "Another link of the node, which is taken for as long as it is attached."),
            optional(
                "vlan",
                new Whole(1, EndpointSpec.MAX_VLAN),
                "Only the frames with this tag on the link, which stays where it is."),
            optional(
                "mac",
                new Text("^[0-9a-fA-F:]+$", 17, "MAC address"),
                "Of the machine; may be left out for a tap: then it is derived from the address."),
            optional(
                "addresses",
                new ListOf(Fieldset.ADDRESS, EndpointSpec.MAX_ADDRESSES),
                "Of the machine, in the network's subnets; chosen for a tap, none for a link, when"
                    + " not given."),
            optional(
                "prefixes",
                new ListOf(PREFIX, EndpointSpec.MAX_PREFIXES),
                "What is reached through it, a router."),
            optional(
                "sticky",
                new Truth(),
                "Its MAC never moves to another node; false when not given."),
            optional(
                "learn",
                new Truth(),
                "What is behind it without being announced is learned from what it sends, and with"
                    + " sticky never moves; false when not given."))
        .where("has(self.tap) != has(self.link)", "one of tap and link says where it is")
        .where("!has(self.vlan) || has(self.link)", "a vlan is that of a link")
        .where(
            "!has(self.link) || has(self.mac) || has(self.learn) && self.learn",
            "behind a link, the mac must be given, or learned");
  }

  private static Fields connection() {
    var member =
        new Either(
            NAME,
            Fields.of(
                required("tenant", NAME, "Who."),
                optional(
                    "prefixes",
                    new ListOf(PREFIX, SOME),
                    "All that can be reached of it; everything when not given.")));
    return Fields.of(
        optional("hub", member, "Who all spokes meet."),
        optional("spokes", new ListOf(member, SOME), "Who meet the hub, and never each other."),
        optional("between", new ListOf(member, SOME), "Who meet each other; stands alone."),
        optional(
            "direction",
            new Choice(List.of("both", "toHub", "toSpokes")),
            "Where packets can go; both when not given."));
  }
}
