package io.weft.simulation;

import io.weft.overlay.cluster.ClusterController;
import io.weft.overlay.cluster.ControllerEffect;
import io.weft.overlay.cluster.ControllerEvent;
import io.weft.overlay.cluster.Moment;
import java.time.Instant;
import java.util.Optional;
import java.util.OptionalLong;

/** A replica of the controller: its brain, which may crash, over the API. */
final class ControllerProcess implements ApiListener {
  private static final Instant BEGINNING = Instant.parse("2030-01-01T00:00:00Z");

  private final String name;
  private final Timeline timeline;
  private final Trace trace;
  private final ApiServer api;
  private int life;
  private long wallAheadMillis;
  private long wakeAt;
  private Optional<Life> running = Optional.empty();

  private record Life(int number, ClusterController brain, ApiServer.Client client) {}

  ControllerProcess(String name, Timeline timeline, Trace trace, ApiServer api) {
    this.name = name;
    this.timeline = timeline;
    this.trace = trace;
    this.api = api;
  }

  boolean isAlive() {
    return running.isPresent();
  }

  boolean leads() {
    return running.filter(now -> now.brain().view().leads()).isPresent();
  }

  void start() {
    trace.add(name, "starts");
    wakeAt = Long.MAX_VALUE;
    life++;
    var brain = new ClusterController(name + "-" + life, now());
    running = Optional.of(new Life(life, brain, api.connect(this, Optional.empty())));
    step(new ControllerEvent.DeadlineReached());
  }

  void crash() {
    trace.add(name, "crashes");
    running.orElseThrow().client().close();
    running = Optional.empty();
  }

  /** What people and others read of its clock is further on by this, or back. */
  void jump(long millis) {
    trace.add(name, "'s wall clock jumps by " + millis + " ms");
    wallAheadMillis += millis;
  }

  ApiServer.Client client() {
    return running.orElseThrow().client();
  }

  private Moment now() {
    return new Moment(
        timeline.now(), BEGINNING.plusNanos(timeline.now()).plusMillis(wallAheadMillis));
  }

  @Override
  public void seen() {
    running.ifPresent(
        now ->
            step(new ControllerEvent.ClusterSeen(now.client().objects(), now.client().claims())));
  }

  @Override
  public void away() {
    step(new ControllerEvent.SightChanged(false));
  }

  private void step(ControllerEvent event) {
    running.ifPresent(
        now -> {
          trace.add(name, "<- " + event.getClass().getSimpleName());
          for (var effect : now.brain().step(now(), event)) {
            trace.add(name, "-> " + effect);
            if (effect instanceof ControllerEffect.Call(long id, var call)) {
              now.client()
                  .call(
                      call,
                      outcome -> {
                        if (isLife(now.number())) {
                          step(new ControllerEvent.CallEnded(id, outcome));
                        }
                      });
            }
          }
          rest(now);
        });
  }

  private boolean isLife(int number) {
    return running.filter(now -> now.number() == number).isPresent();
  }

  private void rest(Life now) {
    OptionalLong next = now.brain().nextDeadline();
    if (next.isPresent() && next.getAsLong() < wakeAt) {
      wakeAt = Math.max(timeline.now() + 1, next.getAsLong());
      long mine = wakeAt;
      timeline.at(
          mine,
          () -> {
            if (isLife(now.number()) && wakeAt == mine) {
              wakeAt = Long.MAX_VALUE;
              step(new ControllerEvent.DeadlineReached());
            }
          });
    }
  }
}
