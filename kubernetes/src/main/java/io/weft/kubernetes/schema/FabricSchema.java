package io.weft.kubernetes.schema;

import static io.weft.kubernetes.schema.Fieldset.ADDRESS;
import static io.weft.kubernetes.schema.Fieldset.INTERFACE;
import static io.weft.kubernetes.schema.Fieldset.MANY;
import static io.weft.kubernetes.schema.Fieldset.NAME;
import static io.weft.kubernetes.schema.Fieldset.PREFIX;
import static io.weft.kubernetes.schema.Fieldset.RANGE;
import static io.weft.kubernetes.schema.Fieldset.SOME;
import static io.weft.kubernetes.schema.Schema.Field.optional;
import static io.weft.kubernetes.schema.Schema.Field.required;

import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec;
import io.weft.kubernetes.resource.PeerSpec.BfdSpec;
import io.weft.kubernetes.resource.PeerSpec.MaximumPrefixes;
import io.weft.kubernetes.resource.PolicySpec;
import io.weft.kubernetes.schema.Schema.Choice;
import io.weft.kubernetes.schema.Schema.Fields;
import io.weft.kubernetes.schema.Schema.ListOf;
import io.weft.kubernetes.schema.Schema.Text;
import io.weft.kubernetes.schema.Schema.Truth;
import io.weft.kubernetes.schema.Schema.Whole;
import io.weft.kubernetes.schema.Schema.WholeOrWord;
import java.util.List;

/** The fields of a Fabric. */
final class FabricSchema {
  private static final long MAX_NUMBER = 0xffff_ffffL;

  /** Prefixes inside another one. */
  static final Text PREFIXES = new Text("", 64, "PREFIX [ge N] [le N]");

  static final Whole AS = new Whole(1, MAX_NUMBER);

  static final Fields SECRET =
      Fields.of(required("file", new Text("^/", 4096, "path"), "On the node, root's, mode 0600."));

  private static final Choice FAMILY =
      new Choice(List.of("ipv4-unicast", "ipv6-unicast", "l2vpn-evpn"));
  private static final Choice VERDICT = new Choice(List.of("accept", "reject"));
  private static final Text COMMUNITY = new Text("", 64, "AS:NUMBER, AS:NUMBER:NUMBER or a name");
  private static final Whole HOLD = new Whole(0, FabricSpec.MAX_HOLD_SECONDS);
  private static final String HOLD_RULE =
      "!has(self.holdSeconds) || self.holdSeconds == 0 || self.holdSeconds >= 3";
  private static final String HOLD_MESSAGE = "holdSeconds is 0 (never expires) or 3 and more";

  private FabricSchema() {}

  static Fields spec() {
    return Fields.of(
            optional("asn", AS, "AS of nodes and reflectors; 65000 when not given."),
            optional(
                "vtep",
                vtep(),
                "Which address of a node is its VTEP; that of its default route when not given."),
            optional("reflectors", reflectors(), "Route reflectors; none: full mesh."),
            optional(
                "peers", new ListOf(peer(), MANY), "Further BGP neighbours: switches, gateways."),
            optional("vniPools", vniPools(), "VNIs that are given out."),
            optional(
                "autoRouteTarget",
                new Choice(List.of("short", "rfc8365")),
                "Form of automatic route targets on export; short when not given. Both are taken on"
                    + " import."),
            optional("holdSeconds", HOLD, "Hold time of BGP; 90 when not given, 0: never expires."),
            optional(
                "restartSeconds",
                new Whole(0, FabricSpec.MAX_RESTART_SECONDS),
                "How long neighbours keep the routes of a restarting node; 120 when not given."),
            optional(
                "longLivedSeconds",
                new Whole(0, FabricSpec.MAX_LONG_LIVED_SECONDS),
                "How much longer they keep them, least preferred (RFC 9494); 0 when not given."),
            optional(
                "policies",
                new ListOf(policy(), PolicySpec.MAX_POLICIES),
                "Policies that peers name."),
            optional("underlay", underlay(), "What nodes do with the underlay's routing."),
            optional(
                "duplicates",
                duplicates(),
                "When a MAC address counts as being at two places at once (RFC 7432)."),
            optional(
                "services",
                new ListOf(PREFIX, FabricSpec.MAX_SERVICES),
                "Where the cluster's services have their addresses (the API server's"
                    + " --service-cluster-ip-range): what tenants with egress: cluster send there"
                    + " goes to the node, also where a gateway says a default route. When not given,"
                    + " what the cluster's ServiceCIDRs say (Kubernetes 1.33 and later)."))
        .where(HOLD_RULE, HOLD_MESSAGE);
  }

  private static Fields duplicates() {
    return Fields.of(
        optional(
            "moves",
            new Whole(2, FabricSpec.Duplicates.MAX_MOVES),
            "So many within seconds are too many: the MAC address is frozen; 5 when not given."),
        optional("seconds", new Whole(1, FabricSpec.Duplicates.MAX_SECONDS), "180 when not given."),
        optional(
            "recoverSeconds",
            new Whole(1, FabricSpec.Duplicates.MAX_RECOVER_SECONDS),
            "After which it gets another chance; 1620 when not given."));
  }

  private static Fields vtep() {
    return Fields.of(
            optional("interface", INTERFACE, "The first global address of this interface."),
            optional("cidr", PREFIX, "The node's address in this prefix."),
            optional(
                "cidrs", new ListOf(PREFIX, 2), "One prefix of each family, where there are two."),
            optional(
                "families",
                new ListOf(new Choice(List.of("ipv4", "ipv6")), 2),
                "Of which each node has a VTEP, both for dual stack; without: one of any family."))
        .where(
            "[has(self.interface), has(self.cidr), has(self.cidrs)].filter(x, x).size()" + " <= 1",
            "vtep has one of interface, cidr and cidrs")
        .where(
            "has(self.interface) || has(self.cidr) || has(self.cidrs) || has(self.families)",
            "vtep has one of interface, cidr, cidrs and families");
  }

  private static Fields reflectors() {
    return Fields.of(
        optional("addresses", new ListOf(ADDRESS, SOME), "Reflectors that every node connects to."),
        optional(
            "clients",
            new ListOf(PREFIX, SOME),
            "Who may connect to a reflector; the prefix of the VTEPs when not given."));
  }

  private static Fields vniPools() {
    return Fields.of(
        optional("networks", RANGE, "For networks; 10000-99999 when not given."),
        optional("tenants", RANGE, "For the L3 VNIs of tenants; 100000-199999 when not given."));
  }

  private static Fields underlay() {
    return Fields.of(
        optional(
            "announceVtep", new Truth(), "Each node announces its VTEP; false when not given."),
        optional(
            "maximumPaths",
            new Whole(1, FabricSpec.Underlay.MAX_PATHS),
            "Equal next hops of one prefix; 4 when not given."));
  }

  private static Fields peer() {
    return Fields.of(
            optional("address", ADDRESS, "Where the neighbour is."),
            optional("interface", INTERFACE, "The link at whose far end it is found (unnumbered)."),
            optional("range", PREFIX, "Whoever connects from here."),
            optional(
                "asn",
                new WholeOrWord(AS, new Choice(List.of("external", "internal"))),
                "Its AS; that of the fabric when not given."),
            optional(
                "families", new ListOf(FAMILY, 3), "What is spoken; l2vpn-evpn when not given."),
            optional("holdSeconds", HOLD, "Hold time; that of the fabric when not given."),
            optional("passwordFrom", SECRET, "Secret of TCP-MD5."),
            optional(
                "ttlSecurity",
                new Whole(1, PeerSpec.MAX_TTL_SECURITY),
                "So many hops away at most (GTSM)."),
            optional(
                "multihop",
                new Whole(1, PeerSpec.MAX_MULTIHOP),
                "An external neighbour may be so many hops away; 1 when not given."),
            optional(
                "allowAsIn",
                new Whole(0, PeerSpec.MAX_ALLOW_AS_IN),
                "How often our AS may be in an AS_PATH; 0 when not given."),
            optional(
                "nextHop",
                new Choice(List.of("self", "unchanged")),
                "Next hop that is announced; as RFC 4271 says when not given."),
            optional("maximumPrefixes", maximumPrefixes(), "What to do about too many routes."),
            optional("bfd", bfd(), "Detection of a dead path."),
            optional(
                "shutdown",
                new Text("", PeerSpec.MAX_SHUTDOWN_OCTETS, "text"),
                "The session is kept down, and the neighbour told this."),
            optional("import", NAME, "Policy for what it says; all is accepted when not given."),
            optional("export", NAME, "Policy for what it is told; all is accepted when not given."),
            optional(
                "addPath",
                new Choice(List.of("send", "receive", "both")),
                "Several paths to one route (RFC 7911)."))
        .where(
            "(has(self.address) ? 1 : 0) + (has(self.interface) ? 1 : 0) + (has(self.range) ? 1 :"
                + " 0) == 1",
            "a peer has one of address, interface and range")
        .where(
            "!has(self.multihop) || !has(self.ttlSecurity)",
            "multihop does not go with ttlSecurity, which says the hops already")
        .where(
            "!has(self.multihop) || !has(self.interface)",
            "multihop does not go with interface, whose neighbour is on the link")
        .where(HOLD_RULE, HOLD_MESSAGE);
  }

  private static Fields maximumPrefixes() {
    return Fields.of(
        required(
            "limit", new Whole(1, MaximumPrefixes.MAX_LIMIT), "Routes, all families together."),
        optional(
            "warnPercent",
            new Whole(1, 100),
            "From here on there is a warning; 75 when not given."),
        optional(
            "action", new Choice(List.of("warn", "close")), "At the limit; close when not given."),
        optional(
            "restartSeconds",
            new Whole(0, MaximumPrefixes.MAX_RESTART_SECONDS),
            "After which a closed session is tried again; 60 when not given, 0: never."));
  }

  private static Fields bfd() {
    return Fields.of(
        optional(
            "intervalMillis",
            new Whole(BfdSpec.MIN_INTERVAL_MILLIS, BfdSpec.MAX_INTERVAL_MILLIS),
            "Between packets; 100 when not given."),
        optional(
            "multiplier",
            new Whole(BfdSpec.MIN_MULTIPLIER, BfdSpec.MAX_MULTIPLIER),
            "So many may be lost; 3 when not given."),
        optional(
            "multihop", new Truth(), "The neighbour is behind routers; false when not given."));
  }

  private static Fields policy() {
    return Fields.of(
        required("name", NAME, "By which peers name it."),
        optional(
            "rules", new ListOf(rule(), PolicySpec.MAX_RULES), "The first that matches decides."),
        optional("default", VERDICT, "Where no rule matches; reject when not given."));
  }

  private static Fields rule() {
    return Fields.of(
            optional("match", match(), "Which routes are meant; all when not given."),
            optional("set", changes(), "What is altered on a route that is accepted."),
            required("verdict", VERDICT, "What becomes of the route."))
        .where(
            "self.verdict != 'reject' || !has(self.set)",
            "set does not go with verdict reject: a rejected route is not changed");
  }

  private static Fields match() {
    return Fields.of(
        optional("families", new ListOf(FAMILY, 3), "The route is of one of these."),
        optional("types", new ListOf(new Whole(1, 255), 255), "EVPN route types."),
        optional(
            "routeTargets",
            new ListOf(Fieldset.EXPORT_TARGET, SOME),
            "One of them is on the route."),
        optional("communities", new ListOf(COMMUNITY, SOME), "One of them is on the route."),
        optional("prefixes", new ListOf(PREFIXES, SOME), "Of unicast routes and of EVPN Type 5."),
        optional(
            "peers",
            new ListOf(new Text("^[0-9a-fA-F:./]+$", 49, "address or prefix"), SOME),
            "The neighbour is one of these."));
  }

  private static Fields changes() {
    return Fields.of(
        optional("localPreference", new Whole(0, MAX_NUMBER), "LOCAL_PREF."),
        optional("med", new Whole(0, MAX_NUMBER), "MULTI_EXIT_DISC."),
        optional("addCommunities", new ListOf(COMMUNITY, SOME), "Put on the route."),
        optional("removeCommunities", new ListOf(COMMUNITY, SOME), "Taken off the route."));
  }
}
