package io.weft.linux.netns;

import org.jspecify.annotations.Nullable;

/** One action on one thread, and what came of it, to be asked for after the thread has ended. */
final class FreshThreadCall<T, X extends Exception> implements Runnable {
  private final NetworkNamespaces.Action<T, X> action;
  private @Nullable T result;
  private @Nullable Throwable thrown;

  FreshThreadCall(NetworkNamespaces.Action<T, X> action) {
    this.action = action;
  }

  @Override
  public void run() {
    try {
      result = action.run();
    } catch (Throwable e) {
      thrown = e;
    }
  }

  @SuppressWarnings({"unchecked", "NullAway"}) // the action throws X or unchecked, nothing else
  T outcome() throws X {
    return switch (thrown) {
      case null -> result;
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      case Throwable e -> throw (X) e;
    };
  }
}
