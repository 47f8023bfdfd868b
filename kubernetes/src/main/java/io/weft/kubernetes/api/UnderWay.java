package io.weft.kubernetes.api;

import io.weft.kubernetes.api.Transport.Answer;
import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpRequest;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * What one client has under way, so that it ends with the client, whoever else shares the
 * connection.
 */
final class UnderWay {
  private final Transport transport;

  // Guarded by this.
  private final Set<Thread> waiting = new HashSet<>();
  private final Set<InputStream> answers = new HashSet<>();
  private boolean ended;

  UnderWay(Transport transport) {
    this.transport = transport;
  }

  /**
   * As {@link Transport#send}, until it is ended.
   *
   * @throws IOException also when it was ended
   */
  Answer send(HttpRequest.Builder request, boolean isWatch)
      throws IOException, InterruptedException {
    begin();
    try {
      var answer = transport.send(request, isWatch);
      return new Answer(answer.head(), begun(answer.body()));
    } catch (InterruptedException e) {
      if (isEnded()) {
        throw new IOException("closed", e);
      }
      throw e;
    } finally {
      waited();
    }
  }

  private synchronized void begin() throws IOException {
    if (ended) {
      throw new IOException("closed");
    }
    waiting.add(Thread.currentThread());
  }

  private synchronized boolean isEnded() {
    return ended;
  }

  /** The end may have come a moment too late to interrupt anything. */
  private synchronized void waited() {
    if (!waiting.remove(Thread.currentThread())) {
      boolean _ = Thread.interrupted();
    }
  }

  private InputStream begun(InputStream body) throws IOException {
    synchronized (this) {
      if (!ended) {
        answers.add(body);
        return new Read(body);
      }
    }
    body.close();
    throw new IOException("closed");
  }

  private final class Read extends FilterInputStream {
    Read(InputStream body) {
      super(body);
    }

    @Override
    public void close() throws IOException {
      synchronized (UnderWay.this) {
        answers.remove(in);
      }
      super.close();
    }
  }

  /** Ends all of it; nothing begins any more. */
  void end() {
    List<InputStream> open;
    synchronized (this) {
      ended = true;
      waiting.forEach(Thread::interrupt);
      waiting.clear();
      open = List.copyOf(answers);
    }
    for (var answer : open) {
      try {
        answer.close();
      } catch (IOException _) {
        // Nobody reads it any more.
      }
    }
  }
}
