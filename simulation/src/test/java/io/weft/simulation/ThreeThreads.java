package io.weft.simulation;

import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;

/** Others than the run do all the thinking. */
final class ThreeThreads implements Crew, AutoCloseable {
  private final ExecutorService threads = Executors.newFixedThreadPool(3);

  @Override
  public Begun begin(Runnable work) {
    var begun = threads.submit(work);
    return () -> await(begun);
  }

  private static void await(Future<?> begun) {
    try {
      begun.get();
    } catch (InterruptedException e) {
      throw new IllegalStateException(e);
    } catch (ExecutionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : new IllegalStateException(e);
    }
  }

  @Override
  public void close() {
    threads.close();
  }
}
