package io.weft.agent.node;

import io.weft.agent.cluster.PodEvents.News;
import io.weft.agent.kernel.GuardView;
import io.weft.agent.kernel.StopReason;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.overlay.node.NodeView.DuplicateView;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What happens to pods that whoever runs them should know, from one look to the next: frames of
 * theirs that were stopped, and MACs of theirs that another has too, as long as one has. One thread
 * uses it.
 */
final class PodNews {
  /** Names as Kubernetes has them. */
  static final String STOPPED = "FramesStopped";

  static final String DUPLICATE = "DuplicateAddress";

  private final Function<String, Optional<PodName>> pods;
  private GuardView before = GuardView.NONE;

  /**
   * @param pods whose endpoint it is; empty: no pod's, or one of before the agent's start
   */
  PodNews(Function<String, Optional<PodName>> pods) {
    this.pods = pods;
  }

  /** Since the last call. */
  List<News> look(GuardView now, List<DuplicateView> duplicates) {
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
    for (var duplicate : duplicates) {
      pod(duplicate.endpoint())
          .ifPresent(pod -> news.add(new News(pod, DUPLICATE, duplicate(duplicate))));
    }
    return news;
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

  private static String duplicate(DuplicateView duplicate) {
    return "MAC address %s of this pod is also elsewhere%s in network %s: after %d moves each keeps its own, and who else is reached is not certain; give one of them another"
        .formatted(
            duplicate.mac(),
            duplicate.vtep().map(vtep -> ", behind VTEP " + vtep).orElse(""),
            duplicate.network(),
            duplicate.moves());
  }
}
