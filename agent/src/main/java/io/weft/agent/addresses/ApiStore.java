package io.weft.agent.addresses;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.api.KeptCollection;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.resource.Resource;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressRecord;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * The Kubernetes API: an {@code AddressBlock} or {@code AddressClaim} for each record. A name is
 * given once by the server, and an object changes only in the version that was seen. What is read
 * is kept up to date by watches, so reading asks nobody, also while the server is away; {@link
 * RecordView} sees to it that what was written is in it. A call whose answer is lost is looked
 * after: the object says whether it took effect.
 *
 * <p>An object that cannot be understood is left out and named by {@link #problems}: the others
 * hold.
 */
public final class ApiStore implements AddressStore {
  /** So long the first reading waits for the server. */
  private static final Duration FIRST = Duration.ofSeconds(5);

  /** After this no call is tried again: who waits for it is told. */
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private static final Duration LOOK = Duration.ofSeconds(1);

  private static final Duration BETWEEN = Duration.ofMillis(100);

  /**
   * A copy of blocks and claims that the server has not confirmed for so long is not used: a node
   * that was off so long may have been released ({@code weft addresses release}).
   */
  private static final Duration OLDEST = Duration.ofHours(1);

  /** Problems that are named. */
  private static final int MAX_PROBLEMS = 100;

  /** The version of what no server has said. */
  private static final String NEVER = "0";

  private final ApiClient client;
  private final String node;
  private final List<ApiWatch<Known>> watches = new ArrayList<>();
  private final Map<Sort, KeptCollection> copies = new EnumMap<>(Sort.class);

  // Guarded by this.
  private final Map<Sort, RecordView> views = new EnumMap<>(Sort.class);
  private final Map<Sort, ApiFailure> troubles = new EnumMap<>(Sort.class);
  private final Map<Sort, Boolean> copied = new EnumMap<>(Sort.class);
  private boolean readCopy;
  private long changes;
  private long read;
  private boolean closed;

  /** Kinds of records, and the names of their collections. */
  private enum Sort {
    BLOCK("AddressBlock", "addressblocks"),
    CLAIM("AddressClaim", "addressclaims");

    private final String kind;
    private final String plural;

    Sort(String kind, String plural) {
      this.kind = kind;
      this.plural = plural;
    }

    private ApiCollection collection() {
      return ApiCollection.of("/apis/" + Resource.API_VERSION + "/" + plural);
    }

    static Sort of(AddressRecord record) {
      return record instanceof AddressBlock ? BLOCK : CLAIM;
    }
  }

  /**
   * An object as it was at one version.
   *
   * @param stored what it says; empty when it cannot be understood, {@code problem} says why then
   */
  record Known(String version, Optional<Stored<?>> stored, String problem) {
    /** Never throws, whatever the object. */
    private static Known of(Sort sort, JsonNode object) {
      var version = object.at("/metadata/resourceVersion").asText();
      try {
        // Items of a list do not say what they are.
        var stored = RecordJson.read(object.<ObjectNode>deepCopy().put("kind", sort.kind));
        var name = object.at("/metadata/name").asText();
        return stored.record().name().equals(name)
            ? new Known(version, Optional.of(stored), "")
            : new Known(version, Optional.empty(), "its name should be " + stored.record().name());
      } catch (IllegalArgumentException e) {
        return new Known(version, Optional.empty(), String.valueOf(e.getMessage()));
      }
    }
  }

  private ApiStore(ApiClient client, String node) {
    this.client = client;
    this.node = node;
    for (var sort : Sort.values()) {
      views.put(sort, new RecordView());
    }
  }

  /**
   * Begins to watch; nothing is waited for. The client stays the caller's.
   *
   * @param timer as {@link ApiWatch#start} has it
   * @param node whose blocks are kept; those of others are not of use without the server
   * @param kept what is gone on with while the server is away from the start
   */
  public static ApiStore open(
      ApiClient client, ScheduledExecutorService timer, String node, Optional<KeptObjects> kept) {
    var store = new ApiStore(client, node);
    for (var sort : Sort.values()) {
      var copy =
          kept.map(
              each ->
                  each.collection(sort.collection(), object -> own(object, node), timer, OLDEST));
      copy.ifPresent(each -> store.copies.put(sort, each));
      store.watches.add(
          ApiWatch.start(
              client,
              sort.collection(),
              object -> Known.of(sort, object),
              store.new Watched(sort, copy),
              timer,
              copy));
    }
    return store;
  }

  /** Claims, and blocks of the node: what it needs to give out addresses by itself. */
  private static Optional<JsonNode> own(JsonNode object, String node) {
    var owner = object.at("/spec/node");
    if (!owner.isMissingNode() && !owner.asText().equals(node)) {
      return Optional.empty();
    }
    var part = JsonNodeFactory.instance.objectNode();
    part.putObject("metadata")
        .put("name", object.at("/metadata/name").asText())
        .put("resourceVersion", object.at("/metadata/resourceVersion").asText());
    part.set("spec", object.path("spec"));
    return Optional.of(part);
  }

  /** What the watch of a kind says, on its thread. */
  private final class Watched implements ApiWatch.Sink<Known> {
    private final Sort sort;
    private final Optional<KeptCollection> copy;

    Watched(Sort sort, Optional<KeptCollection> copy) {
      this.sort = sort;
      this.copy = copy;
    }

    @Override
    public void listed(SortedMap<String, Known> objects) {
      boolean isCopy = copy.filter(KeptCollection::isInUse).isPresent();
      change(
          () -> {
            view().listed(objects);
            copied.put(sort, isCopy);
          });
    }

    @Override
    public void changed(String key, Known object) {
      change(() -> view().changed(key, object));
    }

    @Override
    public void removed(String key) {
      change(() -> view().removed(key));
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      change(
          () -> why.ifPresentOrElse(each -> troubles.put(sort, each), () -> troubles.remove(sort)));
    }

    private RecordView view() {
      return ApiStore.this.view(sort);
    }
  }

  private synchronized void change(Runnable change) {
    change.run();
    changes++;
    notifyAll();
  }

  private RecordView view(Sort sort) {
    return Objects.requireNonNull(views.get(sort));
  }

  // ---- read -------------------------------------------------------------------------------

  @Override
  public AddressState read() throws IOException {
    awaitFirst();
    for (var sort : Sort.values()) {
      for (var name : doubtful(sort)) {
        look(sort, name);
      }
    }
    synchronized (this) {
      read = changes;
      readCopy = copied.containsValue(true);
      var records = new ArrayList<Stored<?>>();
      for (var view : views.values()) {
        view.objects().values().forEach(each -> each.stored().ifPresent(records::add));
      }
      return AddressState.of(records);
    }
  }

  private synchronized void awaitFirst() throws IOException {
    long end = System.nanoTime() + FIRST.toNanos();
    while (!closed && views.values().stream().anyMatch(each -> !each.isListed())) {
      var unknown =
          troubles.entrySet().stream()
              .filter(each -> each.getValue().isNotFound() || each.getValue().isForbidden())
              .findFirst();
      long millis = TimeUnit.NANOSECONDS.toMillis(end - System.nanoTime());
      if (unknown.isPresent()) {
        throw new IOException(words(unknown.get().getKey(), unknown.get().getValue()));
      }
      if (millis <= 0) {
        throw new IOException(
            troubles.values().stream()
                .findFirst()
                .map(Throwable::getMessage)
                .orElse(client.server() + " has not answered yet"));
      }
      try {
        wait(millis);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
  }

  private static String words(Sort sort, ApiFailure why) {
    return why.isNotFound()
        ? "the server does not know the kind " + sort.kind + ": kubectl apply -f deploy/crds"
        : String.valueOf(why.getMessage());
  }

  private synchronized List<String> doubtful(Sort sort) {
    return view(sort).doubtful();
  }

  /** Asks the server itself how the object is. */
  private void look(Sort sort, String name) throws IOException {
    long end = System.nanoTime() + LOOK.toNanos();
    while (true) {
      begin(sort, name);
      try {
        var found = Optional.of(Known.of(sort, client.get(sort.collection().item(name))));
        change(() -> learn(sort, found));
        return;
      } catch (ApiFailure e) {
        if (e.isNotFound()) {
          change(() -> learn(sort, Optional.empty()));
          return;
        }
        awaitAnotherTry(e, end);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
  }

  private static void awaitAnotherTry(ApiFailure e, long end) throws IOException {
    if (!e.isAway() || System.nanoTime() - end >= 0) {
      throw new IOException(e.getMessage(), e);
    }
    var wait = e.retryAfter().orElse(BETWEEN);
    try {
      Thread.sleep(wait.compareTo(PATIENCE) < 0 ? wait : PATIENCE);
    } catch (InterruptedException interruption) {
      throw interrupted(interruption);
    }
  }

  private void learn(Sort sort, Optional<Known> answer) {
    answer.ifPresentOrElse(view(sort)::learn, view(sort)::learnGone);
  }

  private synchronized void begin(Sort sort, String name) {
    view(sort).begin(name);
  }

  @Override
  public synchronized boolean isCopy() {
    return readCopy;
  }

  @Override
  public synchronized boolean mayHaveChanged() {
    return changes != read;
  }

  @Override
  public synchronized List<String> problems() {
    var problems = new ArrayList<String>();
    troubles.forEach(
        (sort, why) ->
            problems.add(
                "Kubernetes API: "
                    + sort.kind
                    + ": what was read before stays in force: "
                    + words(sort, why)));
    views.forEach(
        (sort, view) ->
            view.objects()
                .forEach(
                    (name, known) -> {
                      if (known.stored().isEmpty()) {
                        problems.add(
                            "Kubernetes API: %s %s is not used: %s"
                                .formatted(sort.kind, name, known.problem()));
                      }
                    }));
    int more = problems.size() - MAX_PROBLEMS;
    if (more > 0) {
      problems.subList(MAX_PROBLEMS, problems.size()).clear();
      problems.add("Kubernetes API: and " + more + " more objects of addresses are not used");
    }
    return problems;
  }

  // ---- write ------------------------------------------------------------------------------

  @Override
  public boolean write(AddressWrite write) throws IOException {
    if (write instanceof AddressWrite.Create) {
      requireRoom(Sort.of(write.record()));
    }
    var sort = Sort.of(write.record());
    var copy = Optional.ofNullable(copies.get(sort));
    var after = Optional.<String>empty();
    try {
      if (copy.isPresent()) {
        copy.get().withhold(write.record().name(), copy.get().octets(instead(write)));
      }
      boolean done = write(sort, write);
      after = version(sort, write.record().name());
      return done;
    } finally {
      release(copy, write, after);
    }
  }

  private static void release(
      Optional<KeptCollection> copy, AddressWrite write, Optional<String> after) {
    copy.ifPresent(each -> each.release(write.record().name(), after));
  }

  private synchronized Optional<String> version(Sort sort, String name) {
    return view(sort).find(name).map(Known::version);
  }

  /**
   * What an agent may believe that starts by the copy while nobody knows what came of the call: the
   * addresses of a claim are taken, and this node holds none of it. A block is not this node's.
   */
  private JsonNode instead(AddressWrite write) {
    return switch (write.record()) {
      case AddressClaim claim -> RecordJson.document(claim.withoutNode(node), NEVER);
      case AddressBlock block ->
          RecordJson.document(new AddressBlock(block.network(), block.prefix(), ""), NEVER);
    };
  }

  private boolean write(Sort sort, AddressWrite write) throws IOException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    boolean unanswered = false;
    while (true) {
      begin(sort, write.record().name());
      try {
        var after = call(sort, write);
        change(() -> learn(sort, after));
        return true;
      } catch (ApiFailure e) {
        if (e.isAway() || isRefusal(write, e)) {
          change(() -> view(sort).doubt(write.record().name()));
        }
        if (isRefusal(write, e)) {
          return isDoneAfterAll(sort, write) && unanswered;
        }
        unanswered = true; // asked again, it is refused if it took effect
        awaitAnotherTry(e, end);
      } catch (InterruptedException e) {
        throw interrupted(e);
      }
    }
  }

  private synchronized void requireRoom(Sort sort) throws IOException {
    int claims = view(Sort.CLAIM).objects().size();
    if (sort == Sort.CLAIM && claims >= MAX_CLAIMS) {
      throw new IOException(
          "%s has %d claims, the most it may: 'weft addresses delete' those that nobody needs"
              .formatted(client.server(), claims));
    }
    int count = views.values().stream().mapToInt(each -> each.objects().size()).sum();
    if (count >= MAX_RECORDS) {
      throw new IOException(
          "%s has %d blocks and claims, the most it may".formatted(client.server(), count));
    }
  }

  /** The object as it is then; empty when it has gone. */
  private Optional<Known> call(Sort sort, AddressWrite write)
      throws ApiFailure, InterruptedException {
    var item = sort.collection().item(write.record().name());
    return switch (write) {
      case AddressWrite.Create(var record) -> {
        var document = RecordJson.document(record, "");
        document.withObject("/metadata").remove("resourceVersion");
        yield Optional.of(Known.of(sort, client.create(sort.collection().path(), document)));
      }
      // Only what is ours: labels and annotations stay.
      case AddressWrite.Replace(var record, var version) ->
          Optional.of(Known.of(sort, client.merge(item, RecordJson.document(record, version))));
      case AddressWrite.Remove(_, var version) -> {
        client.delete(item, "", version);
        yield Optional.empty();
      }
    };
  }

  private static boolean isRefusal(AddressWrite write, ApiFailure e) {
    return write instanceof AddressWrite.Create
        ? e.isAlreadyThere()
        : e.isConflict() || e.isNotFound();
  }

  private boolean isDoneAfterAll(Sort sort, AddressWrite write) throws IOException {
    look(sort, write.record().name());
    Optional<AddressRecord> there;
    synchronized (this) {
      there = view(sort).find(write.record().name()).flatMap(Known::stored).map(Stored::record);
    }
    return write instanceof AddressWrite.Remove
        ? there.isEmpty()
        : there.equals(Optional.of(write.record()));
  }

  private static InterruptedIOException interrupted(InterruptedException e) {
    Thread.currentThread().interrupt();
    var failure = new InterruptedIOException("interrupted");
    failure.initCause(e);
    return failure;
  }

  @Override
  public void close() {
    synchronized (this) {
      closed = true;
      notifyAll();
    }
    watches.forEach(ApiWatch::close);
  }
}
