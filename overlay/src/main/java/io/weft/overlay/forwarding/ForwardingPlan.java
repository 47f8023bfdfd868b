package io.weft.overlay.forwarding;

import io.weft.net.IpAddress;
import io.weft.net.KeyTable;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.Set;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BiConsumer;
import java.util.function.Function;
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

  private static final Comparator<ForwardingRow> BY_KEY = Comparator.comparing(ForwardingRow::key);

  private final Sharing sharing;
  private final KeyTable<ForwardingKey, ForwardingRow> rows = new KeyTable<>(ForwardingRow::key);

  /** Those of {@link #rows} that are of this node's own, sorted: they are few. */
  private final TreeMap<ForwardingKey, ForwardingRow> own = new TreeMap<>();

  private final Destinations destinations = new Destinations();
  private final TreeMap<ForwardingKey, ForwardingRow> different = new TreeMap<>();

  /** Different too, but not to be changed yet. */
  private final TreeMap<ForwardingKey, ForwardingRow> held = new TreeMap<>();

  private final TreeMap<ForwardingKey, Failure> failures = new TreeMap<>();
  private Map<ForwardingKey, KernelChange> inFlight = new LinkedHashMap<>();
  private Set<Segment> touched = new LinkedHashSet<>();
  private boolean holdingRemoteRemovals;
  private int realized;

  private static final ForwardingKey FIRST_PORT = ForwardingKey.first(Kind.PORT);
  private static final ForwardingKey AFTER_PORTS = ForwardingKey.first(Kind.LOCAL_FDB);
  private static final ForwardingKey FIRST_ROUTE = ForwardingKey.first(Kind.TENANT_ROUTE);

  /**
   * A change that the kernel refused.
   *
   * @param reason in the kernel's own words
   * @param attempts how often in a row
   */
  public record Failure(ForwardingKey key, String reason, int attempts, long retryAtNanos) {}

  /** One of a node that is alone in its process. */
  public ForwardingPlan() {
    this(Sharing.NONE);
  }

  /** One that keeps what is equal in many plans but once. */
  public ForwardingPlan(Sharing sharing) {
    this.sharing = sharing;
  }

  /** What it keeps together with others. */
  public Sharing sharing() {
    return sharing;
  }

  /**
   * While held, what other nodes' routes once put into the kernel is not removed: after a restart
   * the routes must come back first (RFC 4724 §4.1).
   */
  public void holdRemoteRemovals(boolean hold) {
    holdingRemoteRemovals = hold;
    List.copyOf((hold ? different : held).values()).forEach(this::compare);
  }

  private ForwardingRow row(ForwardingKey key) {
    var known = rows.get(key);
    if (known != null) {
      return known;
    }
    var row = new ForwardingRow(sharing.key(key));
    rows.put(row);
    if (!key.kind().isRemote()) {
      own.put(row.key, row);
    }
    return row;
  }

  private void forgetEmpty(ForwardingRow row) {
    if (row.desired == null && row.realized == null) {
      rows.remove(row.key);
      own.remove(row.key);
    }
  }

  /** Wants an object, in the place of what was wanted under its key, which is returned. */
  public ForwardingKey desire(ForwardingObject object) {
    var row = row(object.key()); // made anew each time: every table here shares the one
    var before = row.desired;
    if (!object.equals(before)) {
      row.desired = sharing.of(row.key, object);
      failures.remove(row.key);
      destinations.add(object);
      Optional.ofNullable(before).ifPresent(destinations::remove);
    }
    compare(row);
    if (before == null) {
      compareRowsOf(row.key);
    }
    return row.key;
  }

  public void undesire(ForwardingKey key) {
    var row = rows.get(key);
    if (row == null) {
      return;
    }
    var before = row.desired;
    if (before != null) {
      row.desired = null;
      destinations.remove(before);
      failures.remove(key);
      compareRowsOf(key);
    }
    compare(row);
    forgetEmpty(row);
  }

  private @Nullable ForwardingObject wanted(ForwardingKey key) {
    var row = rows.get(key);
    return row == null ? null : row.desired;
  }

  private boolean isWanted(ForwardingKey key) {
    return wanted(key) != null;
  }

  private @Nullable ForwardingObject standing(ForwardingKey key) {
    var row = rows.get(key);
    return row == null ? null : row.realized;
  }

  public Optional<ForwardingObject> desired(ForwardingKey key) {
    return Optional.ofNullable(wanted(key));
  }

  public Optional<ForwardingObject> realized(ForwardingKey key) {
    return Optional.ofNullable(standing(key));
  }

  /** True when the kernel holds exactly what is desired under the key. */
  public boolean isRealized(ForwardingKey key) {
    return isWanted(key) && !different.containsKey(key);
  }

  /** True when nothing stands under the key and no change that could put it there is under way. */
  public boolean isGone(ForwardingKey key) {
    return standing(key) == null && !inFlight.containsKey(key);
  }

  /**
   * The VXLAN devices that are desired and have rows, each with the VTEPs that these lead to:
   * {@link ForwardingObject.VxlanPort} and {@link ForwardingObject.SendingPort}.
   */
  public void forEachDestination(BiConsumer<ForwardingObject, SortedSet<IpAddress>> taker) {
    destinations.forEach(
        (key, vteps) -> desired(key).ifPresent(device -> taker.accept(device, vteps)));
  }

  /** All that is desired, in the order of the keys. */
  public List<ForwardingObject> desired() {
    return objects(row -> row.desired);
  }

  /** All that stands, in the order of the keys. */
  public List<ForwardingObject> realized() {
    return objects(row -> row.realized);
  }

  private List<ForwardingObject> objects(
      Function<ForwardingRow, @Nullable ForwardingObject> which) {
    var objects = new ArrayList<ForwardingObject>();
    for (var row : rows.sorted(BY_KEY)) {
      Optional.ofNullable(which.apply(row)).ifPresent(objects::add);
    }
    return objects;
  }

  /** Counts what stands. */
  public int realizedCount() {
    return realized;
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
    var seen = ForwardingKey.set();
    for (var object : objects) {
      var row = row(object.key());
      seen.put(row.key);
      observe(row, object);
    }
    for (var row : rows.sorted(BY_KEY, row -> row.realized != null && !seen.has(row.key))) {
      observe(row, null);
    }
  }

  /** The kernel was seen to hold this, or nothing, under the key. */
  public void observe(ForwardingKey key, Optional<ForwardingObject> object) {
    observe(row(key), object.orElse(null));
  }

  private void observe(ForwardingRow row, @Nullable ForwardingObject object) {
    realized += (object == null ? 0 : 1) - (row.realized == null ? 0 : 1);
    var seen = object == null ? null : object.observable();
    row.realized = seen != null && seen.equals(row.desired) ? row.desired : seen;
    compare(row);
    forgetEmpty(row);
  }

  private void compare(ForwardingRow row) {
    var want = row.desired;
    var have = row.realized;
    boolean same = row.isAsDesired();
    boolean hold = !same && isHeld(row) && (want == null || row.hasMoreThanDesired());
    if (set(different, row, !same && !hold) && !row.key.kind().isRemote()) {
      touch(row.key, want, have);
    }
    set(held, row, hold);
    if ((same || hold) && !failures.isEmpty()) {
      failures.remove(row.key);
    }
  }

  /** True when it was no member and is one now, or the other way round. */
  private static boolean set(
      Map<ForwardingKey, ForwardingRow> rows, ForwardingRow row, boolean member) {
    if (!member) {
      return !rows.isEmpty() && rows.remove(row.key) != null;
    }
    return rows.putIfAbsent(row.key, row) == null;
  }

  private void touch(
      ForwardingKey key, @Nullable ForwardingObject want, @Nullable ForwardingObject have) {
    if ((want == null ? have : want) instanceof ForwardingObject.EndpointPort port) {
      touched.add(new Segment(key.namespace(), port.vni().value()));
    } else if ((want == null ? have : want) instanceof ForwardingObject.TapPort(_, var name, _)) {
      own.subMap(FIRST_PORT, AFTER_PORTS).values().stream()
          .flatMap(
              row ->
                  row.desired instanceof ForwardingObject.EndpointPort port
                      ? Stream.of(port)
                      : Stream.of())
          .filter(port -> port.port().equals(name))
          .forEach(port -> touch(port.key(), port, null));
    } else if (key.kind() != Kind.PORT) { // one that is gone was left before
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

  /** True when {@link #takeTouched} has something to give. */
  public boolean isTouched() {
    return !touched.isEmpty();
  }

  /** Without what it stands on nothing is worth holding. */
  private boolean isHeld(ForwardingRow row) {
    if (row.key.kind() == Kind.EGRESS_ROUTE && row.key.namespace().isEmpty()) {
      return holdingRemoteRemovals; // it may lead to another node's
    }
    return holdingRemoteRemovals
        && row.key.kind().isRemote()
        && (row.key.kind() == Kind.UNDERLAY_ROUTE || isGroundDesired(row));
  }

  /** A vxlan device of a segment, or a tenant's namespace. */
  private boolean isGroundDesired(ForwardingRow row) {
    var space = row.key.namespace();
    if (row.key.kind().isOfTenant()) {
      return isWanted(new ForwardingKey(Kind.NAMESPACE, space, 0, ""));
    }
    var vni = new Vni(row.key.vni());
    return switch (row.realized) {
      case ForwardingObject.VxlanFdbEntry(_, _, _, var vtep, _) ->
          isWanted(ForwardingKey.vxlanPort(space, vni, vtep));
      case ForwardingObject.FloodEntry(_, _, var vtep, _) ->
          isWanted(ForwardingKey.vxlanPort(space, vni, vtep));
      case null, default ->
          isWanted(ForwardingKey.vxlanPort(space, vni, false))
              || isWanted(ForwardingKey.vxlanPort(space, vni, true));
    };
  }

  /** Whether rows that differ are held depends on what they stand on. */
  private void compareRowsOf(ForwardingKey ground) {
    boolean isGround = ground.kind() == Kind.VXLAN || ground.kind() == Kind.NAMESPACE;
    if (!holdingRemoteRemovals || !isGround) {
      return;
    }
    boolean tenant = ground.kind() == Kind.NAMESPACE;
    int last = tenant ? Integer.MAX_VALUE : ground.vni() + 1;
    for (var kind : Kind.values()) {
      if (kind.isRemote() && kind.isOfTenant() == tenant) {
        var first = new ForwardingKey(kind, ground.namespace(), ground.vni(), "");
        var end = new ForwardingKey(kind, ground.namespace(), last, "");
        List.copyOf(different.subMap(first, end).values()).forEach(this::compare);
        List.copyOf(held.subMap(first, end).values()).forEach(this::compare);
      }
    }
  }

  /**
   * The next batch: removals from the top down, then creations from the bottom up, then what routes
   * led over that these creations turned elsewhere. Empty while a batch is in flight or when
   * nothing is due.
   */
  public List<KernelChange> nextBatch(long now) {
    if (!inFlight.isEmpty() || different.isEmpty()) {
      return List.of();
    }
    var batch = new ArrayList<KernelChange>();
    var moving = moving();
    var former = FormerHops.of(different.tailMap(FIRST_ROUTE).values(), this::standing);
    var last = new ArrayList<ForwardingRow>();
    for (var row : different.descendingMap().values()) {
      if (row.desired == null && isDue(row.key, now) && !mustWait(row.key, moving)) {
        if (former.contains(row.key) && isGroundDesired(row)) {
          last.add(row);
        } else {
          remove(row, batch);
        }
      }
    }
    for (var row : different.values()) {
      if (batch.size() < MAX_BATCH && row.desired != null && isDue(row.key, now)) {
        send(row.key, new KernelChange.Put(row.desired), batch);
      }
    }
    last.forEach(row -> remove(row, batch));
    return Collections.unmodifiableList(batch);
  }

  private void remove(ForwardingRow row, List<KernelChange> batch) {
    if (batch.size() < MAX_BATCH && row.realized != null) {
      send(row.key, new KernelChange.Remove(row.realized), batch);
    }
  }

  private void send(ForwardingKey key, KernelChange change, List<KernelChange> batch) {
    batch.add(change);
    inFlight.put(key, change);
  }

  /** Ports that stand in another namespace than they shall: their own removal would end them. */
  private Set<ForwardingKey> moving() {
    var moving = new TreeSet<ForwardingKey>();
    for (var row : different.subMap(FIRST_PORT, AFTER_PORTS).values()) {
      if (row.desired != null) {
        movesFrom(row.key).ifPresent(moving::add);
      }
    }
    return moving;
  }

  /** What moves goes with the change that brings it, and its namespace stays until then. */
  private static boolean mustWait(ForwardingKey key, Set<ForwardingKey> moving) {
    return !moving.isEmpty()
        && (moving.contains(key)
            || key.kind() == Kind.NAMESPACE
                && moving.stream().anyMatch(port -> port.namespace().equals(key.namespace())));
  }

  /** Where the port that is desired under the key stands, when that is another namespace. */
  public Optional<ForwardingKey> movesFrom(ForwardingKey key) {
    if (key.kind() != Kind.PORT
        || standing(key) != null
        || !(wanted(key) instanceof ForwardingObject.EndpointPort wanted)) {
      return Optional.empty();
    }
    for (var row : own.subMap(FIRST_PORT, AFTER_PORTS).values()) {
      if (row.realized instanceof ForwardingObject.EndpointPort standing
          && row.key.discriminator().equals(key.discriminator())
          && standing.isOf(wanted)) {
        return Optional.of(row.key);
      }
    }
    return Optional.empty();
  }

  private boolean isDue(ForwardingKey key, long now) {
    var failure = failures.isEmpty() ? null : failures.get(key);
    return failure == null || failure.retryAtNanos() - now <= 0;
  }

  /** The batch in flight is done; {@code refused} are those of its changes that failed. */
  public void applied(long now, List<Refusal> refused) {
    var done = inFlight;
    inFlight = new LinkedHashMap<>();
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
    return different.containsKey(change.key())
        && switch (change) {
          case KernelChange.Put(var object) -> object.equals(wanted(object.key()));
          case KernelChange.Remove(var object) -> !isWanted(object.key());
        };
  }

  private void fail(long now, Refusal refusal) {
    var before = failures.get(refusal.key());
    int attempts = before == null ? 1 : before.attempts() + 1;
    long delay = Math.min(LAST_RETRY_NANOS, FIRST_RETRY_NANOS << Math.min(attempts - 1, 6));
    failures.put(
        refusal.key(), new Failure(refusal.key(), refusal.reason(), attempts, now + delay));
    if (refusal.key().kind() == Kind.PORT) {
      touch(refusal.key(), wanted(refusal.key()), standing(refusal.key()));
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
    if (!inFlight.isEmpty() || failures.isEmpty()) {
      return OptionalLong.empty();
    }
    return failures.values().stream().mapToLong(Failure::retryAtNanos).min();
  }
}
