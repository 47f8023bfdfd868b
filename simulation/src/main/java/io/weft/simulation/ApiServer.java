package io.weft.simulation;

import io.weft.net.Vni;
import io.weft.overlay.cluster.CallOutcome;
import io.weft.overlay.cluster.CallOutcome.Done;
import io.weft.overlay.cluster.CallOutcome.LeaseFound;
import io.weft.overlay.cluster.CallOutcome.OwnerFound;
import io.weft.overlay.cluster.CallOutcome.Refused;
import io.weft.overlay.cluster.CallOutcome.Written;
import io.weft.overlay.cluster.ClusterCall;
import io.weft.overlay.cluster.ClusterObject;
import io.weft.overlay.cluster.LeaseRecord;
import io.weft.overlay.cluster.VniCall;
import io.weft.overlay.cluster.VniClaim;
import io.weft.overlay.cluster.VniOwner;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressRecord;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Consumer;
import java.util.function.Function;
import java.util.function.Supplier;

/**
 * An API server in virtual time: it compares versions before it writes, and tells its clients of
 * each change, each in its own time and in order. It may be away: calls that are on their way fail
 * then, whether they were carried out or not.
 */
final class ApiServer {
  private static final long LEAST_NANOS = 1_000_000;
  private static final long SPREAD_NANOS = 20_000_000;
  private static final long TIMEOUT_NANOS = 2_000_000_000;

  /** Lists after a watch broke come within this, by chance. */
  private static final long RELIST_NANOS = 10_000_000_000L;

  /** What stands under a key since a version; empty: nothing any more. */
  record Entry(long version, Optional<Object> value) {}

  /** What one process has read, and its watch. */
  final class Client {
    private final ApiListener listener;
    private final TreeMap<String, Entry> view = new TreeMap<>();
    private int watch;
    private long lastArrival;
    private long lagNanos;
    private boolean listens = true;
    private boolean hasListed;
    private boolean usesCopy;

    /** Records that it writes, or that it wrote and nobody said what came of it. */
    private final TreeMap<String, AddressWrite> underWay = new TreeMap<>();

    private final TreeMap<String, AddressWrite> unanswered = new TreeMap<>();

    /** It has listed since its watch broke, or since it came: what is told now leaves no gap. */
    private boolean watches;

    private Client(ApiListener listener, ApiCopy copy) {
      this.listener = listener;
      view.putAll(copy.entries());
    }

    /** Its process lives. */
    boolean isOpen() {
      return listens;
    }

    /** What it sees is its copy, and the server has said nothing yet. */
    boolean isCopy() {
      return usesCopy;
    }

    /** What is kept of it for a start without the server. */
    ApiCopy copy(String node) {
      return ApiCopy.of(view, node)
          .before(underWay.values(), node)
          .before(unanswered.values(), node);
    }

    /** Its first call fails: it goes on with its copy, where it has one. */
    private void goOnWithCopy() {
      if (!hasListed && !view.isEmpty()) {
        hasListed = true;
        usesCopy = true;
        listener.seen();
      }
    }

    /** False from when its watch broke until it has listed. */
    boolean isWatching() {
      return watches && listens;
    }

    /** Its watch tells of things so much later. */
    void lag(long nanos) {
      lagNanos = nanos;
    }

    /** Its watch is told 410 Gone: it lists again, by and by. */
    void expire() {
      watch++;
      watches = false;
      int mine = watch;
      timeline.after(
          random.below(RELIST_NANOS),
          () -> {
            if (mine == watch && !isAway && listens) {
              lastArrival = timeline.now();
              list();
            }
          });
    }

    /** Its process has ended. */
    void close() {
      listens = false;
      clients.remove(this);
    }

    private void list() {
      for (var key : List.copyOf(view.keySet())) {
        if (!state.containsKey(key)) {
          view.put(key, new Entry(version, Optional.empty()));
        }
      }
      state.forEach(this::learn);
      watches = true;
      hasListed = true;
      usesCopy = false;
      unanswered.clear();
      listener.seen();
    }

    private boolean learn(String key, Entry entry) {
      var known = view.get(key);
      boolean newer = known == null || known.version() < entry.version();
      if (newer) {
        view.put(key, entry);
      }
      return newer;
    }

    private void hear(String key, Entry entry) {
      int mine = watch;
      long arrival = timeline.now() + latency() + lagNanos;
      lastArrival = Math.max(lastArrival, arrival);
      timeline.at(
          lastArrival,
          () -> {
            if (mine == watch && watches && listens && !isAway && learn(key, entry)) {
              listener.seen();
            }
          });
    }

    private <T> List<T> all(String prefix, Class<T> type) {
      return values(view.tailMap(prefix), prefix, type);
    }

    List<ClusterObject> objects() {
      return all(OBJECT, ClusterObject.class);
    }

    List<VniClaim> claims() {
      return all(CLAIM, VniClaim.class);
    }

    AddressState addresses() {
      return state(view);
    }

    /** Its own writes are seen at once, whatever the watch says. */
    void write(AddressWrite write, Consumer<AddressWrite.Outcome> answer) {
      var key = key(write.record());
      underWay.put(key, write);
      ApiServer.this.<AddressWrite.Outcome>call(
          () -> {
            AddressWrite.Outcome outcome =
                carryOut(write)
                    ? new AddressWrite.Outcome.Done()
                    : new AddressWrite.Outcome.Refused();
            return outcome;
          },
          outcome -> {
            underWay.remove(key);
            if (outcome instanceof AddressWrite.Outcome.Failed) {
              unanswered.put(key, write);
            } else {
              learn(key, Optional.ofNullable(state.get(key)).orElseGet(() -> gone()));
              if (listens && hasListed) {
                listener.seen();
              }
            }
            answer.accept(outcome);
          },
          AddressWrite.Outcome.Failed::new);
    }

    void call(ClusterCall call, Consumer<CallOutcome> answer) {
      ApiServer.this.<CallOutcome>call(() -> carryOut(call), answer, CallOutcome.Failed::new);
    }
  }

  private static final String ADDRESS = "a ";
  private static final String OBJECT = "o ";
  static final String CLAIM = "v ";

  private final Timeline timeline;
  private final SplitMix64 random;
  private final TreeMap<String, Entry> state = new TreeMap<>();
  private final List<Client> clients = new ArrayList<>();
  private final Runnable changed;
  private Optional<LeaseRecord> lease = Optional.empty();
  private long version;
  private boolean isAway;

  /** {@code changed}: called after each change. */
  ApiServer(Timeline timeline, SplitMix64 random, Runnable changed) {
    this.timeline = timeline;
    this.random = random;
    this.changed = changed;
  }

  /**
   * Lists, and watches from then on.
   *
   * @param copy what it goes on with where the server does not answer
   */
  Client connect(ApiListener listener, Optional<ApiCopy> copy) {
    var client = new Client(listener, copy.orElse(ApiCopy.NONE));
    clients.add(client);
    client.expire();
    if (isAway) {
      tellAway(client);
    }
    return client;
  }

  /** From now on nothing is answered. */
  void goAway() {
    isAway = true;
    clients.forEach(
        client -> {
          client.watch++;
          client.watches = false;
          tellAway(client);
        });
  }

  private void tellAway(Client client) {
    timeline.after(
        latency(),
        () -> {
          if (client.listens && isAway) {
            client.goOnWithCopy();
            client.listener.away();
          }
        });
  }

  /** False while it is away. */
  boolean isHere() {
    return !isAway;
  }

  /** All list again, by and by. */
  void comeBack() {
    isAway = false;
    clients.forEach(Client::expire);
  }

  private long latency() {
    return LEAST_NANOS + random.below(SPREAD_NANOS);
  }

  private Entry gone() {
    return new Entry(version, Optional.empty());
  }

  private <T> void call(Supplier<T> effect, Consumer<T> answer, Function<String, T> failed) {
    timeline.after(
        latency(),
        () -> {
          if (isAway) {
            timeline.after(TIMEOUT_NANOS, () -> answer.accept(failed.apply("no answer")));
            return;
          }
          var outcome = effect.get();
          timeline.after(
              latency(), () -> answer.accept(isAway ? failed.apply("cut off") : outcome));
        });
  }

  private void set(String key, Optional<Object> value) {
    var entry = new Entry(version, value);
    if (value.isPresent()) {
      state.put(key, entry);
    } else {
      state.remove(key);
    }
    clients.forEach(client -> client.hear(key, entry));
    changed.run();
  }

  private String next() {
    return String.valueOf(++version);
  }

  private static <T> List<T> values(SortedMap<String, Entry> map, String prefix, Class<T> type) {
    var values = new ArrayList<T>();
    for (var each : map.entrySet()) {
      if (!each.getKey().startsWith(prefix)) {
        break;
      }
      each.getValue().value().map(type::cast).ifPresent(values::add);
    }
    return values;
  }

  private static AddressState state(SortedMap<String, Entry> map) {
    var stored = new ArrayList<Stored<?>>();
    values(map.tailMap(ADDRESS), ADDRESS, Stored.class).forEach(stored::add);
    return AddressState.of(stored);
  }

  // ---- What is there ----------------------------------------------------------------------

  List<ClusterObject> objects() {
    return values(state.tailMap(OBJECT), OBJECT, ClusterObject.class);
  }

  AddressState addresses() {
    return state(state);
  }

  Optional<LeaseRecord> lease() {
    return lease;
  }

  // ---- Users ------------------------------------------------------------------------------

  /** Someone makes or changes an object. */
  void put(ClusterObject object) {
    set(OBJECT + object.subject(), Optional.of(object));
  }

  /** Someone removes one. */
  void remove(ClusterObject object) {
    next();
    set(OBJECT + object.subject(), Optional.empty());
  }

  /** The version of what is put next. */
  String nextVersion() {
    return next();
  }

  // ---- Addresses --------------------------------------------------------------------------

  /** Under which a record stands. */
  static String key(AddressRecord record) {
    return ADDRESS + (record instanceof AddressBlock ? "b " : "c ") + record.name();
  }

  private boolean carryOut(AddressWrite write) {
    var key = key(write.record());
    var current =
        Optional.ofNullable(state.get(key))
            .flatMap(Entry::value)
            .map(value -> ((Stored<?>) value).version());
    switch (write) {
      case AddressWrite.Create(var record) when current.isEmpty() ->
          set(key, Optional.of(new Stored<>(record, next())));
      case AddressWrite.Replace(var record, var expected)
          when current.equals(Optional.of(expected)) ->
          set(key, Optional.of(new Stored<>(record, next())));
      case AddressWrite.Remove(_, var expected) when current.equals(Optional.of(expected)) -> {
        next();
        set(key, Optional.empty());
      }
      default -> {
        return false;
      }
    }
    return true;
  }

  // ---- The controller's calls -------------------------------------------------------------

  private Optional<ClusterObject> object(String subject) {
    return Optional.ofNullable(state.get(OBJECT + subject))
        .flatMap(Entry::value)
        .map(ClusterObject.class::cast);
  }

  private CallOutcome carryOut(ClusterCall call) {
    return switch (call) {
      case ClusterCall.OfClaim(var ofClaim) ->
          carryOut(ofClaim) ? new Done() : new Refused("another version");
      case ClusterCall.WriteStatus write -> writeStatus(write);
      case ClusterCall.AskOwner(var claim) ->
          new OwnerFound(
              object(claim.owner())
                  .flatMap(ClusterObject::owner)
                  .map(owner -> new CallOutcome.Owner(owner.given(), owner.status())));
      case ClusterCall.Tell _ -> new Done();
      case ClusterCall.ReadLease() -> new LeaseFound(lease);
      case ClusterCall.WriteLease(var seen, var wanted) -> {
        if (!seen.equals(lease)) {
          yield new Refused("another version");
        }
        lease = Optional.of(wanted.withVersion(next()));
        yield new LeaseFound(lease);
      }
    };
  }

  private CallOutcome writeStatus(ClusterCall.WriteStatus write) {
    var seen = write.object();
    var current = object(seen.subject()).filter(now -> now.version().equals(seen.version()));
    if (current.isEmpty()) {
      return new Refused("another version");
    }
    var next = next();
    var owner =
        seen.owner()
            .map(
                was ->
                    new VniOwner(
                        was.name(),
                        was.uid(),
                        next,
                        was.given(),
                        was.pool(),
                        was.preferred(),
                        write.vni().or(was::status)));
    put(
        new ClusterObject(
            seen.kind(),
            seen.name(),
            seen.uid(),
            next,
            seen.generation(),
            owner,
            seen.verdict(),
            write.conditions()));
    return new Written(next);
  }

  private static String key(Vni vni) {
    return CLAIM + vni;
  }

  private boolean carryOut(VniCall call) {
    return switch (call) {
      case VniCall.MakeClaim(var vni, var owner) -> {
        boolean free = !state.containsKey(key(vni));
        if (free) {
          hold(vni, owner.name(), owner.uid(), OptionalLong.empty());
        }
        yield free;
      }
      case VniCall.AdoptClaim(var claim, var owner) ->
          isAsSeen(claim) && hold(claim.vni(), owner.name(), owner.uid(), OptionalLong.empty());
      case VniCall.Release(var claim, var since) ->
          isAsSeen(claim) && hold(claim.vni(), claim.owner(), claim.uid(), OptionalLong.of(since));
      case VniCall.RemoveClaim(var claim) -> {
        boolean there = isAsSeen(claim);
        if (there) {
          next();
          set(key(claim.vni()), Optional.empty());
        }
        yield there;
      }
      case VniCall.SetStatus _ ->
          throw new IllegalStateException("a VNI is written with the conditions");
    };
  }

  private boolean isAsSeen(VniClaim claim) {
    return Optional.ofNullable(state.get(key(claim.vni())))
        .flatMap(Entry::value)
        .filter(claim::equals)
        .isPresent();
  }

  private boolean hold(Vni vni, String owner, String uid, OptionalLong released) {
    set(key(vni), Optional.of(new VniClaim(vni, owner, uid, next(), released)));
    return true;
  }
}
