package io.weft.linux.nftables;

import io.weft.linux.netlink.Attributes;
import io.weft.linux.netlink.Message;
import io.weft.linux.netlink.MessageWriter;
import io.weft.linux.netlink.NetlinkSocket.Part;
import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.ElementSet.Field;
import io.weft.linux.nftables.ElementSet.Use;
import io.weft.net.MalformedInput;
import io.weft.net.Octets;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Named sets and their elements (NFTA_SET_*, NFTA_SET_ELEM_*). */
final class SetCodec {
  /** How nft packs the types of fields into one number. */
  private static final int TYPE_BITS = 6;

  private SetCodec() {}

  // ---- writing ----------------------------------------------------------------------------

  /**
   * Makes a set.
   *
   * @param id unique in the transaction
   */
  static Part creation(Table table, ElementSet set, int id) {
    return TableCodec.part(
        NftUapi.NFT_MSG_NEWSET, NftUapi.NLM_F_CREATE, out -> write(out, table, set, id));
  }

  private static void write(MessageWriter out, Table table, ElementSet set, int id) {
    writeName(out, table.family(), table.name(), set.name());
    out.attributeU32Big(NftUapi.NFTA_SET_FLAGS, flags(set));
    out.attributeU32Big(NftUapi.NFTA_SET_KEY_TYPE, type(set));
    out.attributeU32Big(NftUapi.NFTA_SET_KEY_LEN, set.keyLength());
    out.attributeU32Big(NftUapi.NFTA_SET_ID, id);
    if (set.use() == Use.CHAINS) {
      out.attributeU32Big(NftUapi.NFTA_SET_DATA_TYPE, NftUapi.NFT_DATA_VERDICT);
      out.attributeU32Big(NftUapi.NFTA_SET_DATA_LEN, 0);
    }
    if (set.use() == Use.EXPIRING) {
      writeLong(out, NftUapi.NFTA_SET_TIMEOUT, ElementSet.EXPIRY_MILLIS);
    }
    int description = out.beginNest(NftUapi.NFTA_SET_DESC);
    if (set.size() > 0) {
      out.attributeU32Big(NftUapi.NFTA_SET_DESC_SIZE, set.size());
    }
    if (set.fields().size() > 1) {
      int fields = out.beginNest(NftUapi.NFTA_SET_DESC_CONCAT);
      for (var field : set.fields()) {
        int element = out.beginNest(NftUapi.NFTA_LIST_ELEM);
        out.attributeU32Big(NftUapi.NFTA_SET_FIELD_LEN, field.length);
        out.endNest(element);
      }
      out.endNest(fields);
    }
    out.endNest(description);
    if (set.use() == Use.COUNTERS) {
      writeContent(out, NftUapi.NFTA_SET_EXPR, new Content.Counter(0, 0));
    } else if (set.use() == Use.LIMITS) {
      writeContent(out, NftUapi.NFTA_SET_EXPR, new Content.Limit(1, 1)); // each has its own
    }
  }

  private static int flags(ElementSet set) {
    int concatenated = set.fields().size() > 1 ? NftUapi.NFT_SET_CONCAT : 0;
    return concatenated
        | switch (set.use()) {
          case MEMBERS, LIMITS -> 0;
          case EXPIRING -> NftUapi.NFT_SET_TIMEOUT;
          case RANGES -> NftUapi.NFT_SET_INTERVAL;
          case CHAINS -> NftUapi.NFT_SET_MAP;
          case COUNTERS -> NftUapi.NFT_SET_EVAL;
        };
  }

  private static int type(ElementSet set) {
    int type = 0;
    for (var field : set.fields()) {
      type = type << TYPE_BITS | field.type;
    }
    return type;
  }

  /** Asks for a set's elements, and begins what is said of them. */
  static void writeName(MessageWriter out, Table.Family family, String table, String set) {
    TableCodec.writeHeader(out, family);
    out.attribute(NftUapi.NFTA_SET_TABLE, table);
    out.attribute(NftUapi.NFTA_SET_NAME, set);
  }

  /** All of them together or none. */
  static List<Part> changes(Table.Family family, String table, List<ElementChange> changes) {
    var parts = new ArrayList<Part>();
    for (var change : changes) {
      int message = change.add() ? NftUapi.NFT_MSG_NEWSETELEM : NftUapi.NFT_MSG_DELSETELEM;
      int flags = change.add() ? NftUapi.NLM_F_CREATE : 0;
      parts.add(TableCodec.part(message, flags, out -> write(out, family, table, change)));
    }
    return TableCodec.transaction(parts);
  }

  private static void write(
      MessageWriter out, Table.Family family, String table, ElementChange change) {
    writeName(out, family, table, change.set());
    int elements = out.beginNest(NftUapi.NFTA_SET_ELEM_LIST_ELEMENTS);
    int element = out.beginNest(NftUapi.NFTA_LIST_ELEM);
    writeOctets(out, NftUapi.NFTA_SET_ELEM_KEY, change.element().key());
    switch (change.element().content()) {
      case Content.Nothing _ -> {}
      case Content.UpTo(var last) -> writeOctets(out, NftUapi.NFTA_SET_ELEM_KEY_END, last);
      case Content.Chain(var chain) -> {
        int data = out.beginNest(NftUapi.NFTA_SET_ELEM_DATA);
        ExpressionCodec.verdict(out, NftUapi.NFT_GOTO, chain);
        out.endNest(data);
      }
      case Content.Limit limit -> {
        if (change.add()) {
          writeContent(out, NftUapi.NFTA_SET_ELEM_EXPR, limit);
        }
      }
      case Content.Counter _, Content.Foreign _ -> {
        if (change.add()) {
          throw new IllegalArgumentException("only the kernel makes " + change.element());
        }
      }
    }
    out.endNest(element);
    out.endNest(elements);
  }

  private static void writeOctets(MessageWriter out, int type, Octets value) {
    int nest = out.beginNest(type);
    out.attribute(NftUapi.NFTA_DATA_VALUE, value.toArray());
    out.endNest(nest);
  }

  private static void writeContent(MessageWriter out, int type, Content content) {
    int expression = out.beginNest(type);
    if (content instanceof Content.Limit(int perSecond, int burst)) {
      out.attribute(NftUapi.NFTA_EXPR_NAME, "limit");
      int details = out.beginNest(NftUapi.NFTA_EXPR_DATA);
      writeLong(out, NftUapi.NFTA_LIMIT_RATE, perSecond);
      writeLong(out, NftUapi.NFTA_LIMIT_UNIT, 1);
      out.attributeU32Big(NftUapi.NFTA_LIMIT_BURST, burst);
      out.attributeU32Big(NftUapi.NFTA_LIMIT_TYPE, 0);
      out.attributeU32Big(NftUapi.NFTA_LIMIT_FLAGS, NftUapi.NFT_LIMIT_F_INV);
      out.endNest(details);
    } else {
      out.attribute(NftUapi.NFTA_EXPR_NAME, "counter");
      int details = out.beginNest(NftUapi.NFTA_EXPR_DATA);
      writeLong(out, NftUapi.NFTA_COUNTER_BYTES, 0);
      writeLong(out, NftUapi.NFTA_COUNTER_PACKETS, 0);
      out.endNest(details);
    }
    out.endNest(expression);
  }

  private static void writeLong(MessageWriter out, int type, long value) {
    out.attribute(type, ByteBuffer.allocate(Long.BYTES).putLong(value).array());
  }

  // ---- reading ----------------------------------------------------------------------------

  /**
   * Empty for a set of another table; one that we could not have written has a name in brackets.
   */
  static Optional<ElementSet> read(Message message, String table) throws MalformedInput {
    var attributes = message.attributes(NftUapi.NFGENMSG);
    if (!attributes.text(NftUapi.NFTA_SET_TABLE).orElse("").equals(table)) {
      return Optional.empty();
    }
    var name = attributes.text(NftUapi.NFTA_SET_NAME).orElse("");
    var fields = fields(attributes.u32Big(NftUapi.NFTA_SET_KEY_TYPE).orElse(0));
    int size = 0;
    var description = attributes.nest(NftUapi.NFTA_SET_DESC);
    if (description.isPresent()) {
      size = description.get().u32Big(NftUapi.NFTA_SET_DESC_SIZE).orElse(0);
    }
    int flags = attributes.u32Big(NftUapi.NFTA_SET_FLAGS).orElse(0);
    int length = attributes.u32Big(NftUapi.NFTA_SET_KEY_LEN).orElse(0);
    var kept = expression(attributes.nest(NftUapi.NFTA_SET_EXPR));
    for (var use : Use.values()) {
      var set = new ElementSet(name, fields, use, size);
      if (flags(set) == flags
          && set.keyLength() == length
          && expression(use).equals(kept)
          && expiry(use) == Math.max(0, number(attributes, NftUapi.NFTA_SET_TIMEOUT))) {
        return Optional.of(set);
      }
    }
    return Optional.of(new ElementSet("(" + name + ")", fields, Use.MEMBERS, size));
  }

  private static String expression(Optional<Attributes> of) {
    return of.flatMap(expression -> expression.text(NftUapi.NFTA_EXPR_NAME)).orElse("");
  }

  /** What each element has of its own, by the kernel's name. */
  private static String expression(Use use) {
    return switch (use) {
      case MEMBERS, EXPIRING, RANGES, CHAINS -> "";
      case LIMITS -> "limit";
      case COUNTERS -> "counter";
    };
  }

  /** Milliseconds; 0: elements stay. */
  private static long expiry(Use use) {
    return use == Use.EXPIRING ? ElementSet.EXPIRY_MILLIS : 0;
  }

  private static List<Field> fields(int packed) {
    var fields = new ArrayList<Field>();
    for (int rest = packed; rest != 0; rest >>>= TYPE_BITS) {
      for (var field : Field.values()) {
        if (field.type == (rest & (1 << TYPE_BITS) - 1)) {
          fields.addFirst(field);
        }
      }
    }
    return fields;
  }

  /** The elements of one message. */
  static List<Element> readElements(Message message, ElementSet set) throws MalformedInput {
    var elements = new ArrayList<Element>();
    var attributes = message.attributes(NftUapi.NFGENMSG);
    for (var element : attributes.list(NftUapi.NFTA_SET_ELEM_LIST_ELEMENTS)) {
      var key = octets(element, NftUapi.NFTA_SET_ELEM_KEY);
      if (key.isPresent()) {
        elements.add(new Element(key.get(), readContent(element, set.use())));
      }
    }
    return elements;
  }

  private static Optional<Octets> octets(Attributes in, int type) throws MalformedInput {
    return in.nest(type).flatMap(value -> value.octets(NftUapi.NFTA_DATA_VALUE)).map(Octets::of);
  }

  private static Content readContent(Attributes element, Use use) throws MalformedInput {
    return switch (use) {
      case MEMBERS, EXPIRING -> new Content.Nothing();
      case RANGES ->
          octets(element, NftUapi.NFTA_SET_ELEM_KEY_END)
              .<Content>map(Content.UpTo::new)
              .orElse(new Content.Foreign());
      case CHAINS -> readChain(element);
      case LIMITS -> readLimit(details(element, "limit"));
      case COUNTERS -> readCounter(details(element, "counter"));
    };
  }

  private static Content readChain(Attributes element) throws MalformedInput {
    var data = element.nest(NftUapi.NFTA_SET_ELEM_DATA);
    var verdict = data.isEmpty() ? data : data.get().nest(NftUapi.NFTA_DATA_VERDICT);
    boolean leads =
        verdict.isPresent()
            && verdict.get().u32Big(NftUapi.NFTA_VERDICT_CODE).orElse(0) == NftUapi.NFT_GOTO;
    return leads
        ? verdict
            .flatMap(found -> found.text(NftUapi.NFTA_VERDICT_CHAIN))
            .<Content>map(Content.Chain::new)
            .orElse(new Content.Foreign())
        : new Content.Foreign();
  }

  private static Optional<Attributes> details(Attributes element, String name)
      throws MalformedInput {
    var expression = element.nest(NftUapi.NFTA_SET_ELEM_EXPR);
    boolean named =
        expression.isPresent()
            && expression.get().text(NftUapi.NFTA_EXPR_NAME).orElse("").equals(name);
    return named ? expression.get().nest(NftUapi.NFTA_EXPR_DATA) : Optional.empty();
  }

  private static Content readLimit(Optional<Attributes> in) throws MalformedInput {
    if (in.isEmpty()
        || number(in.get(), NftUapi.NFTA_LIMIT_UNIT) != 1
        || in.get().u32Big(NftUapi.NFTA_LIMIT_FLAGS).orElse(0) != NftUapi.NFT_LIMIT_F_INV) {
      return new Content.Foreign();
    }
    return new Content.Limit(
        (int) number(in.get(), NftUapi.NFTA_LIMIT_RATE),
        in.get().u32Big(NftUapi.NFTA_LIMIT_BURST).orElse(0));
  }

  private static Content readCounter(Optional<Attributes> in) {
    return in.<Content>map(
            counter ->
                new Content.Counter(
                    number(counter, NftUapi.NFTA_COUNTER_PACKETS),
                    number(counter, NftUapi.NFTA_COUNTER_BYTES)))
        .orElse(new Content.Foreign());
  }

  private static long number(Attributes in, int type) {
    return in.octets(type)
        .filter(octets -> octets.length == Long.BYTES)
        .map(octets -> ByteBuffer.wrap(octets).getLong())
        .orElse(-1L);
  }
}
