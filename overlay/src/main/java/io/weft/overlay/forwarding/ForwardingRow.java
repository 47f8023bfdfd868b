package io.weft.overlay.forwarding;

import org.jspecify.annotations.Nullable;

/** What is wanted and what stands under one key; the plan forgets it when there is neither. */
final class ForwardingRow {
  final ForwardingKey key;
  @Nullable ForwardingObject desired;
  @Nullable ForwardingObject realized;

  ForwardingRow(ForwardingKey key) {
    this.key = key;
  }

  ForwardingKey key() {
    return key;
  }

  @SuppressWarnings("ReferenceEquality") // a shortcut only: mostly it is the same object
  boolean isAsDesired() {
    var want = desired;
    var have = realized;
    return want == have || want != null && have != null && want.observable().equals(have);
  }

  /** What stands is a route that has all wanted ways and more. */
  boolean hasMoreThanDesired() {
    return desired instanceof ForwardingObject.TenantRoute wanted
            && realized instanceof ForwardingObject.TenantRoute standing
            && standing.hops().containsAll(wanted.hops())
        || desired instanceof ForwardingObject.UnderlayRoute next
            && realized instanceof ForwardingObject.UnderlayRoute now
            && now.nextHops().containsAll(next.nextHops());
  }
}
