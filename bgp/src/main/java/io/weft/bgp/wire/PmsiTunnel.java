package io.weft.bgp.wire;

import io.weft.net.IpAddress;
import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import io.weft.net.SecretHash;

/**
 * PMSI tunnel attribute (RFC 6514 §5).
 *
 * <pre>{@code 1 flags | 1 tunnel type | 3 label: the VNI, not shifted | tunnel identifier}</pre>
 *
 * @param flags 0..255, kept as they came; which copies the sender can do without: {@link
 *     #NO_BROADCAST}, {@link #NO_UNKNOWN} (pruned flood lists, RFC 9574 §4)
 * @param type tunnel type; 6 is ingress replication
 * @param label 24 bits: the VNI (RFC 8365 §5.1.3)
 * @param identifier for ingress replication the VTEP address, 4 or 16 octets
 */
public record PmsiTunnel(int flags, int type, int label, Octets identifier) {
  public static final int INGRESS_REPLICATION = 6;

  /** Bit 5, BM: neither broadcast nor multicast. */
  public static final int NO_BROADCAST = 0x04;

  /** Bit 6, U: no frames to MACs that the sender of the copy does not know. */
  public static final int NO_UNKNOWN = 0x02;

  /** Tunnel types that IANA has not assigned; the bit above them tells a composite tunnel. */
  private static final int FIRST_UNDEFINED = 0x0e;

  private static final int LAST_UNDEFINED = 0x7a;

  /** One that wants all copies. */
  public static PmsiTunnel ingressReplication(int label, IpAddress vtep) {
    return ingressReplication(0, label, vtep);
  }

  public static PmsiTunnel ingressReplication(int flags, int label, IpAddress vtep) {
    return new PmsiTunnel(flags, INGRESS_REPLICATION, label, Octets.of(vtep.octets()));
  }

  public boolean wantsBroadcast() {
    return (flags & NO_BROADCAST) == 0;
  }

  public boolean wantsUnknown() {
    return (flags & NO_UNKNOWN) == 0;
  }

  /**
   * Reads until the end. An undefined tunnel type is malformed (RFC 6514 §5). Of defined types that
   * are not used here the identifier is not looked into.
   */
  static PmsiTunnel decode(OctetReader in) throws MalformedInput {
    int flags = in.u8("flags");
    int type = in.u8("tunnel type");
    int assigned = type & 0x7f;
    if (assigned >= FIRST_UNDEFINED && assigned <= LAST_UNDEFINED) {
      throw new MalformedInput("tunnel type: " + type + " is not defined");
    }
    int label = in.u24("label");
    int length = in.remaining();
    if (type == INGRESS_REPLICATION && length != 4 && length != 16) {
      throw new MalformedInput("tunnel identifier: " + length + " octets, neither 4 nor 16");
    }
    return new PmsiTunnel(flags, type, label, in.octets("tunnel identifier", length));
  }

  OctetWriter encode(OctetWriter out) {
    return out.u8(flags).u8(type).u24(label).octets(identifier);
  }

  /** {@link SecretHash}: peers choose it. */
  @Override
  public int hashCode() {
    return SecretHash.of(31 * flags + type, label) * 31 + identifier.hashCode();
  }
}
