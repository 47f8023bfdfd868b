package io.weft.overlay.forwarding;

/** One write to the kernel; both are idempotent. */
public sealed interface KernelChange {
  ForwardingKey key();

  /** Make it so: create, or replace what differs. */
  record Put(ForwardingObject object) implements KernelChange {
    @Override
    public ForwardingKey key() {
      return object.key();
    }
  }

  /** Make it gone; already gone is fine. */
  record Remove(ForwardingObject object) implements KernelChange {
    @Override
    public ForwardingKey key() {
      return object.key();
    }
  }
}
