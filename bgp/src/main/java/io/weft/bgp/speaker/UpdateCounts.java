package io.weft.bgp.speaker;

/** UPDATE messages of a neighbour and its sessions, counted since it is known. */
final class UpdateCounts {
  /** That came from it. */
  long received;

  /** That were handed over for it, End-of-RIB among them. */
  long sent;

  /** Sessions that were established. */
  long sessions;
}
