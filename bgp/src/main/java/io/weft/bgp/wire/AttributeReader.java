package io.weft.bgp.wire;

import io.weft.bgp.wire.KnownAttribute.OnFault;
import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import java.util.BitSet;
import java.util.List;
import java.util.stream.IntStream;

/**
 * The path attributes of one UPDATE: {@code { 1 flags | 1 type | 1 or 2 length | value }*} (RFC
 * 4271 §4.3). Reads each with its row of {@link KnownAttribute} and does what RFC 7606 asks.
 */
final class AttributeReader {
  static final int OPTIONAL = 0x80;
  static final int TRANSITIVE = 0x40;
  static final int PARTIAL = 0x20;
  static final int EXTENDED = 0x10;
  private static final int CATEGORY = OPTIONAL | TRANSITIVE;

  /** Names of fields, made once: every UPDATE has some. */
  private static final List<String> NAMES =
      IntStream.range(0, 256).mapToObj(type -> "attribute " + type).toList();

  private static final List<String> LENGTH_NAMES =
      NAMES.stream().map(name -> name + " length").toList();

  private final Peering peering;
  private final UpdateDraft draft;
  private final BitSet seen = new BitSet(256);

  private AttributeReader(Peering peering, UpdateDraft draft) {
    this.peering = peering;
    this.draft = draft;
  }

  /** One attribute as framed. */
  private record Raw(int flags, int type, OctetReader in) {
    static Raw read(OctetReader in) throws MalformedInput {
      int flags = in.u8("attribute flags");
      int type = in.u8("attribute type");
      var name = NAMES.get(type);
      var lengthName = LENGTH_NAMES.get(type);
      int length = (flags & EXTENDED) != 0 ? in.u16(lengthName) : in.u8(lengthName);
      return new Raw(flags, type, in.sub(name, length));
    }

    Octets value() {
      return in.all();
    }

    /** The attribute whole, as NOTIFICATION data (RFC 4271 §6.3). */
    Octets whole() {
      var out = new OctetWriter().u8(flags | EXTENDED).u8(type).u16(value().length());
      return Octets.of(out.octets(value()).toArray());
    }
  }

  /** Reads all into {@code draft} and returns how many different ones there were. */
  static int readAll(OctetReader in, Peering peering, UpdateDraft draft) throws SessionReset {
    var reader = new AttributeReader(peering, draft);
    while (!in.isEmpty()) {
      Raw raw;
      try {
        raw = Raw.read(in);
      } catch (MalformedInput e) {
        reader.cutShort(e);
        break;
      }
      reader.accept(raw);
    }
    return reader.seen.cardinality();
  }

  /** RFC 7606 §4: the total length is trusted, so routes read before can still be withdrawn. */
  private void cutShort(MalformedInput e) throws SessionReset {
    if (!seen.get(KnownAttribute.MP_REACH_NLRI.code) && draft.outerAnnounced.isEmpty()) {
      throw new SessionReset(3, 1, "UPDATE: " + e.getMessage() + ", routes not seen yet");
    }
    draft.withdrawFor("UPDATE: " + e.getMessage() + " (RFC 7606 §4)");
  }

  private void accept(Raw raw) throws SessionReset {
    var known = KnownAttribute.of(raw.type);
    boolean repeated = seen.get(raw.type);
    seen.set(raw.type);
    if (known.isEmpty() && !repeated) {
      acceptUnknown(raw);
    } else if (known.isPresent() && !repeated) {
      acceptKnown(known.get(), raw);
    } else {
      repeat(raw);
    }
  }

  /** RFC 7606 §3 g. */
  private void repeat(Raw raw) throws SessionReset {
    if (raw.type == KnownAttribute.MP_REACH_NLRI.code
        || raw.type == KnownAttribute.MP_UNREACH_NLRI.code) {
      throw new SessionReset(3, 1, name(raw) + ": twice in one UPDATE (RFC 7606 §3 g)");
    }
    draft.faults.add(name(raw) + ": repeated: the first counts (RFC 7606 §3 g)");
  }

  /**
   * RFC 4271 §5: pass on what is transitive, marked as not understood on the way; ignore the rest.
   */
  private void acceptUnknown(Raw raw) {
    if ((raw.flags & OPTIONAL) == 0) {
      draft.withdrawFor(name(raw) + ": well-known, yet unknown (RFC 4271 §6.3, RFC 7606 §2)");
    } else if ((raw.flags & TRANSITIVE) != 0) {
      draft.unknown.add(new UnknownAttribute(CATEGORY | PARTIAL, raw.type, raw.value()));
    }
  }

  private void acceptKnown(KnownAttribute row, Raw raw) throws SessionReset {
    if (!row.scope.covers(peering)) {
      draft.faults.add(row + ": has no meaning on this session: discarded (" + row.rule + ")");
      return;
    }
    boolean flagsFit = (raw.flags & CATEGORY) == row.flags;
    if (!flagsFit) {
      var line = row + ": flags " + Integer.toHexString(raw.flags) + " (RFC 7606 §3 c)";
      if (row == KnownAttribute.NEXT_HOP) { // counts only if routes need it (RFC 4760 §3)
        draft.faults.add(line + ": discarded");
      } else {
        draft.withdrawFor(line);
      }
    }
    if (flagsFit || row.onFault == OnFault.RESET) { // routes are needed even to withdraw them
      decodeValue(row, raw);
    }
  }

  private void decodeValue(KnownAttribute row, Raw raw) throws SessionReset {
    try {
      row.decode.decode(raw.in, peering, draft);
      raw.in.expectEmpty("value");
      if (row.isCarried()) {
        draft.unknown.add(
            new UnknownAttribute(raw.flags & ~EXTENDED, raw.type, carriedValue(row, raw)));
      }
    } catch (MalformedInput e) {
      if (row.onFault == OnFault.RESET) {
        var reason = row + ": " + e.getMessage() + " (" + row.rule + ")";
        throw new SessionReset(3, 9, raw.whole(), reason);
      }
      fault(row, raw, String.valueOf(e.getMessage()), row.rule);
    }
  }

  private Octets carriedValue(KnownAttribute row, Raw raw) {
    return row == KnownAttribute.AGGREGATOR && !peering.fourOctetAs()
        ? Octets.parse("0000" + raw.value())
        : raw.value();
  }

  private void fault(KnownAttribute row, Raw raw, String what, String rule) {
    var line = row + ": " + what + " in " + excerpt(raw.value()) + " (" + rule + ")";
    if (row.onFault == OnFault.DISCARD) {
      draft.faults.add(line + ": discarded");
    } else {
      draft.withdrawFor(line);
    }
  }

  private static String excerpt(Octets value) {
    var hex = value.toString();
    return hex.isEmpty() ? "nothing" : hex.length() <= 64 ? hex : hex.substring(0, 64) + "...";
  }

  private static String name(Raw raw) {
    return KnownAttribute.of(raw.type).map(Enum::name).orElse("attribute " + raw.type);
  }
}
