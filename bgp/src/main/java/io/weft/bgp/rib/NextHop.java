package io.weft.bgp.rib;

/** Which next hop a peer hears with unicast routes; that of EVPN is the VTEP and always stays. */
public enum NextHop {
  /** Ours towards external peers, unchanged within the AS (RFC 4271 §5.1.3). */
  AUTOMATIC,
  /** Always ours. */
  SELF,
  /** As it came, towards external peers too. */
  UNCHANGED
}
