package io.weft.bgp.wire;

import io.weft.net.IpAddress;
import io.weft.net.Octets;

/**
 * PMSI tunnel attribute (RFC 6514 §5).
 *
 * @param flags 0..255, kept as they came
 * @param type tunnel type; 6 is ingress replication
 * @param label 24 bits: the VNI (RFC 8365 §5.1.3)
 * @param identifier for ingress replication the VTEP address, 4 or 16 octets
 */
public record PmsiTunnel(int flags, int type, int label, Octets identifier) {
  public static final int INGRESS_REPLICATION = 6;

  public static PmsiTunnel ingressReplication(int label, IpAddress vtep) {
    return new PmsiTunnel(0, INGRESS_REPLICATION, label, Octets.of(vtep.octets()));
  }
}
