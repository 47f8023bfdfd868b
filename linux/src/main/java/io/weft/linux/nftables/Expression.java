package io.weft.linux.nftables;

import io.weft.net.Octets;

/**
 * One step of a rule. All work on one register: the first loads something of the packet, the next
 * compares it. An expression that finds nothing to load ends the rule.
 */
public sealed interface Expression {
  /** Loads what goes along with the packet. */
  record Meta(MetaKey key) implements Expression {}

  /** What {@link Meta} loads, by its number (enum nft_meta_keys). */
  enum MetaKey {
    /** Name of the link that the packet came in by, 16 octets, padded with zeros. */
    INPUT_NAME(6),
    /** Name of the link that it leaves by. */
    OUTPUT_NAME(7),
    /** One octet: 2 IPv4, 10 IPv6. */
    FAMILY(15),
    /** One octet: 6 TCP, 17 UDP. */
    PROTOCOL(16);

    final int number;

    MetaKey(int number) {
      this.number = number;
    }
  }

  /** Loads octets of the packet; with connection tracking a fragment never comes here alone. */
  record Payload(Base base, int offset, int length) implements Expression {}

  /** From where {@link Payload} counts, by its number (enum nft_payload_bases). */
  enum Base {
    LINK(0),
    NETWORK(1),
    TRANSPORT(2);

    final int number;

    Base(int number) {
      this.number = number;
    }
  }

  /** Loads the state of the packet's connection as one bit: 4 octets in the machine's order. */
  record ConnectionState() implements Expression {}

  /** Loads what befell the packet's connection, bit by bit: 4 octets in the machine's order. */
  record ConnectionStatus() implements Expression {}

  /** Loads the name of the link that the packet's destination is routed to; zeros: to none. */
  record RouteName() implements Expression {}

  /**
   * Loads the name of the link that the packet came in by where its destination is routed out of
   * the same; zeros: it is not.
   */
  record RouteBack() implements Expression {}

  /** Keeps only the bits of the mask. */
  record Mask(Octets mask) implements Expression {}

  /** The rule goes on when the first octets are these, or with {@code not} when they are not. */
  record Compare(boolean not, Octets octets) implements Expression {}

  /** The end of the way through this chain: the packet goes on, or is gone. */
  record Verdict(boolean accept) implements Expression {}

  /** Loads octets that are given here. */
  record Load(Octets octets) implements Expression {}

  /** The connection gets the address that is loaded as its source. */
  record TranslateSource(boolean ipv4) implements Expression {}

  /** The connection gets the address of the link that it leaves by as its source. */
  record Masquerade() implements Expression {}

  /** The frame leaves by the link whose index is loaded, 4 octets in the machine's order. */
  record Forward() implements Expression {}

  /** The packet belongs to no connection, and costs no memory. */
  record NoTracking() implements Expression {}

  /** One that this build does not write: seen in what somebody else wrote. */
  record Foreign(String name) implements Expression {}
}
