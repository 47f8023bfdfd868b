package io.weft.agent.cni;

import java.io.IOException;
import java.nio.file.ClosedWatchServiceException;
import java.nio.file.FileSystems;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardWatchEventKinds;
import java.nio.file.WatchKey;
import java.nio.file.WatchService;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps Weft's configuration in line while those of other plugins come, change and go. Who takes
 * Weft's away is not fought: it is written again after a pause that grows, and the problem is told.
 */
public final class ConfigurationWatch implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigurationWatch.class);

  /** Without an event it looks so often: a directory may come, or be another. */
  private static final Duration AT_LEAST = Duration.ofSeconds(10);

  /** Others write in several steps. */
  private static final Duration CALM = Duration.ofMillis(50);

  private static final Duration CLOSING = Duration.ofSeconds(5);

  private final PluginConfiguration configuration;
  private final WatchService events;
  private final Losses losses;
  private final Thread thread;
  private volatile Optional<String> problem = Optional.empty();
  private volatile boolean closed;

  // Of the thread alone.
  private @Nullable WatchKey key;
  private String said = "CNI: " + PluginConfiguration.NOT_INSTALLED;

  private ConfigurationWatch(Path directory, Duration pause) throws IOException {
    this.configuration = new PluginConfiguration(directory, "agent");
    this.events = FileSystems.getDefault().newWatchService();
    this.losses = new Losses(pause);
    this.thread = Thread.ofVirtual().name("weft-cni-configuration").unstarted(this::run);
  }

  /** Begins, in a directory where the runtime looks; it need not be there. */
  public static ConfigurationWatch start(Path directory) throws IOException {
    return start(directory, Duration.ofSeconds(2));
  }

  /** With another first pause before a file that was taken away is written again. */
  static ConfigurationWatch start(Path directory, Duration pause) throws IOException {
    var watch = new ConfigurationWatch(directory, pause);
    watch.thread.start();
    return watch;
  }

  /** What keeps the plugin from pods, a line each. */
  public List<String> problems() {
    return problem.stream().toList();
  }

  private void run() {
    try {
      while (!closed) {
        register();
        look();
        var event = events.poll(losses.pauseOr(AT_LEAST).toMillis(), TimeUnit.MILLISECONDS);
        if (event != null) {
          Thread.sleep(CALM);
          event.pollEvents();
          event.reset();
        }
      }
    } catch (InterruptedException | ClosedWatchServiceException _) {
      // closed
    }
  }

  private void register() {
    if (key != null && key.isValid()) {
      return;
    }
    try {
      key =
          configuration
              .directory()
              .register(
                  events,
                  StandardWatchEventKinds.ENTRY_CREATE,
                  StandardWatchEventKinds.ENTRY_MODIFY,
                  StandardWatchEventKinds.ENTRY_DELETE);
    } catch (IOException e) {
      LOG.debug("{} is not watched: {}", configuration.directory(), e.toString());
    }
  }

  private void look() {
    try {
      boolean wanted = configuration.wish().isPresent();
      if (wanted && losses.see(Files.exists(configuration.file()), System.nanoTime())) {
        problem = Optional.of(takenAway());
        say(problem.get());
        return;
      }
      var settled = configuration.settle();
      losses.settled(settled.stands(), System.nanoTime());
      problem = settled.problem();
      say(problem.orElse("CNI: " + settled.words()));
    } catch (IOException e) {
      problem = Optional.of("CNI configuration: " + e.getMessage());
      say(problem.get());
    } catch (RuntimeException e) {
      problem = Optional.of("CNI configuration: it is as it was; this is a defect of Weft: " + e);
      if (!problem.get().equals(said)) {
        LOG.error("the CNI configuration is not looked after", e);
      }
      say(problem.get());
    }
  }

  private String takenAway() {
    boolean cilium =
        Files.exists(configuration.directory().resolve(PluginConfiguration.TAKEN_BY_CILIUM));
    return "%s is taken away by %s: new pods get no interface of Weft's; %s"
        .formatted(
            configuration.file(),
            cilium ? "Cilium" : "another program",
            cilium
                ? "set cni.exclusive=false in the values of Cilium's chart"
                : "it is written again after a pause; find out who removes it");
  }

  private void say(String words) {
    if (!words.equals(said)) {
      said = words;
      if (problem.isPresent()) {
        LOG.warn(words);
      } else {
        LOG.info(words);
      }
    }
  }

  /** How often the file went without us, and when it is written again. Of one thread. */
  private static final class Losses {
    private static final Duration MOST = Duration.ofMinutes(5);
    private static final int MOST_DOUBLINGS = 8;

    private final Duration pause;
    private boolean stood;
    private long since = System.nanoTime();
    private long notBefore = since;
    private int count;

    Losses(Duration pause) {
      this.pause = pause;
    }

    /** True while the file is gone without us, and is not to be written yet. */
    boolean see(boolean stands, long now) {
      if (stood && !stands) {
        count = now - since > MOST.toNanos() ? 0 : count;
        var next = pause.multipliedBy(1L << Math.min(count++, MOST_DOUBLINGS));
        notBefore = now + (next.compareTo(MOST) < 0 ? next : MOST).toNanos();
        stood = false;
      }
      return !stands && notBefore - now > 0;
    }

    void settled(boolean stands, long now) {
      since = stands && !stood ? now : since;
      stood = stands;
    }

    Duration pauseOr(Duration usual) {
      var left = Duration.ofNanos(notBefore - System.nanoTime());
      return left.isPositive() && left.compareTo(usual) < 0 ? left.plusMillis(1) : usual;
    }
  }

  @Override
  public void close() throws IOException {
    closed = true;
    thread.interrupt();
    events.close();
    try {
      thread.join(CLOSING);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
