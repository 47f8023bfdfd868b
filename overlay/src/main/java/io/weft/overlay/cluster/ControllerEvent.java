package io.weft.overlay.cluster;

import java.util.List;

/** What happens to the controller. */
public sealed interface ControllerEvent {
  /** All that there is, as it was seen. */
  record ClusterSeen(List<ClusterObject> objects, List<VniClaim> claims)
      implements ControllerEvent {
    public ClusterSeen {
      objects = List.copyOf(objects);
      claims = List.copyOf(claims);
    }
  }

  /** What is seen is old from now on: the server does not answer; or no longer. */
  record SightChanged(boolean current) implements ControllerEvent {}

  /** A call has ended. */
  record CallEnded(long id, CallOutcome outcome) implements ControllerEvent {}

  /** The deadline has come. */
  record DeadlineReached() implements ControllerEvent {}

  /** The process is about to end: the lease is given back. */
  record Stopping() implements ControllerEvent {}
}
