package io.weft.linux.nftables;

import io.weft.linux.netlink.Attributes;
import io.weft.linux.netlink.Message;
import io.weft.linux.netlink.MessageWriter;
import io.weft.linux.netlink.NetlinkSocket.Part;
import io.weft.net.MalformedInput;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Tables, chains and rules: struct nfgenmsg = 1 family | 1 version | 2 resource, then NFTA_*
 * attributes.
 */
final class TableCodec {
  private static final String FILTER = "filter";
  private static final String NAT = "nat";

  private TableCodec() {}

  // ---- writing ----------------------------------------------------------------------------

  /** What makes the table be so and nothing else, whatever stood: made, deleted, made. */
  static List<Part> replacement(Table table) {
    var parts = new ArrayList<Part>();
    parts.add(put(table.family(), table.name()));
    parts.add(delete(table.family(), table.name()));
    parts.add(put(table.family(), table.name()));
    for (var chain : table.chains()) {
      parts.add(
          part(NftUapi.NFT_MSG_NEWCHAIN, NftUapi.NLM_F_CREATE, out -> write(out, table, chain)));
    }
    for (int i = 0; i < table.sets().size(); i++) {
      parts.add(SetCodec.creation(table, table.sets().get(i), i + 1));
    }
    for (var chain : table.chains()) {
      for (var rule : chain.rules()) {
        parts.add(
            part(
                NftUapi.NFT_MSG_NEWRULE,
                NftUapi.NLM_F_CREATE | NftUapi.NLM_F_APPEND,
                out -> write(out, table, chain, rule)));
      }
    }
    return transaction(parts);
  }

  /** ENOENT: there is no such table. */
  static List<Part> removal(Table.Family family, String name) {
    return transaction(List.of(delete(family, name)));
  }

  static List<Part> transaction(List<Part> parts) {
    var all = new ArrayList<Part>();
    all.add(new Part(NftUapi.NFNL_MSG_BATCH_BEGIN, 0, TableCodec::writeBatch));
    all.addAll(parts);
    all.add(new Part(NftUapi.NFNL_MSG_BATCH_END, 0, TableCodec::writeBatch));
    return all;
  }

  private static void writeBatch(MessageWriter out) {
    out.u8(NftUapi.NFPROTO_UNSPEC).u8(0).u8(0).u8(NftUapi.NFNL_SUBSYS_NFTABLES);
  }

  private static Part put(Table.Family family, String name) {
    return part(
        NftUapi.NFT_MSG_NEWTABLE, NftUapi.NLM_F_CREATE, out -> writeName(out, family, name));
  }

  private static Part delete(Table.Family family, String name) {
    return part(NftUapi.NFT_MSG_DELTABLE, 0, out -> writeName(out, family, name));
  }

  static Part part(int message, int flags, java.util.function.Consumer<MessageWriter> body) {
    return new Part(NftUapi.type(message), flags, body);
  }

  static void writeHeader(MessageWriter out, Table.Family family) {
    out.u8(family.number).u8(0).u8(0).u8(0);
  }

  /** Asks for the table, for its chains or for its rules: all begin with its name. */
  static void writeName(MessageWriter out, Table.Family family, String table) {
    writeHeader(out, family);
    out.attribute(NftUapi.NFTA_TABLE_NAME, table);
  }

  /** Asks for all chains of the family. */
  static void writeChains(MessageWriter out, Table.Family family) {
    writeHeader(out, family);
  }

  private static void write(MessageWriter out, Table table, Chain chain) {
    writeName(out, table.family(), table.name());
    out.attribute(NftUapi.NFTA_CHAIN_NAME, chain.name());
    if (chain.hook() == Chain.Hook.NONE) {
      return;
    }
    int hook = out.beginNest(NftUapi.NFTA_CHAIN_HOOK);
    out.attributeU32Big(NftUapi.NFTA_HOOK_HOOKNUM, chain.hook().number);
    out.attributeU32Big(NftUapi.NFTA_HOOK_PRIORITY, chain.priority());
    chain.device().ifPresent(device -> out.attribute(NftUapi.NFTA_HOOK_DEV, device));
    out.endNest(hook);
    out.attributeU32Big(NftUapi.NFTA_CHAIN_POLICY, NftUapi.NF_ACCEPT);
    out.attribute(NftUapi.NFTA_CHAIN_TYPE, chain.translates() ? NAT : FILTER);
  }

  private static void write(MessageWriter out, Table table, Chain chain, Rule rule) {
    writeName(out, table.family(), table.name());
    out.attribute(NftUapi.NFTA_RULE_CHAIN, chain.name());
    int expressions = out.beginNest(NftUapi.NFTA_RULE_EXPRESSIONS);
    rule.expressions().forEach(expression -> ExpressionCodec.write(out, expression));
    out.endNest(expressions);
    if (!rule.comment().isEmpty()) {
      out.attribute(NftUapi.NFTA_RULE_USERDATA, comment(rule.comment()));
    }
  }

  /** 1 type | 1 length | text with its closing NUL. */
  private static byte[] comment(String text) {
    var octets = text.getBytes(StandardCharsets.UTF_8);
    return ByteBuffer.allocate(octets.length + 3)
        .put((byte) NftUapi.NFTNL_UDATA_RULE_COMMENT)
        .put((byte) (octets.length + 1))
        .put(octets)
        .array();
  }

  // ---- reading ----------------------------------------------------------------------------

  /** Name of the table that a message is about. */
  static String tableOf(Message message) throws MalformedInput {
    return message.attributes(NftUapi.NFGENMSG).text(NftUapi.NFTA_TABLE_NAME).orElse("");
  }

  /** A chain without its rules; empty: one that we could not have written. */
  record ReadChain(String name, Optional<Chain> chain) {}

  /** Empty for a chain of another table. */
  static Optional<ReadChain> readChain(Message message, String table) throws MalformedInput {
    var attributes = message.attributes(NftUapi.NFGENMSG);
    if (!attributes.text(NftUapi.NFTA_CHAIN_TABLE).orElse("").equals(table)) {
      return Optional.empty();
    }
    var name = attributes.text(NftUapi.NFTA_CHAIN_NAME).orElse("");
    return Optional.of(new ReadChain(name, chain(attributes, name)));
  }

  private static Optional<Chain> chain(Attributes attributes, String name) throws MalformedInput {
    var hook = attributes.nest(NftUapi.NFTA_CHAIN_HOOK);
    if (hook.isEmpty()) {
      return Optional.of(Chain.called(name, List.of()));
    }
    var type = attributes.text(NftUapi.NFTA_CHAIN_TYPE).orElse("");
    if (!type.equals(FILTER) && !type.equals(NAT)
        || attributes.u32Big(NftUapi.NFTA_CHAIN_POLICY).orElse(-1) != NftUapi.NF_ACCEPT) {
      return Optional.empty();
    }
    int number = hook.get().u32Big(NftUapi.NFTA_HOOK_HOOKNUM).orElse(-1);
    int priority = hook.get().u32Big(NftUapi.NFTA_HOOK_PRIORITY).orElse(0);
    var device = hook.get().text(NftUapi.NFTA_HOOK_DEV);
    return Arrays.stream(Chain.Hook.values())
        .filter(known -> known.number == number)
        .filter(known -> device.isPresent() == (known == Chain.Hook.INGRESS))
        .map(known -> new Chain(name, type.equals(NAT), known, priority, List.of(), device))
        .findFirst();
  }

  /** A rule and the chain that it is in. */
  record ReadRule(String chain, Rule rule) {}

  /** Empty for a rule of another table. */
  static Optional<ReadRule> readRule(Message message, String table) throws MalformedInput {
    var attributes = message.attributes(NftUapi.NFGENMSG);
    if (!attributes.text(NftUapi.NFTA_RULE_TABLE).orElse("").equals(table)) {
      return Optional.empty();
    }
    var expressions = new ArrayList<Expression>();
    for (var element : attributes.list(NftUapi.NFTA_RULE_EXPRESSIONS)) {
      expressions.add(ExpressionCodec.read(element));
    }
    return Optional.of(
        new ReadRule(
            attributes.text(NftUapi.NFTA_RULE_CHAIN).orElse(""),
            new Rule(readComment(attributes), expressions)));
  }

  private static String readComment(Attributes attributes) {
    return attributes
        .octets(NftUapi.NFTA_RULE_USERDATA)
        .filter(octets -> octets.length >= 3)
        .filter(octets -> octets[0] == NftUapi.NFTNL_UDATA_RULE_COMMENT)
        .filter(octets -> (octets[1] & 0xff) == octets.length - 2)
        .map(octets -> new String(octets, 2, octets.length - 3, StandardCharsets.UTF_8))
        .orElse("");
  }
}
