package io.weft.bgp.rib;

import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.Family;
import io.weft.net.IpAddress;
import java.util.Optional;

/** Why a path was not imported, is not best, or is not sent to a peer. */
public sealed interface Reason {

  /** In words: what follows "not imported: ", "not best: " or "not sent: ". */
  String text();

  // Coming in.

  /** No table here imports one of its route targets. */
  record NoWantedTarget() implements Reason {
    @Override
    public String text() {
      return "no network here imports one of its route targets";
    }
  }

  /** Our AS is in its AS_PATH. */
  record AsLoop() implements Reason {
    @Override
    public String text() {
      return "our AS is in its AS_PATH (RFC 4271 §9.1.2)";
    }
  }

  /** We originated it. */
  record OriginatorLoop() implements Reason {
    @Override
    public String text() {
      return "its ORIGINATOR_ID is ours (RFC 4456 §8)";
    }
  }

  /** It went through our cluster. */
  record ClusterLoop() implements Reason {
    @Override
    public String text() {
      return "our cluster is in its CLUSTER_LIST (RFC 4456 §8)";
    }
  }

  /**
   * An operator's policy rejects it, on either way.
   *
   * @param rule that did; empty: none decided, and the policy rejects what is left
   */
  record ByPolicy(String policy, Optional<String> rule) implements Reason {
    @Override
    public String text() {
      return "policy "
          + policy
          + rule.map(name -> " rejects it by rule " + name)
              .orElse(" rejects it: none of its rules decides");
    }
  }

  /**
   * Its UPDATE had a fault for which the routes in it count as withdrawn (RFC 7606 §2).
   *
   * @param fault in words
   */
  record Malformed(String fault) implements Reason {
    @Override
    public String text() {
      return fault;
    }
  }

  /** One peer says too many paths to one route. */
  record TooManyPaths(int limit) implements Reason {
    @Override
    public String text() {
      return "the neighbour says more than " + limit + " paths to this route";
    }
  }

  // Being chosen.

  /**
   * Another path was preferred.
   *
   * @param step the first that told them apart
   * @param mine what this path has there
   * @param best what the other path has there
   * @param bestFrom who says the other path; of ourselves the BGP identifier
   */
  record LostBy(BestPath.Step step, String mine, String best, IpAddress bestFrom)
      implements Reason {
    @Override
    public String text() {
      return step.words(mine, best);
    }
  }

  // Going out.

  /** It came from there. */
  record SamePeer() implements Reason {
    @Override
    public String text() {
      return "the route is from there";
    }
  }

  /** A host is no router. */
  record NoTransit() implements Reason {
    @Override
    public String text() {
      return "this node forwards for itself only and passes no unicast route on";
    }
  }

  /** Between internal peers that are not clients nothing is reflected. */
  record NonClients() implements Reason {
    @Override
    public String text() {
      return "it is from an internal neighbour, and neither is our client (RFC 4456 §6)";
    }
  }

  /** The peer originated it. */
  record OriginatorIsPeer() implements Reason {
    @Override
    public String text() {
      return "the neighbour originated it (RFC 4456 §8)";
    }
  }

  /** The session does not carry its family. */
  record FamilyNotAgreed(Family family) implements Reason {
    @Override
    public String text() {
      return "the session does not carry " + family + " (RFC 4760 §8)";
    }
  }

  /** The peer's memberships do not name one of its route targets. */
  record NotAMember() implements Reason {
    @Override
    public String text() {
      return "the neighbour does not ask for one of its route targets (RFC 4684 §3.2)";
    }
  }

  /** A well-known community keeps it here. */
  record KeptByCommunity(Community community) implements Reason {
    @Override
    public String text() {
      return "community " + community + " keeps it here (RFC 1997)";
    }
  }

  /** It outlived its session, and the peer would not know how little it is worth. */
  record LongLivedStale() implements Reason {
    @Override
    public String text() {
      return "it is stale, and the neighbour knows no long-lived restart (RFC 9494 §4.5)";
    }
  }

  /** The session cannot carry its next hop. */
  record NextHopOfOtherFamily(IpAddress nextHop) implements Reason {
    @Override
    public String text() {
      return "its next hop "
          + nextHop
          + " is of another IP version than the route, which was not agreed on (RFC 8950 §4)";
    }
  }

  /** The first routes wait for what the peer wants. */
  record AwaitsMemberships() implements Reason {
    @Override
    public String text() {
      return "its memberships are still awaited (RFC 4684 §6)";
    }
  }

  /** There is no session. */
  record NoSession(String state, Optional<String> lastReason) implements Reason {
    @Override
    public String text() {
      return "the session is " + state + lastReason.map(last -> ": " + last).orElse("");
    }
  }
}
