package io.weft.linux.netlink;

import static io.weft.linux.ffi.LinuxConstants.AF_INET;
import static io.weft.linux.ffi.LinuxConstants.AF_INET6;

import io.weft.net.MalformedInput;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Rules (linux/fib_rules.h): struct fib_rule_hdr = 1 family | 1 destination length | 1 source
 * length | 1 TOS | 1 table | 2 reserved | 1 action | 4 flags, then FRA_* attributes.
 */
final class RuleCodec {
  private static final int FIB_RULE_HDR = 12;

  private RuleCodec() {}

  static void write(MessageWriter out, Rule rule) {
    int table = rule.table().orElse(0);
    boolean looksUp = rule.table().isPresent();
    out.u8(rule.ipv4() ? AF_INET : AF_INET6).u8(0).u8(0).u8(0).u8(table < 256 ? table : 0).u8(0);
    out.u8(0).u8(looksUp ? Uapi.FR_ACT_TO_TBL : Uapi.FR_ACT_UNREACHABLE).u32(0);
    rule.incoming().ifPresent(name -> out.attribute(Uapi.FRA_IIFNAME, name));
    out.attributeU32(Uapi.FRA_PRIORITY, rule.priority());
    rule.suppressedGroup().ifPresent(group -> out.attributeU32(Uapi.FRA_SUPPRESS_IFGROUP, group));
    if (table > 255) {
      out.attributeU32(Uapi.FRA_TABLE, table);
    }
  }

  /** Empty for rules that Weft does not speak of: other families and actions. */
  static Optional<Rule> read(Message message) throws MalformedInput {
    var fixed = message.fixed("struct fib_rule_hdr", FIB_RULE_HDR);
    int family = fixed.get(0);
    int action = fixed.get(7);
    boolean looksUp = action == Uapi.FR_ACT_TO_TBL;
    if (family != AF_INET && family != AF_INET6 || !looksUp && action != Uapi.FR_ACT_UNREACHABLE) {
      return Optional.empty();
    }
    var attributes = message.attributes(FIB_RULE_HDR);
    var group = attributes.u32(Uapi.FRA_SUPPRESS_IFGROUP);
    return Optional.of(
        new Rule(
            family == AF_INET,
            attributes.u32(Uapi.FRA_PRIORITY).orElse(0),
            attributes.text(Uapi.FRA_IIFNAME),
            looksUp
                ? OptionalInt.of(attributes.u32(Uapi.FRA_TABLE).orElse(fixed.get(4) & 0xff))
                : OptionalInt.empty(),
            group.orElse(-1) == -1 ? OptionalInt.empty() : group));
  }

  static void writeDump(MessageWriter out, int family) {
    out.u8(family).u8(0).u8(0).u8(0).u32(0).u32(0);
  }
}
