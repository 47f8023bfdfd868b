package io.weft.agent.control;

import io.weft.agent.json.RouteQuestion;
import io.weft.agent.json.WhyJson;
import io.weft.bgp.speaker.Explanation;
import io.weft.bgp.speaker.RouteSelection;
import io.weft.bgp.speaker.RouteWalk;
import io.weft.bgp.speaker.SpeakerInspection;
import io.weft.bgp.speaker.SpeakerView.RouteView;
import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Looks for the routes of one {@code why} call and explains them, in slices on the brain's thread.
 */
final class WhySearch {
  private static final int AT_ONCE = 64;

  private final RouteQuestion question;
  private final List<Route> keys = new ArrayList<>();
  private final List<Explanation> told = new ArrayList<>();
  private Optional<RouteWalk> begun = Optional.empty();
  private boolean searched;
  private int more;

  WhySearch(RouteQuestion question) {
    this.question = question;
  }

  /** One slice; the answer once it is complete. */
  Optional<Explanation.Several> go(SpeakerInspection speaker) {
    var slice = new Slice();
    if (!searched) {
      search(speaker, slice);
    }
    while (searched && told.size() < keys.size() && !slice.isOver()) {
      told.add(speaker.explain(keys.get(told.size())));
    }
    return searched && told.size() == keys.size()
        ? Optional.of(new Explanation.Several(known(), more))
        : Optional.empty();
  }

  private void search(SpeakerInspection speaker, Slice slice) {
    if (question.key().isPresent()) {
      keys.add(question.key().get());
      searched = true;
      return;
    }
    if (begun.isEmpty()) {
      var wanted = RouteSelection.of(question.keys(), path -> question.means(path.route()));
      begun = Optional.of(speaker.walk(wanted, 0));
    }
    boolean walking = true;
    while (walking && !slice.isOver()) {
      walking = begun.get().go(AT_ONCE, this::take);
    }
    if (!walking) {
      speaker.refused(question::means).forEach(this::take);
      searched = true;
    }
  }

  private void take(List<RouteView> paths) {
    take(paths.getFirst().route().key());
  }

  private void take(Route key) {
    if (keys.size() < WhyJson.MAX_ROUTES) {
      keys.add(key);
    } else {
      more++;
    }
  }

  /** Without the one that was named and that nobody said. */
  private List<Explanation> known() {
    return told.stream()
        .filter(each -> !each.paths().isEmpty() || !each.refused().isEmpty())
        .toList();
  }
}
