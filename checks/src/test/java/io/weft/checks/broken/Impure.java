package io.weft.checks.broken;

import java.io.File;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.locks.Lock;
import java.util.function.LongSupplier;
import java.util.function.Supplier;
import java.util.logging.Logger;

/** One class for each way to be impure; the rule must find every one. */
public final class Impure {
  private Impure() {}

  public static final class FieldOfFile {
    File file = new File("x");
  }

  public record ParameterOfPath(Path path) {}

  public static final class GenericOfClock {
    List<Clock> clocks = List.of();
  }

  public static final class ArrayOfChannels {
    Object channels = new SocketChannel[1];
  }

  public static final class ReadsTheClock {
    Object now() {
      return Instant.now();
    }
  }

  public static final class ReadsNanos {
    LongSupplier clock = System::nanoTime;
  }

  public static final class ReadsMillisInALambda {
    LongSupplier clock = () -> System.currentTimeMillis() / 1000;
  }

  public static final class TakesIdentityHash {
    int hash() {
      return System.identityHashCode(this);
    }
  }

  public static final class Prints {
    void print() {
      System.out.println("x");
    }
  }

  public static final class StartsAThread {
    void start() {
      Thread.ofVirtual().start(() -> {});
    }
  }

  public static final class Waits {
    synchronized void await() throws InterruptedException {
      wait(1);
    }
  }

  public static final class Locks {
    void lock(Lock lock) {
      lock.lock();
    }
  }

  public static final class Logs {
    Object log = Logger.getLogger("x");
  }

  public static final class LogsThroughSystem {
    Object log = System.getLogger("x");
  }

  public static final class DrawsRandom {
    int draw(Random random) {
      return random.nextInt();
    }
  }

  public static final class DrawsThreadLocal {
    int draw() {
      return ThreadLocalRandom.current().nextInt();
    }
  }

  public static final class DrawsMath {
    double draw() {
      return Math.random();
    }
  }

  public static final class DrawsUuid {
    Supplier<UUID> draw = UUID::randomUUID;
  }

  public static final class Shuffles {
    void shuffle(List<String> list) {
      Collections.shuffle(list);
    }
  }

  public static final class RunsInParallel {
    long count(List<String> list) {
      return list.parallelStream().count();
    }
  }

  public static final class LoadsAResource {
    Object load() {
      return Impure.class.getResource("x");
    }
  }

  public static final class UsesALibrary {
    Object library = org.assertj.core.api.Assertions.assertThat(1);
  }
}
