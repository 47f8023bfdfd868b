package io.weft.kubernetes.nodes;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.api.KeptCollection;
import io.weft.kubernetes.api.KeptObjects;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Finds the nodes that reflect routes, without anything being configured: those with the label
 * {@link SpeakerNode#REFLECTOR}, or where none has it the first three by name. So up to four nodes
 * are a full mesh, a fifth is a client of three, and no node has more than three sessions.
 *
 * <p>Made for thousands of nodes: labelled nodes are watched by their label, and of the others the
 * first three are read now and then. Only a reflector reads all, because it lets nobody else in.
 */
public final class SpeakerNodes implements AutoCloseable {
  /** Reflectors where no node has the label: enough to lose one during the upgrade of another. */
  static final int AUTOMATIC = 3;

  /** Reflectors that are used where nodes have the label; further ones by name are not. */
  static final int MOST = 16;

  /** Nodes come while a cluster is built; later the first three hardly change. */
  private static final Duration SOON = Duration.ofSeconds(10);

  private static final Duration LATER = Duration.ofMinutes(5);

  /** Who no longer reflects stays so long, until every node has its routes from others. */
  private static final Duration RETIRING = Duration.ofSeconds(10);

  /** How long a copy that is being written is waited for. */
  private static final Duration CLOSING = Duration.ofSeconds(2);

  /** Where an agent can run. */
  private static final ApiCollection ALL =
      ApiCollection.of("/api/v1/nodes").labelled("kubernetes.io/os", "linux");

  /** Names the copy of what was chosen; nobody is asked for it. */
  private static final ApiCollection CHOSEN = ApiCollection.of("/api/v1/speakers");

  private final ApiClient client;
  private final String self;
  private final Optional<KeptCollection> kept;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("weft-nodes-timer").factory());
  private final Nodes labelled = new Nodes("nodes with the label " + SpeakerNode.REFLECTOR);
  private final Nodes everyone = new Nodes("all nodes");

  /** Read without the lock: who is told of a change may hold one of its own. */
  private volatile ClusterSpeakers speakers = ClusterSpeakers.NONE;

  // Guarded by this.
  private final List<ApiWatch<SpeakerNode>> watches = new ArrayList<>();
  private final SortedMap<String, SpeakerNode> retiring = new TreeMap<>();
  private SortedMap<String, SpeakerNode> chosen = Collections.emptySortedMap();
  private SortedMap<String, SpeakerNode> first = Collections.emptySortedMap();
  private Optional<String> firstTrouble = Optional.of("not asked yet");
  private boolean firstAnswered;
  private boolean everyoneWatched;
  private boolean copyInUse;
  private boolean copied;
  private Optional<Consumer<ClusterSpeakers>> consumer = Optional.empty();

  private SpeakerNodes(ApiClient client, String self, Optional<KeptObjects> kept) {
    this.client = client;
    this.self = self;
    this.kept = kept.map(each -> each.collection(CHOSEN, Optional::of, timer));
  }

  /**
   * Looks, and keeps looking until it is closed; the client is closed with it. Where the server
   * refuses to tell of nodes, there are none and {@link ClusterSpeakers#problems} says why.
   *
   * @param self the name of this node
   * @param patience how long it is waited for the server
   * @param kept where a copy is of what was found last, for a start while the server is away
   * @throws IOException when it has not answered by then, and there is no copy
   */
  public static SpeakerNodes open(
      ApiClient client, String self, Duration patience, Optional<KeptObjects> kept)
      throws IOException, InterruptedException {
    var nodes = new SpeakerNodes(client, self, kept);
    try {
      nodes.begin(patience);
      return nodes;
    } catch (IOException | InterruptedException | RuntimeException e) {
      nodes.close();
      throw e;
    }
  }

  private synchronized void begin(Duration patience) throws IOException, InterruptedException {
    watches.add(watch(ALL.labelled(SpeakerNode.REFLECTOR, "true"), labelled));
    Thread.ofVirtual().name("first nodes").start(this::look);
    long end = System.nanoTime() + patience.toNanos();
    while (!isKnown()) {
      long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (millis <= 0) {
        throw new IOException(
            "the nodes of the cluster are not known after %d s: %s"
                .formatted(patience.toSeconds(), String.join("; ", speakers.problems())));
      }
      wait(millis);
    }
  }

  private boolean isKnown() {
    return copyInUse || isHeard();
  }

  /** The server has said all that is asked for. */
  private boolean isHeard() {
    return labelled.answered && firstAnswered && (!everyoneWatched || everyone.answered);
  }

  private ApiWatch<SpeakerNode> watch(ApiCollection collection, Nodes into) {
    return ApiWatch.start(client, collection, SpeakerNode::of, into, timer);
  }

  /** What is known now. */
  public ClusterSpeakers speakers() {
    return speakers;
  }

  /** Calls {@code next} with what is known at each change, on threads of its own, one at a time. */
  public synchronized void watch(Consumer<ClusterSpeakers> next) {
    consumer = Optional.of(next);
    next.accept(speakers);
  }

  private void look() {
    try {
      while (!closed.await(lookOnce().toMillis(), TimeUnit.MILLISECONDS)) {}
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** How long to wait before the next look; by chance, so that nodes do not come all at once. */
  private Duration lookOnce() throws InterruptedException {
    var found = new TreeMap<String, SpeakerNode>();
    Optional<ApiFailure> trouble = Optional.empty();
    try {
      for (var object : client.first(ALL, AUTOMATIC)) {
        found.put(ApiWatch.key(object), SpeakerNode.of(object));
      }
    } catch (ApiFailure failure) {
      trouble = Optional.of(failure);
    }
    synchronized (this) {
      firstTrouble = trouble.map(Throwable::getMessage);
      firstAnswered |= trouble.map(failure -> !failure.isAway()).orElse(true);
      if (trouble.isEmpty()) {
        first = found;
      } else if (trouble.get().isAway() && !isHeard() && !copyInUse) {
        kept.flatMap(KeptCollection::read).ifPresent(this::useCopy);
      }
      choose();
      boolean enough = trouble.isEmpty() && (found.size() == AUTOMATIC || !labelled.all.isEmpty());
      long millis = (enough ? LATER : SOON).toMillis();
      return Duration.ofMillis(ThreadLocalRandom.current().nextLong(millis / 2, millis + 1));
    }
  }

  /** Guarded by this. */
  private void useCopy(List<JsonNode> copy) {
    var all = copy.stream().map(SpeakerNode::of).toList();
    var reflectors = all.stream().filter(SpeakerNode::reflector).toList();
    boolean reflects = reflectors.stream().anyMatch(node -> node.name().equals(self));
    var former = new TreeMap<String, SpeakerNode>();
    reflectors.forEach(node -> former.put(node.name(), node));
    chosen = former;
    copyInUse = true;
    tell(new ClusterSpeakers(reflectors, reflects ? all : List.of(), List.of()));
  }

  /** Guarded by this. */
  private void keep(ClusterSpeakers now) {
    var all = new TreeMap<String, SpeakerNode>();
    now.clients().forEach(node -> all.put(node.name(), node));
    now.reflectors().forEach(node -> all.put(node.name(), node));
    kept.ifPresent(
        copy -> {
          var octets = new TreeMap<String, byte[]>();
          for (var node : all.values()) {
            copy.octets(node.object(now.reflectors().contains(node)))
                .ifPresent(each -> octets.put(node.name(), each));
          }
          copy.listed(octets);
        });
  }

  /** Guarded by this. */
  private void choose() {
    if (!isHeard() && copyInUse) {
      notifyAll();
      return; // half of what is new would be less than the copy
    }
    var next = new TreeMap<String, SpeakerNode>();
    (labelled.all.isEmpty() ? first : labelled.all)
        .values().stream().limit(MOST).forEach(node -> next.put(node.name(), node));
    retire(chosen, next);
    chosen = next;
    var all = new TreeMap<>(retiring);
    all.putAll(next);
    var reflectors = List.copyOf(all.values());
    boolean reflects = reflectors.stream().anyMatch(node -> node.name().equals(self));
    if (reflects && !everyoneWatched && closed.getCount() > 0) {
      everyoneWatched = true; // and stays so: who was a reflector once may be it again
      watches.add(watch(ALL, everyone));
      if (copyInUse) {
        notifyAll();
        return; // its clients stay until all nodes are listed
      }
    }
    var problems = new ArrayList<String>();
    labelled.trouble.ifPresent(problems::add);
    firstTrouble.map(why -> "the first nodes: " + why).ifPresent(problems::add);
    everyone.trouble.ifPresent(problems::add);
    var clients = reflects ? List.copyOf(everyone.all.values()) : List.<SpeakerNode>of();
    tell(new ClusterSpeakers(reflectors, clients, problems));
  }

  private void tell(ClusterSpeakers next) {
    boolean another = !next.equals(speakers);
    if (isHeard() && (another || copyInUse || !copied)) { // that there is nobody is kept as well
      copyInUse = false;
      copied = true;
      keep(next);
    }
    if (another) {
      speakers = next;
      consumer.ifPresent(each -> each.accept(next));
    }
    notifyAll();
  }

  /** Sessions with the new ones come before those with the old ones go: no route is missed. */
  private void retire(SortedMap<String, SpeakerNode> former, SortedMap<String, SpeakerNode> next) {
    retiring.keySet().removeAll(next.keySet());
    for (var node : former.values()) {
      if (!next.containsKey(node.name()) && closed.getCount() > 0) {
        retiring.put(node.name(), node);
        var _ = timer.schedule(() -> retired(node), RETIRING.toMillis(), TimeUnit.MILLISECONDS);
      }
    }
  }

  private synchronized void retired(SpeakerNode node) {
    if (!chosen.containsKey(node.name())) {
      retiring.remove(node.name());
      choose();
    }
  }

  /** Nodes that are watched together; guarded by the outer object. */
  private final class Nodes implements ApiWatch.Sink<SpeakerNode> {
    private final String name;
    private SortedMap<String, SpeakerNode> all = new TreeMap<>();
    private Optional<String> trouble = Optional.empty();
    private boolean answered;

    Nodes(String name) {
      this.name = name;
    }

    @Override
    public void listed(SortedMap<String, SpeakerNode> objects) {
      change(() -> all = new TreeMap<>(objects), true);
    }

    @Override
    public void changed(String key, SpeakerNode object) {
      change(() -> all.put(key, object), true);
    }

    @Override
    public void removed(String key) {
      change(() -> all.remove(key), true);
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      change(
          () -> trouble = why.map(failure -> name + ": " + failure.getMessage()),
          why.map(failure -> !failure.isAway()).orElse(true));
    }

    private void change(Runnable change, boolean answer) {
      synchronized (SpeakerNodes.this) {
        change.run();
        answered |= answer;
        choose();
      }
    }
  }

  /** Ends the looking. Afterwards no call of a consumer begins. */
  @Override
  public void close() {
    closed.countDown();
    List<ApiWatch<SpeakerNode>> ending;
    synchronized (this) {
      consumer = Optional.empty();
      ending = List.copyOf(watches);
    }
    client.close();
    ending.forEach(ApiWatch::close);
    timer.shutdownNow();
    try {
      // Whoever opens the copy next must not meet one that is being written.
      var _ = timer.awaitTermination(CLOSING.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
