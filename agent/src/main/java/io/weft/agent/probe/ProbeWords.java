package io.weft.agent.probe;

import io.weft.agent.probe.PathState.Place;
import io.weft.agent.probe.PathState.TooNarrow;

/** A finding in words: what, where, and what to do. */
public final class ProbeWords {
  private ProbeWords() {}

  /** In one sentence. */
  public static String finding(TooNarrow narrow) {
    return "path to "
        + narrow.tunnel().remote()
        + ": "
        + narrow.tunnel().outerMtu()
        + " octets do not pass, "
        + narrow.passes()
        + " do: "
        + where(narrow)
        + "; "
        + action(narrow);
  }

  /** Where it breaks. */
  public static String where(TooNarrow narrow) {
    return switch (narrow.place()) {
      case Place.Here() ->
          "this node's own route to it, or the link, takes " + narrow.passes() + " octets";
      case Place.Behind(var router) ->
          "router " + router + " says that its next link takes " + narrow.passes() + " octets";
      case Place.Silent() ->
          "larger ones vanish and no router says where: a switch drops them, or ICMP is filtered";
    };
  }

  /** What a person can do about it. */
  public static String action(TooNarrow narrow) {
    return "raise the MTU there to "
        + narrow.tunnel().outerMtu()
        + ", or give the networks 'mtu: "
        + narrow.overlayPasses()
        + "' instead of "
        + narrow.tunnel().overlayMtu();
  }
}
