package io.weft.agent.intent;

import io.weft.agent.DaemonFailure;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.intent.IntentSource;
import io.weft.kubernetes.yaml.Problem;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
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
  private final Optional<ApiClient> client;
  private final Optional<KeptObjects> kept;
  private final List<String> keptProblems;
  private final Secrets secrets;
  private volatile Configuration current;
  private volatile boolean closed;

  private ConfigurationSource(
      IntentSource resources,
      Optional<ApiClient> client,
      Optional<KeptObjects> kept,
      List<String> keptProblems,
      Secrets secrets) {
    this.resources = resources;
    this.client = client;
    this.kept = kept;
    this.keptProblems = keptProblems;
    this.secrets = secrets;
    this.current = read(resources.reading());
  }

  /**
   * Reads the resources, and the secrets, which must be root's.
   *
   * @param state directory where a copy of what an API says is kept, for a start while it is away
   * @throws IOException as {@link IntentPlace#open} does
   */
  public static ConfigurationSource open(IntentPlace place, Path state) throws IOException {
    return open(place, state, new Secrets());
  }

  static ConfigurationSource open(IntentPlace place, Path state, Secrets secrets)
      throws IOException {
    var access = place.access();
    Optional<KeptObjects> kept = Optional.empty();
    List<String> problems = List.of();
    try {
      if (access.isPresent()) {
        kept = Optional.of(KeptObjects.open(state, access.get()));
      }
    } catch (IOException e) {
      problems = List.of("no copy is kept of what the Kubernetes API says: " + e.getMessage());
      problems.forEach(LOG::warn);
    }
    Optional<ApiClient> client =
        access.isPresent() ? Optional.of(new ApiClient(access.get())) : Optional.empty();
    return new ConfigurationSource(place.open(client, kept), client, kept, problems, secrets);
  }

  /** One more client of the API, by the connection that the resources come by. */
  public Optional<ApiClient> client() {
    return client.map(ApiClient::sharing);
  }

  /** Where copies of what the API says are kept; empty where there is no API, or no place. */
  public Optional<KeptObjects> kept() {
    return kept;
  }

  /** What is wrong with the copies, and how old the one is that is in force, a line each. */
  public List<String> keptProblems() {
    var problems = new ArrayList<>(keptProblems);
    kept.ifPresent(each -> problems.addAll(each.problems()));
    kept.flatMap(KeptObjects::oldestInUse)
        .ifPresent(
            at ->
                problems.add(
                    "the Kubernetes API has not answered since the start; what was kept at %s, %s ago, is in force"
                        .formatted(at, age(Duration.between(at, Instant.now())))));
    return problems;
  }

  private static String age(Duration age) {
    long minutes = Math.max(0, age.toMinutes());
    return minutes < 60 ? minutes + " min" : minutes / 60 + " h " + minutes % 60 + " min";
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
      logNew(next.problems(), current.problems()); // who is told of them finds them in the log
      current = next;
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
