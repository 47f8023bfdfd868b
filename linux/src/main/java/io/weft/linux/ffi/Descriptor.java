package io.weft.linux.ffi;

import java.util.concurrent.atomic.AtomicBoolean;

/** An open file descriptor with one owner; closing twice is harmless. */
public final class Descriptor implements AutoCloseable {
  private final int number;
  private final AtomicBoolean closed = new AtomicBoolean();

  Descriptor(int number) {
    this.number = number;
  }

  /**
   * The number, for this process only.
   *
   * @throws IllegalStateException after close, since the number may already mean something else
   */
  public int number() {
    if (closed.get()) {
      throw new IllegalStateException("descriptor " + number + " is closed");
    }
    return number;
  }

  @Override
  public void close() {
    if (closed.compareAndSet(false, true)) {
      Libc.close(number);
    }
  }

  @Override
  public String toString() {
    return "fd " + number;
  }
}
