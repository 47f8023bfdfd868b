package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Desired minus realized. Desired objects are set by decisions, realized ones by what the kernel
 * was seen to hold; the difference leaves in batches, one in flight at a time. A failed change
 * stays in the plan and is tried again, first after {@link #FIRST_RETRY_NANOS}, then at doubled
 * intervals up to {@link #LAST_RETRY_NANOS}.
 */
public final class ForwardingPlan {
  /** Changes in one batch at most. */
  public static final int MAX_BATCH = 4096;

  public static final long FIRST_RETRY_NANOS = 1_000_000_000L;
  public static final long LAST_RETRY_NANOS = 60_000_000_000L;

  private final TreeMap<ForwardingKey, ForwardingObject> desired = new TreeMap<>();
  private final TreeMap<ForwardingKey, ForwardingObject> realized = new TreeMap<>();
  private final Destinations destinations = new Destinations();
  private final TreeSet<ForwardingKey> different = new TreeSet<>();

  /** Different too, but not to be changed yet. */
  private final TreeSet<ForwardingKey> held = new TreeSet<>();

  private final TreeMap<ForwardingKey, Failure> failures = new TreeMap<>();
  private TreeMap<ForwardingKey, KernelChange> inFlight = new TreeMap<>();
  private Set<Segment> touched = new LinkedHashSet<>();
  private boolean holdingRemoteRemovals;

  private static final ForwardingKey FIRST_PORT =
      new ForwardingKey(ForwardingKey.Kind.PORT, "", 0, "");
  private static final ForwardingKey AFTER_PORTS =
      new ForwardingKey(ForwardingKey.Kind.LOCAL_FDB, "", 0, "");

  /**
   * A change that the kernel refused.
   *
   * @param reason in the kernel's own words
   * @param attempts how often in a row
   */
  public record Failure(ForwardingKey key, String reason, int attempts, long retryAtNanos) {}

  /**
   * While held, what other nodes' routes once put into the kernel is not removed: after a restart
   * the routes must come back first (RFC 4724 §4.1).
   */
  public void holdRemoteRemovals(boolean hold) {
    holdingRemoteRemovals = hold;
    List.copyOf(hold ? different : held).forEach(this::compare);
  }

  /** Wants an object, in the place of what was wanted under its key, which is returned. */
  public ForwardingKey desire(ForwardingObject object) {
    var key = object.key(); // made anew each time: every table here shares the one
    var before = desired.put(key, object);
    if (!object.equals(before)) {
      failures.remove(key);
      destinations.add(object);
      Optional.ofNullable(before).ifPresent(destinations::remove);
    }
    compare(key);
    if (before == null) {
      compareRowsOf(key);
    }
    return key;
  }

  public void undesire(ForwardingKey key) {
    var before = desired.remove(key);
    if (before != null) {
      destinations.remove(before);
      failures.remove(key);
      compareRowsOf(key);
    }
    compare(key);
  }

  public Optional<ForwardingObject> desired(ForwardingKey key) {
    return Optional.ofNullable(desired.get(key));
  }

  public Optional<ForwardingObject> realized(ForwardingKey key) {
    return Optional.ofNullable(realized.get(key));
  }

  /** True when the kernel holds exactly what is desired under the key. */
  public boolean isRealized(ForwardingKey key) {
    return desired.containsKey(key) && !different.contains(key);
  }

  /** True when nothing stands under the key and no change that could put it there is under way. */
  public boolean isGone(ForwardingKey key) {
    return !realized.containsKey(key) && !inFlight.containsKey(key);
  }

  /**
   * The VXLAN devices that are desired and have rows, each with the VTEPs that these lead to:
   * {@link ForwardingObject.VxlanPort} and {@link ForwardingObject.SendingPort}.
   */
  public void forEachDestination(BiConsumer<ForwardingObject, SortedSet<IpAddress>> taker) {
    destinations.forEach(
        (key, vteps) -> desired(key).ifPresent(device -> taker.accept(device, vteps)));
  }

  public Collection<ForwardingObject> desired() {
    return Collections.unmodifiableCollection(desired.values());
  }

  public Collection<ForwardingObject> realized() {
    return Collections.unmodifiableCollection(realized.values());
  }

  public Collection<Failure> failures() {
    return Collections.unmodifiableCollection(failures.values());
  }

  public Optional<Failure> failure(ForwardingKey key) {
    return Optional.ofNullable(failures.get(key));
  }

  /** Changes that are wanted and not yet confirmed: in flight ones count, held ones do not. */
  public int pending() {
    return different.size();
  }

  /** True when rows stand only because their removal is held. */
  public boolean isHolding() {
    return !held.isEmpty();
  }

  /** A full dump: everything else in the kernel is not there. */
  public void observeAll(Collection<ForwardingObject> objects) {
    var gone = new TreeSet<>(realized.keySet());
    for (var object : objects) {
      var key = object.key();
      gone.remove(key);
      realized.put(key, object.observable());
      compare(key);
    }
    for (var key : gone) {
      observe(key, Optional.empty());
    }
  }

  /** The kernel was seen to hold this, or nothing, under the key. */
  public void observe(ForwardingKey key, Optional<ForwardingObject> object) {
    if (object.isPresent()) {
      realized.put(key, object.get().observable());
    } else {
      realized.remove(key);
    }
    compare(key);
  }

  private void compare(ForwardingKey key) {
    var want = desired.get(key);
    var have = realized.get(key);
    boolean same = want == null ? have == null : want.observable().equals(have);
    boolean hold = !same && isHeld(key) && (want == null || have != null && isPartOf(want, have));
    if (set(different, key, !same && !hold) && !key.kind().isRemote()) {
      touch(key, want, have);
    }
    set(held, key, hold);
    if (same || hold) {
      failures.remove(key);
    }
  }

  /** True when it was no member and is one now, or the other way round. */
  private static boolean set(Set<ForwardingKey> keys, ForwardingKey key, boolean member) {
    return member ? keys.add(key) : keys.remove(key);
  }

  private void touch(
      ForwardingKey key, @Nullable ForwardingObject want, @Nullable ForwardingObject have) {
    if ((want == null ? have : want) instanceof ForwardingObject.EndpointPort port) {
      touched.add(new Segment(key.namespace(), port.vni().value()));
    } else if ((want == null ? have : want) instanceof ForwardingObject.TapPort(_, var name, _)) {
      desired.subMap(FIRST_PORT, AFTER_PORTS).values().stream()
          .flatMap(
              object ->
                  object instanceof ForwardingObject.EndpointPort port
                      ? Stream.of(port)
                      : Stream.of())
          .filter(port -> port.port().equals(name))
          .forEach(port -> touch(port.key(), port, null));
    } else if (key.kind() != ForwardingKey.Kind.PORT) { // one that is gone was left before
      touched.add(new Segment(key.namespace(), key.vni()));
    }
  }

  /**
   * Where something of this node's own, other than rows of other nodes' routes, has begun or ceased
   * to stand as it is desired, or a port was refused, since this was last asked.
   */
  public Set<Segment> takeTouched() {
    var taken = touched;
    touched = new LinkedHashSet<>();
    return taken;
  }

  /** Without what it stands on nothing is worth holding. */
  private boolean isHeld(ForwardingKey key) {
    if (key.kind() == ForwardingKey.Kind.EGRESS_ROUTE && key.namespace().isEmpty()) {
      return holdingRemoteRemovals; // it may lead to another node's
    }
    return holdingRemoteRemovals
        && key.kind().isRemote()
        && (key.kind() == ForwardingKey.Kind.UNDERLAY_ROUTE || isGroundDesired(key));
  }

  /** What stands has the wanted ways and more: those too go only when all routes are back. */
  private static boolean isPartOf(ForwardingObject want, ForwardingObject have) {
    return want instanceof ForwardingObject.TenantRoute wanted
            && have instanceof ForwardingObject.TenantRoute standing
            && standing.hops().containsAll(wanted.hops())
        || want instanceof ForwardingObject.UnderlayRoute next
            && have instanceof ForwardingObject.UnderlayRoute now
            && now.nextHops().containsAll(next.nextHops());
  }

  /** A vxlan device of a segment, or a tenant's namespace. */
  private boolean isGroundDesired(ForwardingKey row) {
    if (row.kind().isOfTenant()) {
      return desired.containsKey(
          new ForwardingKey(ForwardingKey.Kind.NAMESPACE, row.namespace(), 0, ""));
    }
    var standing = realized.get(row);
    if (standing instanceof ForwardingObject.VxlanFdbEntry entry) {
      return desired.containsKey(
          ForwardingKey.vxlanPort(row.namespace(), entry.vni(), entry.vtep()));
    }
    if (standing instanceof ForwardingObject.FloodEntry entry) {
      return desired.containsKey(
          ForwardingKey.vxlanPort(row.namespace(), entry.vni(), entry.vtep()));
    }
    var first = new ForwardingKey(ForwardingKey.Kind.VXLAN, row.namespace(), row.vni(), "");
    var end = new ForwardingKey(ForwardingKey.Kind.VXLAN, row.namespace(), row.vni() + 1, "");
    return !desired.subMap(first, end).isEmpty();
  }

  /** Whether rows are held depends on what they stand on. */
  private void compareRowsOf(ForwardingKey ground) {
    boolean isGround =
        ground.kind() == ForwardingKey.Kind.VXLAN || ground.kind() == ForwardingKey.Kind.NAMESPACE;
    if (!holdingRemoteRemovals || !isGround) {
      return;
    }
    boolean tenant = ground.kind() == ForwardingKey.Kind.NAMESPACE;
    for (var kind : ForwardingKey.Kind.values()) {
      if (kind.isRemote() && kind.isOfTenant() == tenant) {
        var first = new ForwardingKey(kind, ground.namespace(), ground.vni(), "");
        int last = tenant ? Integer.MAX_VALUE : ground.vni() + 1;
        var end = new ForwardingKey(kind, ground.namespace(), last, "");
        List.copyOf(realized.subMap(first, end).keySet()).forEach(this::compare);
      }
    }
  }

  /**
   * The next batch: removals from the top down, then creations from the bottom up. Empty while a
   * batch is in flight or when nothing is due.
   */
  public List<KernelChange> nextBatch(long now) {
    if (!inFlight.isEmpty()) {
      return List.of();
    }
    if (different.isEmpty()) {
      return List.of();
    }
    var batch = new ArrayList<KernelChange>();
    var moving = moving();
    for (var key : different.descendingSet()) {
      if (batch.size() < MAX_BATCH
          && !desired.containsKey(key)
          && isDue(key, now)
          && !mustWait(key, moving)) {
        realized(key).ifPresent(object -> send(key, new KernelChange.Remove(object), batch));
      }
    }
    for (var key : different) {
      if (batch.size() < MAX_BATCH && isDue(key, now)) {
        desired(key).ifPresent(object -> send(key, new KernelChange.Put(object), batch));
      }
    }
    return Collections.unmodifiableList(batch);
  }

  private void send(ForwardingKey key, KernelChange change, List<KernelChange> batch) {
    batch.add(change);
    inFlight.put(key, change);
  }

  /** Ports that stand in another namespace than they shall: their own removal would end them. */
  private Set<ForwardingKey> moving() {
    var moving = new TreeSet<ForwardingKey>();
    for (var key : different.subSet(FIRST_PORT, AFTER_PORTS)) {
      if (desired.containsKey(key)) {
        movesFrom(key).ifPresent(moving::add);
      }
    }
    return moving;
  }

  /** What moves goes with the change that brings it, and its namespace stays until then. */
  private static boolean mustWait(ForwardingKey key, Set<ForwardingKey> moving) {
    return !moving.isEmpty()
        && (moving.contains(key)
            || key.kind() == ForwardingKey.Kind.NAMESPACE
                && moving.stream().anyMatch(port -> port.namespace().equals(key.namespace())));
  }

  /** Where the port that is desired under the key stands, when that is another namespace. */
  public Optional<ForwardingKey> movesFrom(ForwardingKey key) {
    if (key.kind() != ForwardingKey.Kind.PORT
        || realized.containsKey(key)
        || !(desired.get(key) instanceof ForwardingObject.EndpointPort wanted)) {
      return Optional.empty();
    }
    for (var entry : realized.subMap(FIRST_PORT, AFTER_PORTS).entrySet()) {
      if (entry.getKey().discriminator().equals(key.discriminator())
          && entry.getValue() instanceof ForwardingObject.EndpointPort standing
          && standing.isOf(wanted)) {
        return Optional.of(entry.getKey());
      }
    }
    return Optional.empty();
  }

  private boolean isDue(ForwardingKey key, long now) {
    var failure = failures.get(key);
    return failure == null || failure.retryAtNanos() - now <= 0;
  }

  /** The batch in flight is done; {@code refused} are those of its changes that failed. */
  public void applied(long now, List<Refusal> refused) {
    var done = inFlight;
    inFlight = new TreeMap<>();
    for (var refusal : refused) {
      var change = done.remove(refusal.key());
      if (change != null && isStillWanted(change)) {
        fail(now, refusal);
      }
    }
    done.forEach(
        (key, change) -> {
          switch (change) {
            case KernelChange.Put(var object) -> {
              movesFrom(key).ifPresent(from -> observe(from, Optional.empty()));
              observe(key, Optional.of(object));
            }
            case KernelChange.Remove _ -> observe(key, Optional.empty());
          }
        });
  }

  /** What was decided while the batch was in flight begins without the burden of a failure. */
  private boolean isStillWanted(KernelChange change) {
    return different.contains(change.key())
        && switch (change) {
          case KernelChange.Put(var object) -> object.equals(desired.get(object.key()));
          case KernelChange.Remove(var object) -> !desired.containsKey(object.key());
        };
  }

  private void fail(long now, Refusal refusal) {
    var before = failures.get(refusal.key());
    int attempts = before == null ? 1 : before.attempts() + 1;
    long delay = Math.min(LAST_RETRY_NANOS, FIRST_RETRY_NANOS << Math.min(attempts - 1, 6));
    failures.put(
        refusal.key(), new Failure(refusal.key(), refusal.reason(), attempts, now + delay));
    if (refusal.key().kind() == ForwardingKey.Kind.PORT) {
      touch(refusal.key(), desired.get(refusal.key()), realized.get(refusal.key()));
    }
  }

  /** A change that was refused is due at once: what was in the way may be gone. */
  public void tryAgain(ForwardingKey key) {
    failures.remove(key);
  }

  /** A change that the kernel refused, in its own words. */
  public record Refusal(ForwardingKey key, String reason) {}

  /** When the next failed change is due; empty while a batch is in flight. */
  public OptionalLong nextRetry() {
    if (!inFlight.isEmpty()) {
      return OptionalLong.empty();
    }
    return failures.values().stream().mapToLong(Failure::retryAtNanos).min();
  }
}
