package io.weft.overlay.forwarding;

import org.jspecify.annotations.Nullable;

/** What is wanted and what stands under one key; the plan forgets it when there is neither. */
final class ForwardingRow implements KeyTable.Keyed {
  final ForwardingKey key;
  @Nullable ForwardingObject desired;
  @Nullable ForwardingObject realized;

  ForwardingRow(ForwardingKey key) {
    this.key = key;
  }

  @Override
  public ForwardingKey key() {
    return key;
  }
}
