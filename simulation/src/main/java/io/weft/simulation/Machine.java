package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.wire.MessageCodec;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;

/**
 * Something with a name, an address and a brain that lives and dies. Each life has a number: what
 * was on its way to a former life is lost.
 */
abstract class Machine {
  final String name;
  final IpAddress address;
  private final Timeline world;
  private final OwnTime own;

  /** Its part of the trace; a thought writes it, too. */
  final MachineTrace trace;

  final SaidRoutes saidRoutes = new SaidRoutes();
  private final Surroundings around;
  private int life;
  private boolean alive;
  private final Inbox inbox;
  private boolean willTake;

  /** What it has asked for by {@link #later} and has not happened. */
  private int due;

  private long busyUntilNanos;
  private OptionalLong wakeAt = OptionalLong.empty();

  /** The brain's own, after its last step. */
  private OptionalLong nextDeadline = OptionalLong.empty();

  /** Those that the brain knows; a thought uses and alters them. */
  final Connections connections;

  private final List<Runnable> held = new ArrayList<>();
  private boolean paused;
  private boolean powerless;
  private long slowNanos;
  private long clockAheadNanos;
  private Optional<Step> step = Optional.empty();
  private long leastDelayNanos = Long.MAX_VALUE;

  Machine(String name, IpAddress address, Surroundings around) {
    this.name = name;
    this.address = address;
    this.around = around;
    this.world = around.timeline();
    this.own = new OwnTime(world);
    this.trace = around.trace().of(name);
    this.connections = new Connections(trace, around.sharing());
    this.inbox = new Inbox(around.links().queues().events());
  }

  final boolean isAlive() {
    return alive;
  }

  /** Number of its present or last life. */
  final int life() {
    return life;
  }

  /** A step of the brain that is under way, since when, and what is done with what comes of it. */
  private record Step(long sinceNanos, Crew.Begun begun, Runnable outcome) {}

  /**
   * Has the brain think, which may go on while time passes. What comes of it is done before anybody
   * else could have heard of it, and before anything else happens to this machine but that messages
   * come.
   *
   * @param thought touches nothing but what is this machine's own: brain, kernel, codecs, trace
   */
  final void think(Runnable thought, Runnable outcome) {
    finishStep();
    long now = timeline().now();
    var begun =
        timeline()
            .begin(
                this,
                () -> {
                  trace.at(now);
                  thought.run();
                  nextDeadline = nextDeadline();
                });
    var mine = new Step(now, begun, outcome);
    step = Optional.of(mine);
    var here = timeline();
    timeline()
        .at(
            now + Math.min(longestThought(), leastDelayNanos) - 1,
            () -> {
              if (here.equals(timeline()) && step.filter(mine::equals).isPresent()) {
                finishStep();
              }
            });
  }

  /** What was to happen to it has happened, and what comes of it is done. */
  final void finish() {
    comeBack();
    finishStep();
  }

  /** What comes of the step that is under way, if one is, is done now. */
  final void finishStep() {
    var done = joined();
    if (done.isPresent()) {
      if (!isApart()) {
        connections.hearsay().forEach(around.hearsay()::said);
      }
      timeline()
          .asOf(
              done.get().sinceNanos(),
              () -> {
                done.get().outcome().run();
                rest();
              });
    }
  }

  /** Waits for the step that is under way, if one is; nothing comes of it. */
  final void abandon() {
    joined();
  }

  // ---- apart ------------------------------------------------------------------------------

  /** What happens to it happens by this. */
  final Timeline timeline() {
    return own.timeline();
  }

  /** It is behind the world: what has come waits. */
  final boolean isApart() {
    return own.isApart();
  }

  private boolean isIdle() {
    boolean runs = alive && !paused && slowNanos == 0;
    return runs && due == 0 && step.isEmpty() && inbox.waiting() == 0 && isAtRest();
  }

  /** It is where the world is. */
  final void comeBack() {
    if (isApart()) {
      own.comeBack(this);
      around.trace().seen(name, trace);
    }
  }

  /** It is where the world is, and what has come meanwhile is lost. */
  final void abandonOwnTime() {
    own.abandon(this);
    around.trace().seen(name, trace);
  }

  /** How often it was given much to do at once while it was apart. */
  final int passes() {
    return own.passes();
  }

  /** The world is told; of who is apart, when it looks. */
  final void tell(Runnable what) {
    own.tell(what);
  }

  /** The step that was under way, if one was, once it is over; what was thought counts as seen. */
  private Optional<Step> joined() {
    var done = step;
    if (done.isPresent()) {
      step = Optional.empty();
      timeline().hasThought(this);
      try {
        done.get().begun().join();
      } finally {
        if (!isApart()) {
          around.trace().seen(name, trace);
        }
      }
    }
    return done;
  }

  /** What comes of it is seen after what it was thinking. */
  final void note(String what) {
    finish();
    around.trace().add(name, what);
  }

  /** A link of this machine takes so long. */
  final void linked(long delayNanos) {
    comeBack();
    leastDelayNanos = Math.min(leastDelayNanos, delayNanos);
  }

  /** Where its connections to a peer leave from. */
  abstract IpAddress addressTowards(IpAddress peer);

  /** Begins a new life. */
  final void start() {
    if (alive) {
      throw new IllegalStateException(name + " is alive already");
    }
    alive = true;
    life++;
    wakeAt = OptionalLong.empty();
    nextDeadline = OptionalLong.empty();
    connections.clear();
    inbox.clear();
    willTake = false;
    busyUntilNanos = 0;
    held.clear();
    paused = false;
    powerless = false;
    note("starts");
    begin();
  }

  final void requireAlive() {
    if (!alive) {
      throw new IllegalStateException(name + " is down");
    }
  }

  /** The process ends as by {@code kill -9}; its kernel closes the connections. */
  final void crash() {
    requireAlive();
    note("crashes");
    alive = false;
    end();
    around.links().close(this);
  }

  /** The machine is without power: its connections are gone, and nobody is told. */
  final void powerOff() {
    requireAlive();
    note("loses power");
    alive = false;
    powerless = true;
    end();
    around.links().forget(this);
  }

  /** Not even its kernel answers. */
  final boolean isPowerless() {
    return powerless;
  }

  /** Does it after a while, if this life still goes on then. */
  final void later(long nanos, Runnable action) {
    int mine = life;
    inAnyLife(
        nanos,
        () -> {
          if (alive && life == mine) {
            whenRunning(action);
          }
        });
  }

  /** Something happens to its kernel after a while. */
  final void inAnyLife(long nanos, Runnable action) {
    due++;
    timeline()
        .after(
            nanos,
            () -> {
              due--;
              finishStep();
              action.run();
            });
  }

  /** Does it now, or as soon as the process runs again. */
  final void whenRunning(Runnable action) {
    if (paused) {
      held.add(action);
    } else {
      action.run();
    }
  }

  /** The process does not run from now on, and does not know it. */
  final void pause() {
    requireAlive();
    note("stands still");
    paused = true;
  }

  /** It runs again; all that came meanwhile is there at once. Nothing when it died meanwhile. */
  final void resume() {
    if (paused) {
      note("runs again");
      paused = false;
      var actions = List.copyOf(held);
      held.clear();
      actions.forEach(action -> later(0, action));
    }
  }

  /** From now on a step with what came keeps the brain busy so much longer. */
  final void slow(long nanos) {
    comeBack();
    slowNanos = nanos;
  }

  /** The clock of the process is further on by this. */
  final void jump(long nanos) {
    note("'s clock jumps by " + nanos + " ns");
    clockAheadNanos += nanos;
    wakeAt = OptionalLong.empty();
    if (alive) {
      rest();
    }
  }

  /** What its own clock shows: it differs from that of others, as that of the system does. */
  final long clock() {
    return timeline().now() + clockAheadNanos;
  }

  /**
   * Something comes over the network. A brain that has just taken what came is busy with it for a
   * while; what comes meanwhile is taken together, as it is by an event loop.
   */
  final void receive(SpeakerEvent event) {
    comeBack();
    arrive(new Arrival.Happened(event), () -> {});
  }

  /** A message comes; {@code read}: done as soon as there is room and the process runs. */
  final void receive(Arrival.Came message, Runnable read) {
    if (message.onlyAnnounces() && (isApart() || isIdle() && own.leave(this))) {
      read.run();
      own.come(() -> arrive(message, () -> {}));
    } else {
      comeBack();
      arrive(message, read);
    }
  }

  /** A connection stands, as the event says. */
  final void open(long connection, SpeakerEvent event) {
    comeBack();
    arrive(new Arrival.Opened(connection, new MessageCodec(), event), () -> {});
  }

  private void arrive(Arrival arrival, Runnable read) {
    inbox.add(timeline().now(), arrival, !paused, read);
    takeWhenFree();
  }

  /** Events that came and were not taken. */
  final int waiting() {
    comeBack();
    return inbox.waiting();
  }

  /** Those of {@link #waiting} that have left TCP. */
  final int queued() {
    comeBack();
    return inbox.queued();
  }

  /** Something waits, and nothing was taken for so long. */
  final boolean isBehind(Duration most) {
    comeBack();
    return inbox.isBehind(timeline().now(), most);
  }

  /** True while it is busy with what came before. */
  final boolean isBusy() {
    return timeline().now() < busyUntilNanos;
  }

  /** Sees to it that it takes what came, now or when it is no longer busy. */
  final void takeWhenFree() {
    if (!willTake) {
      willTake = true;
      later(Math.max(0, busyUntilNanos - timeline().now()), this::takeInbox);
    }
  }

  private void takeInbox() {
    var arrivals = inbox.take(timeline().now());
    willTake = false;
    if (!arrivals.isEmpty()) {
      busyUntilNanos = timeline().now() + stepNanos() + slowNanos;
    }
    take(arrivals);
    if (inbox.queued() > 0) {
      takeWhenFree();
    }
  }

  /** The brain takes something that did not come over the network. */
  final void take(SpeakerEvent event) {
    take(List.of(new Arrival.Happened(event)));
  }

  /** Sees to it that the brain is woken at its next deadline. */
  private void rest() {
    var next = nextDeadline;
    if (next.isPresent() && (wakeAt.isEmpty() || next.getAsLong() < wakeAt.getAsLong())) {
      wakeAt = next;
      long when = timeline().now() + next.getAsLong() - clock();
      int mine = life;
      tell(() -> wakeLater(when, mine));
    }
  }

  private void wakeLater(long when, int mine) {
    if (isApart() && when < world.now()) {
      throw new IllegalStateException(
          name + " was apart when it was to be woken at " + when + " ns");
    }
    world.at(
        when,
        () -> {
          finish();
          if (alive && life == mine) {
            whenRunning(this::wake);
          }
        });
  }

  private void wake() {
    if (wakeAt.isPresent() && wakeAt.getAsLong() <= clock()) {
      wakeAt = OptionalLong.empty();
      if (nextDeadline.isPresent() && nextDeadline.getAsLong() <= clock()) {
        deadlineReached();
      } else {
        rest();
      }
    }
  }

  /** Does what concerns connections, as prepared; the rest is for the brain's own user. */
  final void carryOut(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Connect(var peer) -> links(effect).connect(this, peer);
      case SpeakerEffect.Send(long connection, var messages) ->
          links(effect).send(connection, messages, connections.prepared());
      case SpeakerEffect.Close(long connection, _) -> links(effect).close(connection);
      case SpeakerEffect.BestPathChanged _,
          SpeakerEffect.PeerUp _,
          SpeakerEffect.PeerDown _,
          SpeakerEffect.EndOfRibReceived _,
          SpeakerEffect.Report _ -> {}
    }
  }

  /** It is where the world is when it says something. */
  final void requireNotApart(Object said) {
    if (isApart()) {
      throw new IllegalStateException(name + " speaks while it is apart: " + said);
    }
  }

  private Links links(SpeakerEffect said) {
    requireNotApart(said);
    return around.links();
  }

  /**
   * Whether nothing of it is under way, as far as its subclass knows, so that it may be apart: what
   * others announce it takes in without a word to anybody.
   */
  abstract boolean isAtRest();

  abstract void begin();

  abstract void end();

  /** Nothing of this machine's own follows sooner from what it thinks. */
  long longestThought() {
    return stepNanos();
  }

  /** How long a step with what came keeps the brain busy. */
  abstract long stepNanos();

  abstract void take(List<Arrival> arrivals);

  /** The brain's own; within a thought. */
  abstract OptionalLong nextDeadline();

  abstract void deadlineReached();
}
