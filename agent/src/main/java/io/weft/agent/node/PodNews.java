package io.weft.agent.node;

import io.weft.agent.cluster.PodEvents.News;
import io.weft.agent.kernel.GuardView;
import io.weft.agent.kernel.StopReason;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.overlay.node.NodeView;
import io.weft.overlay.node.NodeView.DuplicateView;
import io.weft.overlay.node.NodeView.SharedAddressView;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What happens to pods that whoever runs them should know, from one look to the next: frames of
 * theirs that were stopped, MACs and IP addresses of theirs that another has too, as long as one
 * has, and that none has any more. One thread uses it.
 */
final class PodNews {
  /** Names as Kubernetes has them. */
  static final String STOPPED = "FramesStopped";

  static final String DUPLICATE_MAC = "DuplicateAddress";
  static final String DUPLICATE_IP = "DuplicateIpAddress";

  /** Of a pod's addresses of one kind that others have so many are named; others are counted. */
  private static final int MOST_NAMED = 3;

  /** That another had an address of an endpoint's. */
  private record Shared(String endpoint, String reason) implements Comparable<Shared> {
    @Override
    public int compareTo(Shared other) {
      return Comparator.comparing(Shared::endpoint)
          .thenComparing(Shared::reason)
          .compare(this, other);
    }
  }

  private final Function<String, Optional<PodName>> pods;
  private GuardView before = GuardView.NONE;

  /** What others have, in words. */
  private SortedMap<Shared, String> shared = new TreeMap<>();

  /**
   * @param pods whose endpoint it is; empty: no pod's, or one of before the agent's start
   */
  PodNews(Function<String, Optional<PodName>> pods) {
    this.pods = pods;
  }

  /** Since the last call. */
  List<News> look(GuardView now, NodeView view) {
    var news = new ArrayList<News>();
    now.stopped()
        .forEach(
            (port, counts) -> {
              if (!counts.equals(before.stopped().get(port))) {
                pod(now.endpoints().get(port))
                    .ifPresent(pod -> news.add(new News(pod, STOPPED, stopped(counts))));
              }
            });
    before = now;
    var next = shared(view);
    next.forEach(
        (each, words) ->
            pod(each.endpoint()).ifPresent(pod -> news.add(new News(pod, each.reason(), words))));
    shared.forEach(
        (each, words) -> {
          if (!next.containsKey(each)) {
            pod(each.endpoint())
                .ifPresent(pod -> news.add(News.recovered(pod, each.reason(), over(words))));
          }
        });
    shared = next;
    return news;
  }

  private static SortedMap<Shared, String> shared(NodeView view) {
    var words = new TreeMap<Shared, List<String>>();
    for (var duplicate : view.duplicates()) {
      words
          .computeIfAbsent(new Shared(duplicate.endpoint(), DUPLICATE_MAC), _ -> new ArrayList<>())
          .add(duplicate(duplicate, here(view)));
    }
    for (var address : view.sharedAddresses()) {
      words
          .computeIfAbsent(new Shared(address.endpoint(), DUPLICATE_IP), _ -> new ArrayList<>())
          .add(shared(address, here(view)));
    }
    var texts = new TreeMap<Shared, String>();
    words.forEach((each, all) -> texts.put(each, together(all)));
    return texts;
  }

  private static String here(NodeView view) {
    return view.underlay().map(underlay -> ", behind VTEP " + underlay.vtep()).orElse("");
  }

  private static String together(List<String> all) {
    var named = String.join("; ", all.subList(0, Math.min(MOST_NAMED, all.size())));
    return all.size() > MOST_NAMED
        ? named + "; and " + (all.size() - MOST_NAMED) + " more of its addresses"
        : named;
  }

  private static String over(String words) {
    return "this is over: " + words;
  }

  private Optional<PodName> pod(@Nullable String endpoint) {
    return Optional.ofNullable(endpoint).flatMap(pods);
  }

  private static String stopped(Map<StopReason, Long> counts) {
    return "frames of this pod were stopped at its port, since it started: "
        + String.join(
            ", ",
            counts.entrySet().stream()
                .map(each -> each.getValue() + " " + each.getKey().word())
                .toList());
  }

  private static String duplicate(DuplicateView duplicate, String here) {
    return "MAC address %s of this pod (endpoint '%s'%s) is also elsewhere%s in network %s: after %d moves each keeps its own, and who else is reached is not certain; give one of them another"
        .formatted(
            duplicate.mac(),
            duplicate.endpoint(),
            here,
            duplicate.vtep().map(vtep -> ", behind VTEP " + vtep).orElse(""),
            duplicate.network(),
            duplicate.moves());
  }

  private static String shared(SharedAddressView shared, String here) {
    return "address %s of this pod (endpoint '%s', MAC address %s%s) is in network %s also that of MAC address %s behind VTEP %s; one of the two is not reached; remove one of them"
        .formatted(
            shared.address(),
            shared.endpoint(),
            shared.mac(),
            here,
            shared.network(),
            shared.other(),
            shared.vtep());
  }
}
