package io.weft.agent.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.ApiCollection;
import io.weft.kubernetes.api.ApiFailure;
import io.weft.kubernetes.api.ApiWatch;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.concurrent.ScheduledExecutorService;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** Keeps up with the object of kind Node that is this node's; no other node's is asked for. */
final class ClusterNode implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(ClusterNode.class);
  private static final String PATH = "/api/v1/nodes";

  /**
   * The object as it was last.
   *
   * @param uid empty: there is none of the name
   * @param podCidrs {@code spec.podCIDRs}; none while the cluster gives out none
   * @param taints {@code spec.taints}
   * @param taintTaken Weft has taken its own of them away once
   * @param condition of {@code status.conditions} that of Weft
   * @param problems what of it cannot be used
   */
  record Seen(
      String uid,
      String resourceVersion,
      List<IpPrefix> podCidrs,
      List<JsonNode> taints,
      boolean taintTaken,
      Optional<JsonNode> condition,
      List<String> problems) {
    /** There is none of the name. */
    static final Seen NONE =
        new Seen("", "", List.of(), List.of(), false, Optional.empty(), List.of());

    /** Never throws, whatever the object. */
    static Seen of(JsonNode object) {
      var cidrs = new ArrayList<IpPrefix>();
      var problems = new ArrayList<String>();
      for (var cidr : object.at("/spec/podCIDRs")) {
        try {
          cidrs.add(IpPrefix.parse(cidr.asText()));
        } catch (IllegalArgumentException e) {
          problems.add(
              "Node %s: spec.podCIDRs: %s"
                  .formatted(object.at("/metadata/name").asText(), e.getMessage()));
        }
      }
      var taints = new ArrayList<JsonNode>();
      object.at("/spec/taints").forEach(taints::add);
      return new Seen(
          object.at("/metadata/uid").asText(),
          object.at("/metadata/resourceVersion").asText(),
          List.copyOf(cidrs),
          List.copyOf(taints),
          NodeReadiness.isTaken(object),
          NodeReadiness.condition(object),
          List.copyOf(problems));
    }
  }

  private final String name;
  private final Consumer<Seen> consumer;
  private final ApiWatch<Seen> watch;
  private volatile List<String> problems = List.of();
  private volatile Optional<ApiFailure> trouble = Optional.empty();

  // Of the watch's thread alone.
  private boolean told;

  /**
   * Begins to watch.
   *
   * @param consumer takes the object at first and whenever it changes; also {@link Seen#NONE}, when
   *     there is none, or when we may not look
   */
  ClusterNode(
      ApiClient client,
      String name,
      Consumer<Seen> consumer,
      ScheduledExecutorService timer,
      Optional<KeptObjects> kept) {
    this.name = name;
    this.consumer = consumer;
    var collection = ApiCollection.of(PATH).where("metadata.name", name);
    this.watch =
        ApiWatch.start(
            client,
            collection,
            Seen::of,
            new Watched(),
            timer,
            kept.map(each -> each.collection(collection, ClusterNode::part, timer)));
  }

  /** What is used of it: the rest is large and changes often. */
  private static Optional<JsonNode> part(JsonNode object) {
    var part = JsonNodeFactory.instance.objectNode();
    part.putObject("metadata")
        .put("name", object.at("/metadata/name").asText())
        .put("uid", object.at("/metadata/uid").asText());
    part.putObject("spec").set("podCIDRs", object.at("/spec/podCIDRs"));
    return Optional.of(part);
  }

  private final class Watched implements ApiWatch.Sink<Seen> {
    @Override
    public void listed(SortedMap<String, Seen> objects) {
      tell(Optional.ofNullable(objects.get(name)).orElse(Seen.NONE));
    }

    @Override
    public void changed(String key, Seen object) {
      tell(object);
    }

    @Override
    public void removed(String key) {
      tell(Seen.NONE);
    }

    @Override
    public void troubled(Optional<ApiFailure> why) {
      trouble = why;
      if (!told && why.filter(ApiFailure::isForbidden).isPresent()) {
        tell(Seen.NONE);
      }
    }
  }

  private void tell(Seen seen) {
    told = true;
    problems = seen.problems();
    if (seen.uid().isEmpty()) {
      LOG.warn("the cluster has no Node '{}': none of its pod CIDRs is used", name);
    }
    consumer.accept(seen);
  }

  /** What is wrong, a line each. */
  List<String> problems() {
    return trouble
        .map(why -> List.of("Kubernetes API: Node " + name + ": " + why.getMessage()))
        .orElse(problems);
  }

  @Override
  public void close() {
    watch.close();
  }
}
