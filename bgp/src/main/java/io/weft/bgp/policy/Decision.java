package io.weft.bgp.policy;

import io.weft.bgp.wire.PathAttributes;
import java.util.Optional;

/** What a policy says of one route. */
public sealed interface Decision {
  /** The route passes, with these attributes. */
  record Accepted(PathAttributes attributes) implements Decision {}

  /**
   * The route does not pass.
   *
   * @param rule that rejected it; empty: no rule decided, and the policy rejects by default
   */
  record Rejected(String policy, Optional<String> rule) implements Decision {}
}
