package io.weft.bgp.wire;

import io.weft.bgp.wire.PathAttributes.UnknownAttribute;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;

/** Writes path attributes in the order of {@link KnownAttribute}, then those only carried. */
final class AttributeWriter {
  private AttributeWriter() {}

  /**
   * Everything but the two attributes with routes; NEXT_HOP only for routes behind the attributes.
   * What the session must not see is left out.
   */
  static void writeAll(
      PathAttributes attributes, Peering peering, boolean withNextHop, OctetWriter out) {
    var value = new OctetWriter(64);
    for (var row : KnownAttribute.ROWS) {
      if (row == KnownAttribute.NEXT_HOP && withNextHop) {
        write(row.flags, row.code, new OctetWriter().bytes(attributes.nextHop().octets()), out);
      }
      value.truncate(0);
      if (row.scope.covers(peering) && row.encode.encode(attributes, peering, value)) {
        if (row == KnownAttribute.AS_PATH) {
          writeExtended(row, value, out);
        } else {
          write(row.flags, row.code, value, out);
        }
      }
    }
    for (var carried : attributes.unknown()) {
      value.truncate(0);
      write(carried.flags(), carried.type(), value.octets(carriedValue(carried, peering)), out);
    }
  }

  static void write(int flags, int type, OctetWriter value, OctetWriter out) {
    int size = value.size();
    if (size > 0xff) {
      out.u8(flags | AttributeReader.EXTENDED).u8(type).u16(size);
    } else {
      out.u8(flags & ~AttributeReader.EXTENDED).u8(type).u8(size);
    }
    out.append(value);
  }

  /** With a two-octet length however short the value, as FRR writes these attributes. */
  static void writeExtended(KnownAttribute row, OctetWriter value, OctetWriter out) {
    writeHead(row, value.size(), out);
    out.append(value);
  }

  static void writeHead(KnownAttribute row, int length, OctetWriter out) {
    out.u8(row.flags | AttributeReader.EXTENDED).u8(row.code).u16(length);
  }

  /** To an old speaker the number in AGGREGATOR takes two octets (RFC 6793 §4.2.2). */
  private static Octets carriedValue(UnknownAttribute carried, Peering peering) {
    var value = carried.value();
    if (carried.type() != KnownAttribute.AGGREGATOR.code || peering.fourOctetAs()) {
      return value;
    }
    boolean fits = value.at(0) == 0 && value.at(1) == 0;
    var hex = value.toString();
    return Octets.parse(fits ? hex.substring(4) : "5ba0" + hex.substring(8)); // AS_TRANS
  }
}
