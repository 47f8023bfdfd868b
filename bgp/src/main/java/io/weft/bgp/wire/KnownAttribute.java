package io.weft.bgp.wire;

import io.weft.bgp.wire.PathAttributes.Origin;
import io.weft.net.Ipv4Address;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * The registry of path attributes (RFC 4271 §5, §6.3, with the fault actions of RFC 7606 §7): one
 * row each, in the order in which they are written. MP_REACH_NLRI stands first so that a receiver
 * knows the routes before anything can be wrong (RFC 7606 §5.1).
 */
@SuppressWarnings("ImmutableEnumChecker") // the lambdas of the rows hold nothing
enum KnownAttribute {
  MP_REACH_NLRI(14, 0x80, Scope.ANY, OnFault.RESET, "RFC 7606 §7.11", MpNlri::decodeReach),
  MP_UNREACH_NLRI(15, 0x80, Scope.ANY, OnFault.RESET, "RFC 7606 §7.12", MpNlri::decodeUnreach),
  ORIGIN(
      1,
      0x40,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 7606 §7.1",
      (in, _, draft) -> draft.origin = Optional.of(decodeOrigin(in)),
      (attributes, _, out) -> written(out.u8(originCode(attributes.origin())))),
  AS_PATH(
      2,
      0x40,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 7606 §7.2",
      (in, peering, draft) ->
          draft.asPath = Optional.of(AsPath.decode(in, peering.fourOctetAs() ? 4 : 2)),
      (attributes, peering, out) ->
          written(attributes.asPath().encode(out, peering.fourOctetAs() ? 4 : 2))),
  /**
   * For the routes behind the attributes only: beside MP_REACH_NLRI alone it is read over, however
   * malformed (RFC 4760 §3). {@link UpdateCodec} judges it.
   */
  NEXT_HOP(
      3,
      0x40,
      Scope.ANY,
      OnFault.DISCARD,
      "RFC 7606 §7.3",
      (in, _, draft) -> {
        if (in.remaining() == 4) {
          draft.outerNextHop = Optional.of(new Ipv4Address(in.s32("next hop")));
        } else {
          in.skip("next hop", in.remaining());
        }
      }),
  MULTI_EXIT_DISC(
      4,
      0x80,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 7606 §7.4",
      (in, _, draft) -> draft.med = OptionalLong.of(in.u32("metric")),
      (attributes, _, out) -> writtenIf(attributes.med(), out)),
  LOCAL_PREF(
      5,
      0x40,
      Scope.INTERNAL,
      OnFault.WITHDRAW,
      "RFC 7606 §7.5",
      (in, _, draft) -> draft.localPreference = OptionalLong.of(in.u32("preference")),
      (attributes, _, out) -> writtenIf(attributes.localPreference(), out)),
  ATOMIC_AGGREGATE(
      6, 0x40, Scope.ANY, OnFault.DISCARD, "RFC 7606 §7.6", (in, _, _) -> in.expectEmpty("value")),
  /** Kept in the form with a 4-octet number, whatever the peer sent (RFC 6793 §4.2.3). */
  AGGREGATOR(
      7,
      0xc0,
      Scope.ANY,
      OnFault.DISCARD,
      "RFC 7606 §7.7",
      (in, peering, _) -> in.skip("aggregator", peering.fourOctetAs() ? 8 : 6)),
  COMMUNITIES(
      8,
      0xc0,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 7606 §7.8",
      (in, _, draft) -> draft.communities = decodeList(in, 4, Community::decode),
      (attributes, _, out) -> {
        attributes.communities().forEach(community -> out.u32(community.value()));
        return !attributes.communities().isEmpty();
      }),
  ORIGINATOR_ID(
      9,
      0x80,
      Scope.INTERNAL,
      OnFault.WITHDRAW,
      "RFC 7606 §7.9",
      (in, _, draft) -> draft.originatorId = Optional.of(new Ipv4Address(in.s32("originator"))),
      (attributes, _, out) ->
          attributes.originatorId().map(id -> written(out.u32(id.value()))).orElse(false)),
  CLUSTER_LIST(
      10,
      0x80,
      Scope.INTERNAL,
      OnFault.WITHDRAW,
      "RFC 7606 §7.10",
      (in, _, draft) ->
          draft.clusterList = decodeList(in, 4, list -> new Ipv4Address(list.s32("cluster id"))),
      (attributes, _, out) -> {
        attributes.clusterList().forEach(id -> out.u32(id.value()));
        return !attributes.clusterList().isEmpty();
      }),
  EXTENDED_COMMUNITIES(
      16,
      0xc0,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 7606 §7.14",
      (in, _, draft) ->
          draft.extendedCommunities =
              decodeList(in, 8, list -> new ExtendedCommunity(list.u64("extended community"))),
      (attributes, _, out) -> {
        attributes.extendedCommunities().forEach(community -> out.u64(community.value()));
        return !attributes.extendedCommunities().isEmpty();
      }),
  AS4_PATH(
      17,
      0xc0,
      Scope.TWO_OCTET_AS,
      OnFault.DISCARD,
      "RFC 6793 §6",
      (in, _, draft) -> draft.as4Path = Optional.of(AsPath.decode(in, 4)),
      (attributes, _, out) ->
          attributes.asPath().needsFourOctets() && written(attributes.asPath().encode(out, 4))),
  /** Read over: what it adds to AGGREGATOR is the number of one AS, which nothing here uses. */
  AS4_AGGREGATOR(
      18,
      0xc0,
      Scope.TWO_OCTET_AS,
      OnFault.DISCARD,
      "RFC 6793 §6",
      (in, _, _) -> in.skip("aggregator", in.remaining())),
  PMSI_TUNNEL(
      22,
      0xc0,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 6514 §5",
      (in, _, draft) -> draft.pmsiTunnel = Optional.of(PmsiTunnel.decode(in)),
      (attributes, _, out) ->
          attributes.pmsiTunnel().map(tunnel -> written(tunnel.encode(out))).orElse(false)),
  /** Checked and carried: no route target of this form is imported. */
  IPV6_EXTENDED_COMMUNITIES(
      25,
      0xc0,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 7606 §7.15",
      (in, _, _) -> {
        expectMultiple(in, 20);
        in.skip("value", in.remaining());
      }),
  /** One that stands twice counts once (RFC 8092 §5). */
  LARGE_COMMUNITIES(
      32,
      0xc0,
      Scope.ANY,
      OnFault.WITHDRAW,
      "RFC 8092 §6",
      (in, _, draft) ->
          draft.largeCommunities =
              decodeList(in, 12, LargeCommunity::decode).stream().distinct().toList(),
      (attributes, _, out) -> {
        attributes.largeCommunities().stream().distinct().forEach(large -> large.encode(out));
        return !attributes.largeCommunities().isEmpty();
      });

  /** On which sessions an attribute has a meaning; on others it is discarded (RFC 7606 §7). */
  enum Scope {
    ANY,
    INTERNAL,
    TWO_OCTET_AS;

    boolean covers(Peering peering) {
      return switch (this) {
        case ANY -> true;
        case INTERNAL -> peering.internal();
        case TWO_OCTET_AS -> !peering.fourOctetAs();
      };
    }
  }

  /** The weakest action that RFC 7606 §2 allows for a malformed value. */
  enum OnFault {
    /** Nothing tells which routes are meant. */
    RESET,
    WITHDRAW,
    DISCARD
  }

  /** Reads the value; what is left over afterwards is a fault of its own. */
  interface Decode {
    void decode(OctetReader in, Peering peering, UpdateDraft draft) throws MalformedInput;
  }

  /** Writes the value; false when the attribute is absent. */
  interface Encode {
    boolean encode(PathAttributes attributes, Peering peering, OctetWriter out);
  }

  /** All rows in the order of writing. */
  static final List<KnownAttribute> ROWS = List.of(values());

  final int code;

  /** The Optional and Transitive bits that must stand (RFC 4271 §4.3). */
  final int flags;

  final Scope scope;
  final OnFault onFault;
  final String rule;
  final Decode decode;
  final Encode encode;

  /** A row that is written elsewhere: with the routes, or among the attributes carried. */
  KnownAttribute(int code, int flags, Scope scope, OnFault onFault, String rule, Decode decode) {
    this(code, flags, scope, onFault, rule, decode, (_, _, _) -> false);
  }

  KnownAttribute(
      int code,
      int flags,
      Scope scope,
      OnFault onFault,
      String rule,
      Decode decode,
      Encode encode) {
    this.code = code;
    this.flags = flags;
    this.scope = scope;
    this.onFault = onFault;
    this.rule = rule;
    this.decode = decode;
    this.encode = encode;
  }

  /** Checked but not used here: kept among the unknown, octet by octet, to be passed on. */
  boolean isCarried() {
    return switch (this) {
      case ATOMIC_AGGREGATE, AGGREGATOR, IPV6_EXTENDED_COMMUNITIES -> true;
      case MP_REACH_NLRI,
          MP_UNREACH_NLRI,
          ORIGIN,
          AS_PATH,
          NEXT_HOP,
          MULTI_EXIT_DISC,
          LOCAL_PREF,
          COMMUNITIES,
          ORIGINATOR_ID,
          CLUSTER_LIST,
          EXTENDED_COMMUNITIES,
          AS4_PATH,
          AS4_AGGREGATOR,
          PMSI_TUNNEL,
          LARGE_COMMUNITIES ->
          false;
    };
  }

  static Optional<KnownAttribute> of(int code) {
    for (var row : ROWS) {
      if (row.code == code) {
        return Optional.of(row);
      }
    }
    return Optional.empty();
  }

  private static Origin decodeOrigin(OctetReader in) throws MalformedInput {
    int value = in.u8("origin");
    return switch (value) {
      case 0 -> Origin.IGP;
      case 1 -> Origin.EGP;
      case 2 -> Origin.INCOMPLETE;
      default -> throw new MalformedInput("origin: " + value + " is none of 0, 1, 2");
    };
  }

  private static int originCode(Origin origin) {
    return switch (origin) {
      case IGP -> 0;
      case EGP -> 1;
      case INCOMPLETE -> 2;
    };
  }

  /** Reads one element of a list. */
  private interface Element<T> {
    T decode(OctetReader in) throws MalformedInput;
  }

  private static <T> List<T> decodeList(OctetReader in, int unit, Element<T> element)
      throws MalformedInput {
    expectMultiple(in, unit);
    var list = new ArrayList<T>();
    while (!in.isEmpty()) {
      list.add(element.decode(in));
    }
    return list;
  }

  private static void expectMultiple(OctetReader in, int unit) throws MalformedInput {
    if (in.isEmpty() || in.remaining() % unit != 0) {
      throw new MalformedInput(
          "length " + in.remaining() + " is not a multiple of " + unit + " above 0");
    }
  }

  private static boolean written(OctetWriter unused) {
    return true;
  }

  private static boolean writtenIf(OptionalLong value, OctetWriter out) {
    value.ifPresent(out::u32);
    return value.isPresent();
  }
}
