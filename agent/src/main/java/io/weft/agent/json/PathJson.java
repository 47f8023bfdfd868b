package io.weft.agent.json;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.probe.PathState;
import io.weft.agent.probe.PathState.Place;
import io.weft.agent.probe.ProbeView;
import io.weft.agent.probe.ProbeWords;

/**
 * What is known of the paths to other VTEPs, as JSON: counts, and each that is not as it should.
 */
public final class PathJson {
  /** Findings that are named at most, and paths of which nothing is known; counts count all. */
  public static final int MAX_ROWS = 100;

  private PathJson() {}

  /** The paths: those that pass are counted only. */
  public static ObjectNode paths(ProbeView view) {
    var document = JsonNodeFactory.instance.objectNode();
    int passing = 0;
    int narrow = 0;
    int unknown = 0;
    var findings = JsonNodeFactory.instance.arrayNode();
    var silent = JsonNodeFactory.instance.arrayNode();
    for (var state : view.found()) {
      switch (state) {
        case PathState.Passes _ -> passing++;
        case PathState.TooNarrow finding -> {
          narrow++;
          if (findings.size() < MAX_ROWS) {
            findings.add(finding(finding));
          }
        }
        case PathState.Unknown(var tunnel, var reason) -> {
          unknown++;
          if (silent.size() < MAX_ROWS) {
            silent.addObject().put("vtep", tunnel.remote().toString()).put("reason", reason);
          }
        }
      }
    }
    document.put("passing", passing).put("tooNarrow", narrow).put("unknown", unknown);
    document.put("waiting", view.waiting()).put("leftOut", view.leftOut());
    document.set("findings", findings);
    document.set("silent", silent);
    return document;
  }

  private static ObjectNode finding(PathState.TooNarrow finding) {
    var node = JsonNodeFactory.instance.objectNode();
    node.put("vtep", finding.tunnel().remote().toString());
    node.put("promised", finding.tunnel().outerMtu()).put("passes", finding.passes());
    node.put("overlayMtu", finding.tunnel().overlayMtu());
    node.put("overlayPasses", finding.overlayPasses());
    if (finding.place() instanceof Place.Behind(var router)) {
      node.put("router", router.toString());
    }
    return node.put("where", ProbeWords.where(finding)).put("action", ProbeWords.action(finding));
  }
}
