package io.weft.overlay.cluster;

import io.weft.net.Vni;
import io.weft.net.VniRange;
import io.weft.overlay.cluster.VniCall.AdoptClaim;
import io.weft.overlay.cluster.VniCall.MakeClaim;
import io.weft.overlay.cluster.VniCall.Release;
import io.weft.overlay.cluster.VniCall.RemoveClaim;
import io.weft.overlay.cluster.VniCall.SetStatus;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Gives out VNIs: to each owner one, kept for as long as the owner is there, never one to two.
 * Pure, and without memory: it compares what is with what should be and says which calls are next,
 * so a controller may crash between any two calls, and two may run at once.
 *
 * <p>The order makes it safe. A VNI is claimed before it is written into a status, and written only
 * while the claim is the owner's; a claim is released only when its owner has gone or has another
 * VNI in its status, and removed only after {@link #KEPT_SECONDS}: routes of the old network have
 * left all nodes by then. What a controller sees may be old, by less than that. An owner that is
 * made again under its name in that time gets its VNI back.
 */
public final class VniAllocator {
  /** How long a VNI is kept from others after its owner had gone. */
  public static final long KEPT_SECONDS = 600;

  private final TreeMap<String, VniOwner> owners = new TreeMap<>();
  private final TreeMap<Vni, VniClaim> claims = new TreeMap<>();

  /** The claims of each owner, by its name, in their order. */
  private final TreeMap<String, List<VniClaim>> claimsOf = new TreeMap<>();

  private final List<VniCall> calls = new ArrayList<>();
  private final List<Refused> refused = new ArrayList<>();

  /** VNIs that are somebody's or are meant to be: claimed, given, or about to be claimed. */
  private final TreeSet<Vni> taken = new TreeSet<>();

  /** VNIs that nodes may use. */
  private final TreeSet<Vni> inStatus = new TreeSet<>();

  /** Pools of which all is taken: nothing becomes free while it is decided. */
  private final ArrayList<VniRange> full = new ArrayList<>();

  private final long now;

  /**
   * An owner that cannot have a VNI.
   *
   * @param reason for its status
   */
  public record Refused(VniOwner owner, Obstacle obstacle, String reason) {}

  /** What is in the way. */
  public enum Obstacle {
    /** The VNI that its spec gives is another's. */
    IN_USE,
    /** All VNIs of the pool are taken. */
    POOL_EXHAUSTED
  }

  /**
   * What to do.
   *
   * @param calls to make now, in any order
   * @param refused who gets none, and why
   */
  public record Decision(List<VniCall> calls, List<Refused> refused) {
    public Decision {
      calls = List.copyOf(calls);
      refused = List.copyOf(refused);
    }
  }

  private VniAllocator(Collection<VniOwner> owners, Collection<VniClaim> claims, long now) {
    owners.forEach(owner -> this.owners.put(owner.name(), owner));
    claims.forEach(claim -> this.claims.put(claim.vni(), claim));
    this.claims
        .values()
        .forEach(
            claim -> claimsOf.computeIfAbsent(claim.owner(), _ -> new ArrayList<>()).add(claim));
    this.now = now;
    taken.addAll(this.claims.keySet());
    owners.forEach(owner -> owner.given().ifPresent(taken::add));
    owners.forEach(owner -> owner.status().ifPresent(inStatus::add));
  }

  /**
   * Decides on what is seen. It may be old: then the calls are refused, and do no harm.
   *
   * @param nowSeconds since 1970
   */
  public static Decision decide(
      Collection<VniOwner> owners, Collection<VniClaim> claims, long nowSeconds) {
    var allocator = new VniAllocator(owners, claims, nowSeconds);
    allocator.owners.values().forEach(allocator::serve);
    allocator.claims.values().forEach(allocator::tidy);
    return new Decision(allocator.calls, allocator.refused);
  }

  private void serve(VniOwner owner) {
    var wanted = owner.given().or(() -> held(owner)).or(() -> free(owner));
    if (wanted.isEmpty()) {
      refused.add(
          new Refused(
              owner,
              Obstacle.POOL_EXHAUSTED,
              "the pool " + owner.pool() + " has no free VNI; enlarge vniPools of the Fabric"));
      return;
    }
    var vni = wanted.get();
    var claim = Optional.ofNullable(claims.get(vni));
    if (claim.isEmpty()) {
      taken.add(vni);
      calls.add(new MakeClaim(vni, owner));
    } else if (claim.get().isOf(owner) && claim.get().released().isEmpty()) {
      if (!owner.status().equals(wanted)) {
        calls.add(new SetStatus(owner, vni));
      }
    } else if (claim.get().owner().equals(owner.name())) {
      calls.add(new AdoptClaim(claim.get(), owner));
    } else {
      refused.add(new Refused(owner, Obstacle.IN_USE, inUse(claim.get())));
    }
  }

  private static String inUse(VniClaim claim) {
    return "VNI "
        + claim.vni()
        + (claim.released().isPresent()
            ? " was that of "
                + claim.owner()
                + " and is kept from others for "
                + KEPT_SECONDS
                + " s after it"
            : " is that of " + claim.owner())
        + "; give another";
  }

  /** One that it has already: that of its status, else the lowest claim of its name. */
  private Optional<Vni> held(VniOwner owner) {
    return owner
        .status()
        .filter(vni -> isOpen(vni, owner))
        .or(
            () ->
                claimsOf.getOrDefault(owner.name(), List.of()).stream()
                    .map(VniClaim::vni)
                    .filter(vni -> isOpen(vni, owner))
                    .findFirst());
  }

  /** Nobody else's, by claim or by spec. */
  private boolean isOpen(Vni vni, VniOwner owner) {
    var claim = claims.get(vni);
    return claim == null ? !taken.contains(vni) : claim.owner().equals(owner.name());
  }

  /** The preferred one, or the next free one after it in the pool, from its start at its end. */
  private Optional<Vni> free(VniOwner owner) {
    if (full.contains(owner.pool())) {
      return Optional.empty();
    }
    int first = owner.pool().first().value();
    int size = owner.pool().size();
    int start = Math.floorMod(owner.preferred().value() - first, size);
    for (int i = 0; i < size; i++) {
      var vni = new Vni(first + (start + i) % size);
      if (!taken.contains(vni) && !inStatus.contains(vni)) {
        return Optional.of(vni);
      }
    }
    full.add(owner.pool());
    return Optional.empty();
  }

  /** Claims that nobody uses any more. */
  private void tidy(VniClaim claim) {
    var owner = Optional.ofNullable(owners.get(claim.owner()));
    if (claim.released().isPresent()) {
      if (now - claim.released().getAsLong() >= KEPT_SECONDS && !isWanted(claim, owner)) {
        calls.add(new RemoveClaim(claim));
      }
    } else if (!isWanted(claim, owner)) {
      calls.add(new Release(claim, now));
    }
  }

  /** Its owner uses it, will use it, or is about to take it back. */
  private boolean isWanted(VniClaim claim, Optional<VniOwner> owner) {
    return owner
        .filter(
            o ->
                o.status().filter(claim.vni()::equals).isPresent()
                    || o.given().or(() -> held(o)).filter(claim.vni()::equals).isPresent())
        .isPresent();
  }
}
