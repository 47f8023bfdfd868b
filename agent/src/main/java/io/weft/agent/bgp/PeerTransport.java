package io.weft.agent.bgp;

import io.weft.linux.socket.TcpOptions;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.nio.channels.SocketChannel;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What TCP connections with a peer, or with each peer of a range, must have.
 *
 * @param peers one peer is a prefix of 32 or 128 bits
 * @param password TCP-MD5 (RFC 2385), demanded of both sides
 * @param ttlSecurityHops GTSM (RFC 5082): leave with TTL 255, take only from so many hops; 1..254
 * @param multihopTtl the TTL of what leaves, 1..255: 1 for a single-hop external peer; without it
 *     the system's; not together with GTSM
 * @param localAddress where our connections leave from; otherwise the listening address
 * @param fromLink without a local address our connections leave from that of the link to the peer,
 *     not from the listening address, to which the peer may have no route yet
 * @param port of the peer, otherwise ours
 * @param barred why there must be no connection now, such as a password that cannot be read
 */
public record PeerTransport(
    IpPrefix peers,
    Optional<Secret> password,
    OptionalInt ttlSecurityHops,
    OptionalInt multihopTtl,
    Optional<IpAddress> localAddress,
    boolean fromLink,
    OptionalInt port,
    Optional<String> barred) {
  public PeerTransport {
    if (ttlSecurityHops.isPresent() && multihopTtl.isPresent()) {
      throw new IllegalArgumentException(
          peers + ": TTL security and a multihop TTL exclude each other; give one of them");
    }
    if (ttlSecurityHops.isPresent()
        && (ttlSecurityHops.getAsInt() < 1 || ttlSecurityHops.getAsInt() > 254)) {
      throw new IllegalArgumentException(
          peers + ": " + ttlSecurityHops.getAsInt() + " hops of TTL security are out of 1..254");
    }
  }

  /** Nothing but TCP. */
  public static PeerTransport plain(IpPrefix peers) {
    return new PeerTransport(
        peers,
        Optional.empty(),
        OptionalInt.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        false,
        OptionalInt.empty(),
        Optional.empty());
  }

  /** The same, with TCP-MD5. */
  public PeerTransport withPassword(Secret secret) {
    return new PeerTransport(
        peers,
        Optional.of(secret),
        ttlSecurityHops,
        multihopTtl,
        localAddress,
        fromLink,
        port,
        barred);
  }

  /** The same, with GTSM. */
  public PeerTransport withTtlSecurity(int hops) {
    return new PeerTransport(
        peers,
        password,
        OptionalInt.of(hops),
        OptionalInt.empty(),
        localAddress,
        fromLink,
        port,
        barred);
  }

  /** The same, with another TTL than the system's. */
  public PeerTransport withMultihop(int ttl) {
    return new PeerTransport(
        peers,
        password,
        OptionalInt.empty(),
        OptionalInt.of(ttl),
        localAddress,
        fromLink,
        port,
        barred);
  }

  /** The same, from the address of the link. */
  public PeerTransport withLinkAddress() {
    return new PeerTransport(
        peers, password, ttlSecurityHops, multihopTtl, localAddress, true, port, barred);
  }

  /** The same, without any connection. */
  public PeerTransport withBarred(String reason) {
    return new PeerTransport(
        peers,
        password,
        ttlSecurityHops,
        multihopTtl,
        localAddress,
        fromLink,
        port,
        Optional.of(reason));
  }

  /** True for one neighbour that is one hop away and is spoken with from our end of the link. */
  public boolean isOnLink() {
    return peers.length() == peers.address().bits()
        && localAddress.isEmpty()
        && (fromLink || peers.address().isLinkLocal());
  }

  /** The neighbours among these that are {@link #isOnLink on a link}. */
  public static List<IpAddress> onLinks(List<PeerTransport> transports) {
    return transports.stream()
        .filter(PeerTransport::isOnLink)
        .map(each -> each.peers().address())
        .toList();
  }

  /** Segments of the connection carry a digest where there is a password. */
  static void protect(SocketChannel channel, IpAddress peer, PeerTransport wanted) {
    wanted
        .password()
        .ifPresent(
            secret -> TcpOptions.md5(channel, new IpPrefix(peer, peer.bits()), secret.reveal()));
  }

  /** RFC 5082 §3: the least TTL that arrives over so many hops; 0 without TTL security. */
  int minimumTtl() {
    return ttlSecurityHops.isPresent() ? 256 - ttlSecurityHops.getAsInt() : 0;
  }

  /** The TTL of what leaves; empty: the system's. */
  OptionalInt ttl() {
    return ttlSecurityHops.isPresent() ? OptionalInt.of(255) : multihopTtl;
  }

  /** Why a connection that was made by this cannot go on by {@code next}; empty: it can. */
  Optional<String> changeTo(PeerTransport next) {
    if (next.barred.isPresent()) {
      return next.barred;
    }
    if (!password.equals(next.password)) {
      return Optional.of("the password has changed");
    }
    if (minimumTtl() != next.minimumTtl() || !ttl().equals(next.ttl())) {
      return Optional.of("the TTL or its security has changed");
    }
    return localAddress.equals(next.localAddress)
            && fromLink == next.fromLink
            && port.equals(next.port)
        ? Optional.empty()
        : Optional.of("our address or the peer's port has changed");
  }
}
