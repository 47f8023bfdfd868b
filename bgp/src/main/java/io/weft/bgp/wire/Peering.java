package io.weft.bgp.wire;

import io.weft.bgp.wire.Message.Open;

/**
 * What the two OPENs of a connection settle about the layout of later messages.
 *
 * @param fourOctetAs both speakers have the capability: AS numbers take four octets (RFC 6793 §4.1)
 * @param internal both are in one AS: iBGP
 */
record Peering(boolean fourOctetAs, boolean internal) {
  /** Before both OPENs have passed; no UPDATE is lawful then (RFC 4271 §8.2.2). */
  static final Peering ASSUMED = new Peering(true, true);

  static Peering between(Open ours, Open theirs) {
    return new Peering(
        hasFourOctetAs(ours) && hasFourOctetAs(theirs), ours.as().equals(theirs.as()));
  }

  private static boolean hasFourOctetAs(Open open) {
    return open.capabilities().stream().anyMatch(c -> c instanceof Capability.FourOctetAs);
  }
}
