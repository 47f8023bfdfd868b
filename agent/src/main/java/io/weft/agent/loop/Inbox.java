package io.weft.agent.loop;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Predicate;

/**
 * A bounded queue for many who bring and one who takes. Both hand over many things at once, at the
 * cost of one.
 */
final class Inbox<T> {
  private final int capacity;
  private final ReentrantLock lock = new ReentrantLock();
  private final Condition filled = lock.newCondition();
  private final Condition room = lock.newCondition();
  private final ArrayDeque<T> items = new ArrayDeque<>();
  private boolean closed;

  Inbox(int capacity) {
    this.capacity = capacity;
  }

  /**
   * Adds all in this order, and waits wherever there is no room; drops what comes after the end.
   */
  void put(List<? extends T> more) throws InterruptedException {
    lock.lockInterruptibly();
    try {
      for (var item : more) {
        while (!closed && items.size() >= capacity) {
          filled.signal();
          room.await();
        }
        if (closed) {
          return;
        }
        items.add(item);
      }
      filled.signal();
    } finally {
      lock.unlock();
    }
  }

  /**
   * The first item, and those behind it while they may be taken together.
   *
   * @param waitNanos for the first; afterwards the list is empty
   * @param most items that are taken
   */
  List<T> take(long waitNanos, int most, Predicate<T> together) throws InterruptedException {
    var taken = new ArrayList<T>();
    lock.lockInterruptibly();
    try {
      for (long left = waitNanos; items.isEmpty() && left > 0; ) {
        left = filled.awaitNanos(left);
      }
      for (var next = items.peek(); next != null && taken.size() < most; next = items.peek()) {
        boolean joins = together.test(next);
        if (taken.isEmpty() || joins) {
          taken.add(items.remove());
        }
        if (!joins) {
          break;
        }
      }
      if (!taken.isEmpty()) {
        room.signalAll();
      }
    } finally {
      lock.unlock();
    }
    return taken;
  }

  int size() {
    lock.lock();
    try {
      return items.size();
    } finally {
      lock.unlock();
    }
  }

  /** Nobody takes any more: what is left, and nobody waits for room. */
  List<T> close() {
    lock.lock();
    try {
      closed = true;
      room.signalAll();
      var left = new ArrayList<T>(items);
      items.clear();
      return left;
    } finally {
      lock.unlock();
    }
  }
}
