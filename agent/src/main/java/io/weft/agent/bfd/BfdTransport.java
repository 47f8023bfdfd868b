package io.weft.agent.bfd;

import io.weft.bfd.Bfd;
import io.weft.bfd.BfdEffect;
import io.weft.bfd.BfdEvent;
import io.weft.bfd.BfdSettings;
import io.weft.bfd.BfdView;
import io.weft.bfd.SessionKey;
import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Libc;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BFD sessions: UDP 3784 for one hop (RFC 5881 §4), 4784 for several (RFC 5883 §5). One platform
 * thread owns the brain and the sockets. After each wait it first reads what has come and only then
 * looks at deadlines, so that a delay of this process alone takes no path down.
 */
public final class BfdTransport implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(BfdTransport.class);
  private static final int REQUESTS = 64;

  private final Consumer<PathState> listener;
  private final SecureRandom random = new SecureRandom();
  private final Bfd brain = new Bfd(random.nextLong());
  private final BfdSockets sockets = new BfdSockets(random);
  private final ArrayBlockingQueue<Runnable> requests = new ArrayBlockingQueue<>(REQUESTS);
  private final Object waking = new Object();
  private final Thread thread;
  private Descriptor wake = Libc.eventfd();
  private boolean ended;
  private volatile boolean running = true;

  /**
   * Starts; sockets are made in the network namespace of the calling thread.
   *
   * @param listener told of each change, on the thread of BFD: must hand over and return
   */
  public BfdTransport(Consumer<PathState> listener) {
    this.listener = listener;
    // A thread inherits the namespace of its parent: the sockets are made there too.
    this.thread = Thread.ofPlatform().name("bfd").daemon(true).start(this::run);
  }

  /**
   * Makes exactly these sessions run.
   *
   * @return why some of them hear nothing, such as an address or port that cannot be had; tried
   *     again at the next call
   */
  public List<String> sessions(List<BfdSettings> wanted) {
    var event = new BfdEvent.SessionsChanged(wanted);
    return ask(
        () -> {
          var keys = new TreeSet<SessionKey>();
          wanted.forEach(session -> keys.add(session.key()));
          var leaving =
              brain.view().sessions().stream()
                  .map(BfdView.SessionView::settings)
                  .filter(session -> !keys.contains(session.key()))
                  .toList();
          var troubles = sockets.change(wanted, leaving);
          step(event);
          return troubles;
        });
  }

  /** How all sessions stand. */
  public BfdView view() {
    return ask(brain::view);
  }

  /** Tells every peer that the session is down on purpose, once, and ends. */
  @Override
  public void close() {
    if (running) {
      var _ = sessions(List.of());
      running = false;
      raise();
      try {
        thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
      }
    }
  }

  private <T> T ask(Supplier<T> question) {
    var answer = new CompletableFuture<T>();
    Runnable request =
        () -> {
          try {
            answer.complete(question.get());
          } catch (RuntimeException e) {
            answer.completeExceptionally(e);
          }
        };
    try {
      if (!running || !requests.offer(request, 5, TimeUnit.SECONDS)) {
        throw new IllegalStateException("BFD has ended or does not answer");
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException("interrupted while asking BFD", e);
    }
    raise();
    return answer.orTimeout(5, TimeUnit.SECONDS).join();
  }

  private void raise() {
    synchronized (waking) {
      if (thread.isAlive() && !ended) {
        Libc.raise(wake);
      }
    }
  }

  private void run() {
    try {
      while (running) {
        once();
      }
    } catch (RuntimeException | Error e) {
      LOG.error("BFD failed; this is a defect of Weft. No path is watched any more.", e);
    } finally {
      running = false;
      sockets.close();
      synchronized (waking) {
        ended = true;
        wake.close();
      }
    }
  }

  private void once() {
    var descriptors = new ArrayList<>(sockets.descriptors());
    descriptors.add(wakeDescriptor());
    int ready = Libc.poll(waitMillis(), descriptors.toArray(Descriptor[]::new));
    if (ready > 0) {
      sockets.drain(this::step);
      answerRequests();
    }
    var deadline = brain.nextDeadline();
    if (deadline.isPresent() && deadline.getAsLong() <= System.nanoTime()) {
      sockets.drain(this::step);
      step(new BfdEvent.DeadlineReached());
    }
  }

  private int waitMillis() {
    var deadline = brain.nextDeadline();
    if (deadline.isEmpty()) {
      return -1;
    }
    long nanos = Math.max(0, deadline.getAsLong() - System.nanoTime());
    return (int) Math.min(Integer.MAX_VALUE, (nanos + 999_999) / 1_000_000);
  }

  private Descriptor wakeDescriptor() {
    synchronized (waking) {
      return wake;
    }
  }

  private void answerRequests() {
    synchronized (waking) {
      if (requests.isEmpty() || !running) {
        return;
      }
      wake.close(); // it stays readable once raised
      wake = Libc.eventfd();
    }
    for (var request = requests.poll(); request != null; request = requests.poll()) {
      request.run();
    }
  }

  private void step(BfdEvent event) {
    for (var effect : brain.step(System.nanoTime(), event)) {
      switch (effect) {
        case BfdEffect.SendPacket(var session, var octets) -> sockets.send(session, octets);
        case BfdEffect.PathUp(var session) ->
            listener.accept(new PathState(session.peer(), true, false, "up"));
        case BfdEffect.PathDown(var session, var text, var administrative) ->
            listener.accept(new PathState(session.peer(), false, administrative, text));
        case BfdEffect.Report(var text) -> LOG.info("{}", text);
      }
    }
  }
}
