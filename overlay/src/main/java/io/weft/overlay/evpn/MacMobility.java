package io.weft.overlay.evpn;

import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.evpn.DuplicateDetection.Subject;
import io.weft.overlay.evpn.RemoteRoutes.RemoteMac;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/**
 * The MACs that this node claims in one network, against what other nodes say of them (RFC 7432
 * §15): who has each, and with which sequence number this node says so. A number is remembered as
 * long as the MAC is attached here, so that a MAC that comes back is said with a higher one than
 * anybody has seen. Pure: the time is asked of the caller.
 */
public final class MacMobility {
  /** RFC 7432 §7.7: 32 bits; nothing is said of wrapping, so the highest number stays. */
  public static final long LAST_SEQUENCE = 0xffff_ffffL;

  private static final class Claim {
    final String endpoint;
    final boolean sticky;
    long sequence;
    long highestSeen;
    boolean here = true;
    Optional<RemoteMac> rival = Optional.empty();
    String conflict = "";

    Claim(String endpoint, boolean sticky) {
      this.endpoint = endpoint;
      this.sticky = sticky;
    }
  }

  private final String network;
  private final DuplicateDetection duplicates;
  private final LongSupplier now;
  private final Consumer<String> report;
  private final TreeMap<MacAddress, Claim> claims = new TreeMap<>();

  /**
   * For one network.
   *
   * @param duplicates of all networks of the node
   * @param now nanoseconds of a monotonic clock
   * @param report takes what a person should know
   */
  public MacMobility(
      String network, DuplicateDetection duplicates, LongSupplier now, Consumer<String> report) {
    this.network = network;
    this.duplicates = duplicates;
    this.now = now;
    this.report = report;
  }

  /**
   * The MAC is attached here. When another node has it, this is a move, said with the next number.
   *
   * @param remote who has it among other nodes
   */
  public void claim(String endpoint, MacAddress mac, boolean sticky, Optional<RemoteMac> remote) {
    var claim = new Claim(endpoint, sticky);
    claims.put(mac, claim);
    claim.rival = remote;
    if (remote.isEmpty() || remote.get().gateway()) {
      return;
    }
    claim.highestSeen = remote.get().sequence();
    claim.sequence = next(mac, claim);
    // RFC 7432 §15.1: no more is said of a duplicate, so this place is not announced.
    claim.here = !moves(mac, claim, remote.get());
  }

  /** The MAC is not attached here any more. */
  public void release(MacAddress mac) {
    if (claims.remove(mac) != null) {
      duplicates.ownerGone(new Subject(network, mac));
    }
  }

  /**
   * What other nodes say of the MAC has changed.
   *
   * @param self this node's VTEP of the family by which it is said
   */
  public void heard(MacAddress mac, Optional<RemoteMac> remote, IpAddress self) {
    var claim = claims.get(mac);
    if (claim == null || claim.rival.equals(remote)) {
      return;
    }
    boolean beside = claim.rival.flatMap(r -> remote.filter(r::isSaidBeside)).isPresent();
    claim.rival = remote;
    if (beside && !self.isIpv4()) {
      return; // the node has lost a VTEP: that is no move
    }
    var subject = new Subject(network, mac);
    if (remote.isEmpty()) {
      claim.conflict = "";
      if (duplicates.ownerGone(subject)) {
        report.accept("MAC address " + mac + " is only here now; it is no duplicate any more");
      }
      takeBack(mac, claim);
    } else if (!duplicates.isDuplicate(subject)) {
      // What both say by IPv4 decides, whichever came first.
      compare(mac, claim, remote.get(), self, !beside);
    }
  }

  /** The time of a duplicate is over: what was not looked at meanwhile is looked at now. */
  public void recover(MacAddress mac, IpAddress self) {
    var claim = claims.get(mac);
    if (claim == null) {
      return;
    }
    report.accept("MAC address " + mac + " was frozen as a duplicate; it gets another chance");
    claim.rival.ifPresentOrElse(
        remote -> compare(mac, claim, remote, self, false), () -> takeBack(mac, claim));
  }

  /**
   * The MAC spoke here. Where another node had it this is a move back, unless it is frozen, or
   * sticky there; true when it is.
   */
  public boolean heardHere(MacAddress mac) {
    var claim = claims.get(mac);
    if (claim == null || claim.here || isFrozen(mac)) {
      return false;
    }
    var there = claim.rival;
    if (there.filter(RemoteMac::sticky).isPresent()) {
      return false;
    }
    takeBack(mac, claim);
    claim.here = there.isEmpty() || !moves(mac, claim, there.get());
    return claim.here;
  }

  /** The MAC is said with a higher number than this, from now on. */
  public void raise(MacAddress mac, long above) {
    var claim = claims.get(mac);
    if (claim != null && claim.sequence <= above) {
      claim.highestSeen = Math.max(claim.highestSeen, above);
      claim.sequence = next(mac, claim);
    }
  }

  private void compare(
      MacAddress mac, Claim claim, RemoteMac remote, IpAddress self, boolean counted) {
    if (remote.gateway()) {
      // RFC 7432 §10.1: a default gateway is at many places by design; that is no move.
      conflict(mac, claim, remote, "is also that of a default gateway; the endpoint stays here");
      return;
    }
    claim.highestSeen = Math.max(claim.highestSeen, remote.sequence());
    if (claim.sticky) {
      // RFC 7432 §15.2: a sticky MAC never moves.
      if (remote.sticky() || remote.sequence() > claim.sequence) {
        conflict(mac, claim, remote, "is sticky here and never moves; it stays here");
      }
      return;
    }
    if (!beats(remote, claim.sequence, self)) {
      takeBack(mac, claim);
    } else if (claim.here) {
      if (remote.sticky()) {
        conflict(mac, claim, remote, "is sticky there; it is announced here no more");
      }
      claim.here = counted && moves(mac, claim, remote);
    }
  }

  /** RFC 7432 §15: sticky first, then the higher number, then the lower VTEP address. */
  public static boolean beats(RemoteMac remote, long sequence, IpAddress self) {
    return remote.sticky()
        || remote.sequence() > sequence
        || (remote.sequence() == sequence && remote.vtep().compareTo(self) < 0);
  }

  private void takeBack(MacAddress mac, Claim claim) {
    if (!claim.here) {
      claim.here = true;
      claim.sequence = next(mac, claim);
    }
  }

  private long next(MacAddress mac, Claim claim) {
    long known = Math.max(claim.highestSeen, claim.sequence);
    if (known >= LAST_SEQUENCE) {
      report.accept(
          "MAC address "
              + mac
              + " of endpoint '"
              + claim.endpoint
              + "' has the last mobility sequence number, "
              + LAST_SEQUENCE
              + "; its moves cannot be told any more until it is detached everywhere");
      return LAST_SEQUENCE;
    }
    return known + 1;
  }

  /** Counts a move; true when the MAC is frozen from now on. */
  private boolean moves(MacAddress mac, Claim claim, RemoteMac remote) {
    var subject = new Subject(network, mac);
    if (!duplicates.moved(now.getAsLong(), subject)) {
      return false;
    }
    for (var duplicate : duplicates.duplicates()) {
      if (duplicate.subject().equals(subject)) {
        report.accept(
            "MAC address %s is a duplicate: endpoint '%s' here and VTEP %s have it, %d moves in %d s; it is frozen for %d s or until one of them withdraws"
                .formatted(
                    mac,
                    claim.endpoint,
                    remote.vtep(),
                    duplicate.moves(),
                    seconds(duplicate.sinceNanos() - duplicate.firstMoveNanos()),
                    seconds(duplicate.recoverAtNanos() - duplicate.sinceNanos())));
      }
    }
    return true;
  }

  private static long seconds(long nanos) {
    return nanos / 1_000_000_000L;
  }

  /** Says it once for each rival. */
  private void conflict(MacAddress mac, Claim claim, RemoteMac remote, String why) {
    var text =
        "MAC address %s of endpoint '%s' here is also behind VTEP %s: it %s"
            .formatted(mac, claim.endpoint, remote.vtep(), why);
    if (!text.equals(claim.conflict)) {
      claim.conflict = text;
      report.accept(text);
    }
  }

  /** True while it is a duplicate of which no more is said (RFC 7432 §15.1). */
  public boolean isFrozen(MacAddress mac) {
    return duplicates.isDuplicate(new Subject(network, mac));
  }

  /** Counts that an address went from one MAC to another; true when it is frozen from now on. */
  public boolean moved(IpAddress ip) {
    return duplicates.moved(now.getAsLong(), new Subject(network, ip));
  }

  /** True while it is a duplicate, which no MAC of this node takes. */
  public boolean isFrozen(IpAddress ip) {
    return duplicates.isDuplicate(new Subject(network, ip));
  }

  /** Nobody else has the address: it is no duplicate any more. */
  public void ownerGone(IpAddress ip) {
    duplicates.ownerGone(new Subject(network, ip));
  }

  /** True when this node announces the MAC. */
  public boolean isHere(MacAddress mac) {
    var claim = claims.get(mac);
    return claim != null && claim.here;
  }

  /** The number that all routes of the MAC carry, with and without address. */
  public long sequence(MacAddress mac) {
    var claim = claims.get(mac);
    return claim == null ? 0 : claim.sequence;
  }

  /** The community of the MAC's routes; none for one that never moved (RFC 7432 §15). */
  public Optional<ExtendedCommunity> community(MacAddress mac) {
    var claim = claims.get(mac);
    return claim == null || (claim.sequence == 0 && !claim.sticky)
        ? Optional.empty()
        : Optional.of(ExtendedCommunity.macMobility(claim.sticky, claim.sequence));
  }

  /** Who else has the MAC. */
  public Optional<RemoteMac> rival(MacAddress mac) {
    var claim = claims.get(mac);
    return claim == null ? Optional.empty() : claim.rival;
  }
}
