package io.weft.bgp.session;

import io.weft.net.AutonomousSystem;
import java.util.Optional;

/** Which number a peer has to have in its OPEN (RFC 4271 §6.2). */
public sealed interface PeerAs {

  /** This one; ours makes iBGP. */
  record Exact(AutonomousSystem as) implements PeerAs {
    @Override
    public String toString() {
      return as.toString();
    }
  }

  /** Any but ours. */
  record External() implements PeerAs {
    @Override
    public String toString() {
      return "any external AS";
    }
  }

  static PeerAs of(AutonomousSystem as) {
    return new Exact(as);
  }

  /** True for {@code as}, where {@code ours} is our own. */
  default boolean accepts(AutonomousSystem as, AutonomousSystem ours) {
    return switch (this) {
      case Exact(var due) -> due.equals(as);
      case External _ -> !as.equals(ours);
    };
  }

  /** True when peer and we are in one AS. */
  default boolean isInternal(AutonomousSystem ours) {
    return known().filter(ours::equals).isPresent();
  }

  /** The number, where it is known before the OPEN. */
  default Optional<AutonomousSystem> known() {
    return switch (this) {
      case Exact(var due) -> Optional.of(due);
      case External _ -> Optional.empty();
    };
  }
}
