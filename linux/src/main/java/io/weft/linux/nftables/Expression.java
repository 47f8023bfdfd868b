package io.weft.linux.nftables;

import io.weft.net.Octets;

/**
 * One step of a rule. Most work on one register: the first loads something of the packet, the next
 * compares it. What is looked up in a set of several fields is loaded piece by piece into slots of
 * four octets, one behind another; the register is the first four of them. An expression that finds
 * nothing to load ends the rule.
 */
public sealed interface Expression {
  /**
   * Loads what goes along with the packet.
   *
   * @param slot where to
   */
  record Meta(MetaKey key, int slot) implements Expression {
    /** Into the register. */
    public Meta(MetaKey key) {
      this(key, 0);
    }
  }

  /** What {@link Meta} loads, by its number (enum nft_meta_keys). */
  enum MetaKey {
    /** Two octets: the Ethernet type, without VLAN tag. */
    ETHER_TYPE(1),
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

  /**
   * Loads octets of the packet. With connection tracking a fragment never comes here alone; without
   * it, as in a bridge, the first has of {@link Base#TRANSPORT} what is in it, and others nothing.
   *
   * @param slot where to; what is left of the last slot is zeros
   */
  record Payload(Base base, int offset, int length, int slot) implements Expression {
    /** Into the register. */
    public Payload(Base base, int offset, int length) {
      this(base, offset, length, 0);
    }
  }

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

  /** The way goes on in another chain of the table, and does not come back. */
  record Goto(String chain) implements Expression {}

  /** The way goes on in another chain, and comes back where that decides nothing. */
  record Jump(String chain) implements Expression {}

  /**
   * The rule goes on when what is loaded is in the set, or with {@code not} when it is not. What
   * the element has of its own is asked too: a {@link ElementSet.Content.Limit} that is kept ends
   * the rule.
   */
  record Lookup(String set, boolean not) implements Expression {}

  /**
   * The way goes on in the chain that the set has for what is loaded; without one the rule ends.
   */
  record GotoIn(String set) implements Expression {}

  /** Counts the packet in the element for what is loaded, which is made when there is none. */
  record CountIn(String set) implements Expression {}

  /** Loads octets that are given here. */
  record Load(Octets octets, int slot) implements Expression {
    /** Into the register. */
    public Load(Octets octets) {
      this(octets, 0);
    }
  }

  /**
   * The connection gets the address that is loaded as its source.
   *
   * @param ports and one of the ports from what is in {@link #FIRST_PORT} to what is in {@link
   *     #LAST_PORT}, its own where that is one and free; of ICMP that is the identifier
   */
  record TranslateSource(boolean ipv4, boolean ports) implements Expression {
    /** With any port. */
    public TranslateSource(boolean ipv4) {
      this(ipv4, false);
    }
  }

  /**
   * The connection gets the address of the link that it leaves by as its source.
   *
   * @param ports as of {@link TranslateSource}
   */
  record Masquerade(boolean ports) implements Expression {
    /** With any port. */
    public Masquerade() {
      this(false);
    }
  }

  /** The slot of the lowest port of a translation: behind an address. */
  int FIRST_PORT = 4;

  /** The slot of the highest. */
  int LAST_PORT = 8;

  /** The frame leaves by the link whose index is loaded, 4 octets in the machine's order. */
  record Forward() implements Expression {}

  /** The packet belongs to no connection, and costs no memory. */
  record NoTracking() implements Expression {}

  /** One that this build does not write: seen in what somebody else wrote. */
  record Foreign(String name) implements Expression {}
}
