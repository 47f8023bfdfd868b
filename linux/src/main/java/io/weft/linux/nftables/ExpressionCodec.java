package io.weft.linux.nftables;

import io.weft.linux.netlink.Attributes;
import io.weft.linux.netlink.MessageWriter;
import io.weft.net.MalformedInput;
import io.weft.net.Octets;
import java.util.Optional;

/** Expressions: a name, and attributes whose meaning is the name's; numbers in network order. */
final class ExpressionCodec {
  private static final int BACK = NftUapi.NFTA_FIB_F_DADDR | NftUapi.NFTA_FIB_F_IIF;
  private static final int FIRST_PORT = register(Expression.FIRST_PORT);
  private static final int LAST_PORT = register(Expression.LAST_PORT);

  private ExpressionCodec() {}

  static void write(MessageWriter out, Expression expression) {
    int element = out.beginNest(NftUapi.NFTA_LIST_ELEM);
    out.attribute(NftUapi.NFTA_EXPR_NAME, name(expression));
    int details = out.beginNest(NftUapi.NFTA_EXPR_DATA);
    writeDetails(out, expression);
    out.endNest(details);
    out.endNest(element);
  }

  private static String name(Expression expression) {
    return switch (expression) {
      case Expression.Meta _ -> "meta";
      case Expression.Payload _ -> "payload";
      case Expression.ConnectionState _, Expression.ConnectionStatus _ -> "ct";
      case Expression.RouteName _, Expression.RouteBack _ -> "fib";
      case Expression.Mask _ -> "bitwise";
      case Expression.Compare _ -> "cmp";
      case Expression.Verdict _, Expression.Goto _, Expression.Jump _, Expression.Load _ ->
          "immediate";
      case Expression.Lookup _, Expression.GotoIn _ -> "lookup";
      case Expression.CountIn _ -> "dynset";
      case Expression.TranslateSource _ -> "nat";
      case Expression.Masquerade _ -> "masq";
      case Expression.NoTracking _ -> "notrack";
      case Expression.Forward _ -> "fwd";
      case Expression.Foreign(var name) ->
          throw new IllegalArgumentException("'" + name + "' is not ours to write");
    };
  }

  private static void writeDetails(MessageWriter out, Expression expression) {
    switch (expression) {
      case Expression.Meta(var key, int slot) -> {
        out.attributeU32Big(NftUapi.NFTA_META_DREG, register(slot));
        out.attributeU32Big(NftUapi.NFTA_META_KEY, key.number);
      }
      case Expression.Payload(var base, int offset, int length, int slot) -> {
        out.attributeU32Big(NftUapi.NFTA_PAYLOAD_DREG, register(slot));
        out.attributeU32Big(NftUapi.NFTA_PAYLOAD_BASE, base.number);
        out.attributeU32Big(NftUapi.NFTA_PAYLOAD_OFFSET, offset);
        out.attributeU32Big(NftUapi.NFTA_PAYLOAD_LEN, length);
      }
      case Expression.ConnectionState() -> writeConnection(out, NftUapi.NFT_CT_STATE);
      case Expression.ConnectionStatus() -> writeConnection(out, NftUapi.NFT_CT_STATUS);
      case Expression.RouteName() -> writeRoute(out, NftUapi.NFTA_FIB_F_DADDR);
      case Expression.RouteBack() -> writeRoute(out, BACK);
      case Expression.Mask(var mask) -> {
        out.attributeU32Big(NftUapi.NFTA_BITWISE_SREG, NftUapi.NFT_REG_1);
        out.attributeU32Big(NftUapi.NFTA_BITWISE_DREG, NftUapi.NFT_REG_1);
        out.attributeU32Big(NftUapi.NFTA_BITWISE_LEN, mask.length());
        writeValue(out, NftUapi.NFTA_BITWISE_MASK, mask);
        writeValue(out, NftUapi.NFTA_BITWISE_XOR, Octets.of(new byte[mask.length()]));
      }
      case Expression.Compare(boolean not, var octets) -> {
        out.attributeU32Big(NftUapi.NFTA_CMP_SREG, NftUapi.NFT_REG_1);
        out.attributeU32Big(NftUapi.NFTA_CMP_OP, not ? NftUapi.NFT_CMP_NEQ : NftUapi.NFT_CMP_EQ);
        writeValue(out, NftUapi.NFTA_CMP_DATA, octets);
      }
      case Expression.Verdict(boolean accept) ->
          writeVerdict(out, accept ? NftUapi.NF_ACCEPT : NftUapi.NF_DROP, "");
      case Expression.Goto(var chain) -> writeVerdict(out, NftUapi.NFT_GOTO, chain);
      case Expression.Jump(var chain) -> writeVerdict(out, NftUapi.NFT_JUMP, chain);
      case Expression.Lookup(var set, boolean not) -> {
        out.attribute(NftUapi.NFTA_LOOKUP_SET, set);
        out.attributeU32Big(NftUapi.NFTA_LOOKUP_SREG, NftUapi.NFT_REG_1);
        out.attributeU32Big(NftUapi.NFTA_LOOKUP_FLAGS, not ? NftUapi.NFT_LOOKUP_F_INV : 0);
      }
      case Expression.GotoIn(var set) -> {
        out.attribute(NftUapi.NFTA_LOOKUP_SET, set);
        out.attributeU32Big(NftUapi.NFTA_LOOKUP_SREG, NftUapi.NFT_REG_1);
        out.attributeU32Big(NftUapi.NFTA_LOOKUP_DREG, NftUapi.NFT_REG_VERDICT);
      }
      case Expression.CountIn(var set) -> {
        out.attribute(NftUapi.NFTA_DYNSET_SET_NAME, set);
        out.attributeU32Big(NftUapi.NFTA_DYNSET_OP, NftUapi.NFT_DYNSET_OP_UPDATE);
        out.attributeU32Big(NftUapi.NFTA_DYNSET_SREG_KEY, NftUapi.NFT_REG_1);
      }
      case Expression.Load(var octets, int slot) -> {
        out.attributeU32Big(NftUapi.NFTA_IMMEDIATE_DREG, register(slot));
        writeValue(out, NftUapi.NFTA_IMMEDIATE_DATA, octets);
      }
      case Expression.TranslateSource(boolean ipv4, boolean ports) -> {
        out.attributeU32Big(NftUapi.NFTA_NAT_TYPE, NftUapi.NFT_NAT_SNAT);
        out.attributeU32Big(NftUapi.NFTA_NAT_FAMILY, family(ipv4));
        out.attributeU32Big(NftUapi.NFTA_NAT_REG_ADDR_MIN, NftUapi.NFT_REG_1);
        if (ports) {
          out.attributeU32Big(NftUapi.NFTA_NAT_REG_PROTO_MIN, FIRST_PORT);
          out.attributeU32Big(NftUapi.NFTA_NAT_REG_PROTO_MAX, LAST_PORT);
        }
      }
      case Expression.Masquerade(boolean ports) -> {
        if (ports) { // without the flag the kernel takes any port, unlike with "nat"
          out.attributeU32Big(NftUapi.NFTA_MASQ_FLAGS, NftUapi.NF_NAT_RANGE_PROTO_SPECIFIED);
          out.attributeU32Big(NftUapi.NFTA_MASQ_REG_PROTO_MIN, FIRST_PORT);
          out.attributeU32Big(NftUapi.NFTA_MASQ_REG_PROTO_MAX, LAST_PORT);
        }
      }
      case Expression.Forward() ->
          out.attributeU32Big(NftUapi.NFTA_FWD_SREG_DEV, NftUapi.NFT_REG_1);
      case Expression.NoTracking _, Expression.Foreign _ -> {}
    }
  }

  private static void writeConnection(MessageWriter out, int key) {
    out.attributeU32Big(NftUapi.NFTA_CT_DREG, NftUapi.NFT_REG_1);
    out.attributeU32Big(NftUapi.NFTA_CT_KEY, key);
  }

  private static void writeRoute(MessageWriter out, int flags) {
    out.attributeU32Big(NftUapi.NFTA_FIB_DREG, NftUapi.NFT_REG_1);
    out.attributeU32Big(NftUapi.NFTA_FIB_RESULT, NftUapi.NFT_FIB_RESULT_OIFNAME);
    out.attributeU32Big(NftUapi.NFTA_FIB_FLAGS, flags);
  }

  /** The kernel tells a slot that begins a register of 16 octets by the register's number. */
  private static int register(int slot) {
    return slot % 4 == 0 ? NftUapi.NFT_REG_1 + slot / 4 : NftUapi.NFT_REG32_00 + slot;
  }

  private static int slot(int register) {
    return register >= NftUapi.NFT_REG32_00
        ? register - NftUapi.NFT_REG32_00
        : (register - NftUapi.NFT_REG_1) * 4;
  }

  private static void writeVerdict(MessageWriter out, int code, String chain) {
    out.attributeU32Big(NftUapi.NFTA_IMMEDIATE_DREG, NftUapi.NFT_REG_VERDICT);
    int value = out.beginNest(NftUapi.NFTA_IMMEDIATE_DATA);
    verdict(out, code, chain);
    out.endNest(value);
  }

  /**
   * A verdict as it stands in rules and in elements.
   *
   * @param chain empty: the verdict needs none
   */
  static void verdict(MessageWriter out, int code, String chain) {
    int verdict = out.beginNest(NftUapi.NFTA_DATA_VERDICT);
    out.attributeU32Big(NftUapi.NFTA_VERDICT_CODE, code);
    if (!chain.isEmpty()) {
      out.attribute(NftUapi.NFTA_VERDICT_CHAIN, chain);
    }
    out.endNest(verdict);
  }

  private static int family(boolean ipv4) {
    return ipv4 ? NftUapi.NFPROTO_IPV4 : NftUapi.NFPROTO_IPV6;
  }

  private static void writeValue(MessageWriter out, int type, Octets value) {
    int nest = out.beginNest(type);
    out.attribute(NftUapi.NFTA_DATA_VALUE, value.toArray());
    out.endNest(nest);
  }

  /** One that has more to it than we write is foreign, though its name is known. */
  static Expression read(Attributes element) throws MalformedInput {
    var name = element.text(NftUapi.NFTA_EXPR_NAME).orElse("");
    var details = element.nest(NftUapi.NFTA_EXPR_DATA);
    var read =
        switch (name) {
          case "masq" ->
              details.isEmpty()
                  ? Optional.<Expression>of(new Expression.Masquerade())
                  : readMasquerade(details.get());
          case "notrack" -> Optional.<Expression>of(new Expression.NoTracking());
          default ->
              details.isEmpty() ? Optional.<Expression>empty() : readDetails(name, details.get());
        };
    return read.orElse(new Expression.Foreign(name));
  }

  private static Optional<Expression> readDetails(String name, Attributes in)
      throws MalformedInput {
    return switch (name) {
      case "meta" -> readMeta(in);
      case "payload" -> readPayload(in);
      case "ct" -> readConnection(in);
      case "fib" -> readRoute(in);
      case "bitwise" -> readMask(in);
      case "cmp" -> readCompare(in);
      case "immediate" -> readImmediate(in);
      case "lookup" -> readLookup(in);
      case "dynset" ->
          is(in, NftUapi.NFTA_DYNSET_SREG_KEY, NftUapi.NFT_REG_1)
                  && is(in, NftUapi.NFTA_DYNSET_OP, NftUapi.NFT_DYNSET_OP_UPDATE)
              ? in.text(NftUapi.NFTA_DYNSET_SET_NAME).map(Expression.CountIn::new)
              : Optional.empty();
      case "nat" -> readTranslation(in);
      case "fwd" ->
          is(in, NftUapi.NFTA_FWD_SREG_DEV, NftUapi.NFT_REG_1)
                  && !in.has(NftUapi.NFTA_FWD_SREG_ADDR)
              ? Optional.of(new Expression.Forward())
              : Optional.empty();
      default -> Optional.empty(); // the kernel's list of expressions is open
    };
  }

  private static boolean is(Attributes in, int type, int value) throws MalformedInput {
    var found = in.u32Big(type);
    return found.isPresent() && found.getAsInt() == value;
  }

  private static Optional<Expression> readMeta(Attributes in) throws MalformedInput {
    var register = in.u32Big(NftUapi.NFTA_META_DREG);
    for (var key : Expression.MetaKey.values()) {
      if (register.isPresent() && is(in, NftUapi.NFTA_META_KEY, key.number)) {
        return Optional.of(new Expression.Meta(key, slot(register.getAsInt())));
      }
    }
    return Optional.empty();
  }

  private static Optional<Expression> readConnection(Attributes in) throws MalformedInput {
    if (!is(in, NftUapi.NFTA_CT_DREG, NftUapi.NFT_REG_1)) {
      return Optional.empty();
    }
    return switch (in.u32Big(NftUapi.NFTA_CT_KEY).orElse(-1)) {
      case NftUapi.NFT_CT_STATE -> Optional.of(new Expression.ConnectionState());
      case NftUapi.NFT_CT_STATUS -> Optional.of(new Expression.ConnectionStatus());
      default -> Optional.empty(); // the kernel knows many more keys
    };
  }

  private static Optional<Expression> readRoute(Attributes in) throws MalformedInput {
    if (!is(in, NftUapi.NFTA_FIB_DREG, NftUapi.NFT_REG_1)
        || !is(in, NftUapi.NFTA_FIB_RESULT, NftUapi.NFT_FIB_RESULT_OIFNAME)) {
      return Optional.empty();
    }
    return switch (in.u32Big(NftUapi.NFTA_FIB_FLAGS).orElse(-1)) {
      case NftUapi.NFTA_FIB_F_DADDR -> Optional.of(new Expression.RouteName());
      case BACK -> Optional.of(new Expression.RouteBack());
      default -> Optional.empty(); // other flags ask something else
    };
  }

  private static Optional<Expression> readPayload(Attributes in) throws MalformedInput {
    var register = in.u32Big(NftUapi.NFTA_PAYLOAD_DREG);
    for (var base : Expression.Base.values()) {
      if (register.isPresent() && is(in, NftUapi.NFTA_PAYLOAD_BASE, base.number)) {
        return Optional.of(
            new Expression.Payload(
                base,
                in.u32Big(NftUapi.NFTA_PAYLOAD_OFFSET).orElse(-1),
                in.u32Big(NftUapi.NFTA_PAYLOAD_LEN).orElse(-1),
                slot(register.getAsInt())));
      }
    }
    return Optional.empty();
  }

  private static Optional<Expression> readMask(Attributes in) throws MalformedInput {
    var mask = value(in, NftUapi.NFTA_BITWISE_MASK);
    boolean plain =
        mask.isPresent()
            && value(in, NftUapi.NFTA_BITWISE_XOR)
                .filter(Octets.of(new byte[mask.get().length()])::equals)
                .isPresent()
            && is(in, NftUapi.NFTA_BITWISE_LEN, mask.get().length())
            && is(in, NftUapi.NFTA_BITWISE_SREG, NftUapi.NFT_REG_1)
            && is(in, NftUapi.NFTA_BITWISE_DREG, NftUapi.NFT_REG_1);
    return plain ? mask.map(Expression.Mask::new) : Optional.empty();
  }

  private static Optional<Expression> readCompare(Attributes in) throws MalformedInput {
    int operator = in.u32Big(NftUapi.NFTA_CMP_OP).orElse(-1);
    boolean plain =
        (operator == NftUapi.NFT_CMP_EQ || operator == NftUapi.NFT_CMP_NEQ)
            && is(in, NftUapi.NFTA_CMP_SREG, NftUapi.NFT_REG_1);
    return plain
        ? value(in, NftUapi.NFTA_CMP_DATA)
            .map(octets -> new Expression.Compare(operator == NftUapi.NFT_CMP_NEQ, octets))
        : Optional.empty();
  }

  private static Optional<Octets> value(Attributes in, int type) throws MalformedInput {
    var nest = in.nest(type);
    return nest.flatMap(found -> found.octets(NftUapi.NFTA_DATA_VALUE)).map(Octets::of);
  }

  /** The kernel adds of itself what follows: the range ends where it begins. */
  private static Optional<Expression> readTranslation(Attributes in) throws MalformedInput {
    boolean plain =
        is(in, NftUapi.NFTA_NAT_TYPE, NftUapi.NFT_NAT_SNAT)
            && is(in, NftUapi.NFTA_NAT_REG_ADDR_MIN, NftUapi.NFT_REG_1)
            && (!in.has(NftUapi.NFTA_NAT_REG_ADDR_MAX)
                || is(in, NftUapi.NFTA_NAT_REG_ADDR_MAX, NftUapi.NFT_REG_1))
            && isPlain(in.u32Big(NftUapi.NFTA_NAT_FLAGS).orElse(0));
    var ports = ports(in, NftUapi.NFTA_NAT_REG_PROTO_MIN, NftUapi.NFTA_NAT_REG_PROTO_MAX);
    for (boolean ipv4 : new boolean[] {true, false}) {
      if (plain && is(in, NftUapi.NFTA_NAT_FAMILY, family(ipv4))) {
        return ports.map(given -> new Expression.TranslateSource(ipv4, given));
      }
    }
    return Optional.empty();
  }

  private static Optional<Expression> readMasquerade(Attributes in) throws MalformedInput {
    int flags = in.u32Big(NftUapi.NFTA_MASQ_FLAGS).orElse(0);
    boolean specified = (flags & NftUapi.NF_NAT_RANGE_PROTO_SPECIFIED) != 0;
    return isPlain(flags)
        ? ports(in, NftUapi.NFTA_MASQ_REG_PROTO_MIN, NftUapi.NFTA_MASQ_REG_PROTO_MAX)
            .filter(given -> given == specified)
            .map(Expression.Masquerade::new)
        : Optional.empty();
  }

  /** What the kernel says of itself: that there is an address, that there are ports. */
  private static boolean isPlain(int flags) {
    return (flags & ~(NftUapi.NF_NAT_RANGE_MAP_IPS | NftUapi.NF_NAT_RANGE_PROTO_SPECIFIED)) == 0;
  }

  /** Whether ports are given; empty: not as we give them. */
  private static Optional<Boolean> ports(Attributes in, int min, int max) throws MalformedInput {
    if (!in.has(min) && !in.has(max)) {
      return Optional.of(false);
    }
    return is(in, min, FIRST_PORT) && is(in, max, LAST_PORT) ? Optional.of(true) : Optional.empty();
  }

  private static Optional<Expression> readLookup(Attributes in) throws MalformedInput {
    var set = in.text(NftUapi.NFTA_LOOKUP_SET);
    boolean plain = is(in, NftUapi.NFTA_LOOKUP_SREG, NftUapi.NFT_REG_1);
    int flags = in.u32Big(NftUapi.NFTA_LOOKUP_FLAGS).orElse(0);
    if (!plain) {
      return Optional.empty();
    }
    return in.has(NftUapi.NFTA_LOOKUP_DREG)
        ? set.filter(_ -> flags == 0).map(Expression.GotoIn::new)
        : set.map(name -> new Expression.Lookup(name, flags == NftUapi.NFT_LOOKUP_F_INV));
  }

  private static Optional<Expression> readImmediate(Attributes in) throws MalformedInput {
    var register = in.u32Big(NftUapi.NFTA_IMMEDIATE_DREG);
    if (register.isEmpty()) {
      return Optional.empty();
    }
    if (register.getAsInt() != NftUapi.NFT_REG_VERDICT) {
      return value(in, NftUapi.NFTA_IMMEDIATE_DATA)
          .map(octets -> new Expression.Load(octets, slot(register.getAsInt())));
    }
    var value = in.nest(NftUapi.NFTA_IMMEDIATE_DATA);
    var verdict = value.isEmpty() ? value : value.get().nest(NftUapi.NFTA_DATA_VERDICT);
    return verdict.isEmpty() ? Optional.empty() : readVerdict(verdict.get());
  }

  private static Optional<Expression> readVerdict(Attributes verdict) throws MalformedInput {
    var chain = verdict.text(NftUapi.NFTA_VERDICT_CHAIN);
    return switch (verdict.u32Big(NftUapi.NFTA_VERDICT_CODE).orElse(-1)) {
      case NftUapi.NF_ACCEPT -> Optional.of(new Expression.Verdict(true));
      case NftUapi.NF_DROP -> Optional.of(new Expression.Verdict(false));
      case NftUapi.NFT_GOTO -> chain.map(Expression.Goto::new);
      case NftUapi.NFT_JUMP -> chain.map(Expression.Jump::new);
      default -> Optional.empty(); // return, queue
    };
  }
}
