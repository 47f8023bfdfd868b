package io.weft.agent.intent;

import io.weft.agent.DaemonFailure;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.intent.IntentSource;
import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Where a daemon has its configuration from: resources, and the files of secrets that they name,
 * both watched. From {@link #watch} on a problem is logged when it appears.
 */
public final class ConfigurationSource implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ConfigurationSource.class);

  /** How often files of secrets are read again, where there are any. */
  private static final Duration SECRETS_REREAD = Duration.ofSeconds(2);

  private final IntentSource resources;
  private final Secrets secrets;
  private volatile Configuration current;
  private volatile boolean closed;

  private ConfigurationSource(IntentSource resources, Secrets secrets) {
    this.resources = resources;
    this.secrets = secrets;
    this.current = read(resources.reading());
  }

  /**
   * Reads the resources, and the secrets, which must be root's.
   *
   * @throws IOException as {@link IntentPlace#open} does
   */
  public static ConfigurationSource open(IntentPlace place) throws IOException {
    return open(place, new Secrets());
  }

  static ConfigurationSource open(IntentPlace place, Secrets secrets) throws IOException {
    return new ConfigurationSource(place.open(), secrets);
  }

  /**
   * Refuses to go on with the default in place of a Fabric that cannot be read: it has no peers.
   *
   * @param consequence for the one who reads the message
   * @throws DaemonFailure with each problem, its file and line
   */
  public void requireFabric(String consequence) throws DaemonFailure {
    var problems = current.reading().fabricProblems();
    if (!problems.isEmpty()) {
      throw new DaemonFailure(
          String.join("\n", problems.stream().map(Problem::toString).toList())
              + "\n"
              + consequence
              + "; mend the file and start again");
    }
  }

  /** What is in force. */
  public Configuration current() {
    return current;
  }

  /** Calls {@code consumer}, on threads of its own but never on two at once, at each change. */
  public void watch(Consumer<Configuration> consumer) {
    logNew(current.problems(), List.of());
    resources.watch(reading -> change(reading, consumer));
    Thread.ofVirtual().name("weft-secrets").start(() -> rereadSecrets(consumer));
  }

  private void rereadSecrets(Consumer<Configuration> consumer) {
    try {
      while (!closed) {
        Thread.sleep(SECRETS_REREAD);
        rereadSecretsOnce(consumer);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * Whatever a change runs into, the next one must be seen: an old password would stay for ever.
   */
  private synchronized void rereadSecretsOnce(Consumer<Configuration> consumer) {
    try {
      if (!closed) {
        change(current.reading(), consumer);
      }
    } catch (RuntimeException e) {
      LOG.error("a changed secret could not be carried out", e);
    }
  }

  private synchronized void change(IntentReading reading, Consumer<Configuration> consumer) {
    var next = read(reading);
    if (!next.equals(current)) {
      var known = current.problems();
      current = next;
      logNew(next.problems(), known);
      consumer.accept(next);
    }
  }

  private Configuration read(IntentReading reading) {
    return new Configuration(reading, secrets.read(reading.intent()));
  }

  private static void logNew(List<String> problems, List<String> known) {
    problems.stream()
        .filter(problem -> !known.contains(problem))
        .forEach(problem -> LOG.warn("{}", problem));
  }

  /** Ends the watching. */
  @Override
  public void close() {
    closed = true;
    resources.close();
  }
}
