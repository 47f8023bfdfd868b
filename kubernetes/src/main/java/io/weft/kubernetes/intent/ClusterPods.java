package io.weft.kubernetes.intent;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.intent.NamespaceResolution.Namespace;
import java.io.IOException;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.stream.Stream;

/**
 * What the API says of namespaces and of the pods of one node, as far as it decides their network:
 * labels and one annotation. Watched, so that a pod is known without asking and while the server is
 * away; one that the watch has not shown yet is asked for.
 */
public final class ClusterPods implements AutoCloseable {
  /** A server that does not answer a question by then is taken for away. */
  static final int ANSWER_MILLIS = 2_000;

  private static final String NAMESPACES = "/api/v1/namespaces";
  private static final String PODS = "/api/v1/pods";

  private final ApiClient client;
  private final ScheduledExecutorService timer =
      Executors.newSingleThreadScheduledExecutor(
          Thread.ofPlatform().daemon().name("weft-pods-timer").factory());
  private final Watched<Namespace> namespaces = new Watched<>("namespaces");
  private final Watched<Pod> pods = new Watched<>("pods of this node");
  private final List<ApiWatch<?>> watches;

  private ClusterPods(ApiClient client, String node) {
    this.client = client;
    this.watches =
        List.of(
            ApiWatch.start(
                client,
                ApiCollection.metadataOf(NAMESPACES),
                ClusterPods::namespace,
                namespaces,
                timer),
            ApiWatch.start(
                client,
                ApiCollection.metadataOf(PODS).where("spec.nodeName", node),
                ClusterPods::pod,
                pods,
                timer));
  }

  /** Begins to watch; the client stays the caller's. */
  public static ClusterPods open(ApiClient client, String node) {
    return new ClusterPods(client, node);
  }

  /**
   * A pod, as a runtime names it.
   *
   * @param name empty where it does not say
   * @param uid likewise; another pod of the name has another
   */
  public record PodName(String namespace, Optional<String> name, Optional<String> uid) {
    @Override
    public String toString() {
      return namespace + name.map(n -> "/" + n).orElse("");
    }
  }

  /** What decides the network of a pod. */
  public record Facts(Namespace namespace, Optional<String> annotation) {}

  private record Pod(String uid, Optional<String> annotation) {}

  private static Namespace namespace(JsonNode object) {
    var labels = new TreeMap<String, String>();
    object
        .at("/metadata/labels")
        .properties()
        .forEach(label -> labels.put(label.getKey(), label.getValue().asText()));
    return new Namespace(
        object.at("/metadata/name").asText(), Optional.of(labels), annotation(object));
  }

  private static Pod pod(JsonNode object) {
    return new Pod(object.at("/metadata/uid").asText(), annotation(object));
  }

  private static Optional<String> annotation(JsonNode object) {
    var value = object.path("metadata").path("annotations").path(NamespaceResolution.ANNOTATION);
    return Optional.of(value.asText("")).filter(text -> !text.isEmpty());
  }

  /**
   * What there is to know of a pod. Who is not allowed to ask knows the name of the namespace.
   *
   * @throws IOException when it is neither known nor answered; the message says by whom
   */
  public Facts facts(PodName pod) throws IOException, InterruptedException {
    var known = namespaces.find(pod.namespace());
    var namespace = known.isPresent() ? known.get() : askNamespace(pod.namespace());
    if (pod.name().isEmpty()) {
      return new Facts(namespace, Optional.empty());
    }
    var seen =
        pods.find(pod.namespace() + "/" + pod.name().get())
            .filter(each -> pod.uid().map(each.uid()::equals).orElse(true));
    return new Facts(
        namespace,
        seen.isPresent()
            ? seen.get().annotation()
            : ask(NAMESPACES + "/" + pod.namespace() + "/pods/" + pod.name().get())
                .flatMap(ClusterPods::annotation));
  }

  private Namespace askNamespace(String name) throws IOException, InterruptedException {
    return ask(NAMESPACES + "/" + name)
        .map(ClusterPods::namespace)
        .orElseGet(() -> Namespace.of(name));
  }

  /** Empty when there is none, or nothing may be asked. */
  private Optional<JsonNode> ask(String path) throws IOException, InterruptedException {
    if (!path.matches("[a-z0-9./-]+") || path.contains("..") || path.contains("//")) {
      throw new IOException("'%s' names no object of the Kubernetes API".formatted(path));
    }
    var answer = new CompletableFuture<Optional<JsonNode>>();
    var asking = Thread.ofVirtual().start(() -> ask(path, answer));
    try {
      return answer.get(ANSWER_MILLIS, TimeUnit.MILLISECONDS);
    } catch (TimeoutException _) {
      asking.interrupt();
      throw new IOException(
          "GET %s: no answer of %s for %d ms".formatted(path, client.server(), ANSWER_MILLIS));
    } catch (ExecutionException e) {
      throw new IOException(String.valueOf(e.getMessage()), e);
    }
  }

  private void ask(String path, CompletableFuture<Optional<JsonNode>> answer) {
    try {
      answer.complete(Optional.of(client.getMetadata(path)));
    } catch (ApiFailure e) {
      if (e.isNotFound() || e.isForbidden()) {
        answer.complete(Optional.empty());
      } else {
        answer.completeExceptionally(e);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      answer.completeExceptionally(e);
    }
  }

  /** What the watches have shown of a pod; empty when it or its namespace is not, or no more. */
  public Optional<Facts> known(PodName pod) {
    return namespaces
        .find(pod.namespace())
        .flatMap(
            namespace ->
                pod.name()
                    .flatMap(name -> pods.find(pod.namespace() + "/" + name))
                    .filter(each -> pod.uid().map(each.uid()::equals).orElse(true))
                    .map(each -> new Facts(namespace, each.annotation())));
  }

  /** The namespaces that the watch has shown. */
  public Collection<Namespace> namespaces() {
    return namespaces.all();
  }

  /** What cannot be watched, in words. */
  public List<String> problems() {
    return Stream.concat(namespaces.problem().stream(), pods.problem().stream()).toList();
  }

  /** What the watch of one collection says. */
  private static final class Watched<T> implements ApiWatch.Sink<T> {
    private final String what;
    private SortedMap<String, T> objects = new TreeMap<>();
    private Optional<ApiFailure> trouble = Optional.empty();

    Watched(String what) {
      this.what = what;
    }

    @Override
    public synchronized void listed(SortedMap<String, T> all) {
      objects = new TreeMap<>(all);
    }

    @Override
    public synchronized void changed(String key, T object) {
      objects.put(key, object);
    }

    @Override
    public synchronized void removed(String key) {
      objects.remove(key);
    }

    @Override
    public synchronized void troubled(Optional<ApiFailure> why) {
      trouble = why;
    }

    synchronized Optional<T> find(String key) {
      return Optional.ofNullable(objects.get(key));
    }

    synchronized Collection<T> all() {
      return List.copyOf(objects.values());
    }

    synchronized Optional<String> problem() {
      return trouble.map(
          why ->
              "Kubernetes API: %s: what was read before still counts: %s"
                  .formatted(what, why.getMessage()));
    }
  }

  @Override
  public void close() {
    watches.forEach(ApiWatch::close);
    timer.shutdownNow();
  }
}
