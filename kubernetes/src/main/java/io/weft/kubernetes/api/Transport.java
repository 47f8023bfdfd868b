package io.weft.kubernetes.api;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.http.HttpClient;
import java.net.http.HttpConnectTimeoutException;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.net.http.HttpTimeoutException;
import java.security.GeneralSecurityException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.ReentrantLock;
import javax.net.ssl.SSLContext;

/**
 * The HTTP of an access: certificates and token at the moment of a call, and the connection that
 * all calls share (RFC 9113). Such a connection outlives the server's machine when that goes
 * without a word: TCP gives up after a quarter of an hour, and until then every call would be lost
 * on it. So a call that is not answered in its time has the next ones make a new connection. And on
 * each connection, also one that was left, the server is asked whether it is there while answers
 * are under way and nothing comes.
 */
final class Transport implements AutoCloseable {
  private static final Duration CONNECT = Duration.ofSeconds(5);

  /**
   * At once; further ones wait: servers let 100 and more share a connection, watches among them.
   */
  private static final int CALLS = 64;

  private static final int UNAUTHORIZED = 401;

  /**
   * How long a client waits for the server.
   *
   * @param call for the head of an answer
   * @param quiet after so long without an octet the server is asked whether it is there
   * @param answer a server that is there answers this question by then
   * @param first so long calls wait for the first one's connection, so that not each makes one
   */
  record Patience(Duration call, Duration quiet, Duration answer, Duration first) {
    /** A connection that is dead is noticed after 44 s at most. */
    static final Patience USUAL =
        new Patience(
            Duration.ofSeconds(30),
            Duration.ofSeconds(30),
            Duration.ofSeconds(10),
            Duration.ofSeconds(2));

    private Duration betweenLooks() {
      return quiet.dividedBy(8);
    }
  }

  private final ApiAccess access;
  private final boolean shares;
  private final Credentials credentials;
  private final Patience patience;
  private final Semaphore calls = new Semaphore(CALLS);
  private final ReentrantLock first = new ReentrantLock();
  private final CountDownLatch closed = new CountDownLatch(1);

  /** Why the certificates that there are now are not followed; empty: they are. */
  private volatile Optional<String> unusable = Optional.empty();

  // Guarded by this.
  private final List<Link> left = new ArrayList<>();
  private int users = 1;
  private Link current;

  /** Certificates that were tried, and cannot be used. */
  private Optional<Credentials.Tls> refused = Optional.empty();

  /**
   * Reads certificates and keys, where no program has to be asked for them.
   *
   * @throws IOException when they cannot be used, with the reason
   */
  Transport(ApiAccess access, Patience patience) throws IOException {
    this.access = access;
    this.patience = patience;
    this.credentials = new Credentials(access);
    this.shares = access.server().getScheme().equals("https"); // HTTP/2 needs TLS there
    var tls = credentials.atStart();
    try {
      this.current =
          shares ? new Link(connecting(TlsContext.of(tls)), tls) : new Link(connecting(), tls);
    } catch (GeneralSecurityException e) {
      throw new IOException("certificates or key for " + access.server() + ": " + reason(e), e);
    }
    lookAfter(current);
  }

  private void lookAfter(Link link) {
    if (shares) {
      Thread.ofVirtual().name("api-connection").start(() -> look(link));
    }
  }

  private static HttpClient.Builder connections() {
    return HttpClient.newBuilder()
        .connectTimeout(CONNECT)
        .followRedirects(HttpClient.Redirect.NEVER);
  }

  private static HttpClient connecting() {
    return connections().version(HttpClient.Version.HTTP_1_1).build();
  }

  private static HttpClient connecting(SSLContext tls) {
    return connections().version(HttpClient.Version.HTTP_2).sslContext(tls).build();
  }

  private static String reason(GeneralSecurityException e) {
    return String.valueOf(e.getMessage());
  }

  /** One more uses it, and closes it. */
  synchronized void share() {
    users++;
  }

  // ---- calls ------------------------------------------------------------------------------

  /**
   * An answer.
   *
   * @param body must be closed
   */
  record Answer(HttpResponse<?> head, InputStream body) {}

  /**
   * Waits for the head of the answer.
   *
   * @param isWatch of which there are few, and which last
   * @throws IOException when there is no answer
   */
  Answer send(HttpRequest.Builder request, boolean isWatch)
      throws IOException, InterruptedException {
    var with = credentials.current();
    var answer = send(request, isWatch, with);
    if (answer.head().statusCode() != UNAUTHORIZED || !credentials.refused(with)) {
      return answer;
    }
    answer.body().close(); // nothing was carried out: once more, with what is made now
    return send(request, isWatch, credentials.current());
  }

  private Answer send(HttpRequest.Builder request, boolean isWatch, Credentials.Current with)
      throws IOException, InterruptedException {
    follow(with.tls());
    if (!isWatch) {
      calls.acquire();
    }
    boolean answered = false;
    try {
      authorize(request, with);
      var answer = byFurther(request.build(), isWatch);
      answered = true;
      return answer;
    } finally {
      if (!answered && !isWatch) {
        calls.release();
      }
    }
  }

  private static void authorize(HttpRequest.Builder request, Credentials.Current with)
      throws IOException {
    if (with.token().isPresent()) {
      var token = with.token().get();
      if (!token.matches("[!-~]+")) {
        throw new IOException("the token has characters that no token has");
      }
      request.setHeader("Authorization", "Bearer " + token);
    }
  }

  private Answer byFurther(HttpRequest request, boolean isWatch)
      throws IOException, InterruptedException {
    boolean isFirst =
        shares
            && !isConnected()
            && first.tryLock(patience.first().toMillis(), TimeUnit.MILLISECONDS);
    if (isFirst && isConnected()) {
      first.unlock();
      isFirst = false;
    }
    try {
      return head(use(), request, isWatch);
    } finally {
      if (isFirst) {
        first.unlock();
      }
    }
  }

  /**
   * @param by of which {@link #use} tells; the answer ends that, or that there is none
   */
  private Answer head(Link by, HttpRequest request, boolean isWatch)
      throws IOException, InterruptedException {
    boolean answered = false;
    try {
      var response = by.http.send(request, BodyHandlers.ofInputStream());
      by.heard = System.nanoTime();
      by.connected = true;
      answered = true;
      return new Answer(response, new Body(by, response.body(), isWatch));
    } catch (HttpConnectTimeoutException e) {
      by.connected = false;
      throw e;
    } catch (HttpTimeoutException e) {
      leave(by);
      throw e;
    } catch (IOException e) {
      by.connected = false;
      throw e;
    } finally {
      if (!answered) {
        used(by);
      }
    }
  }

  /** The octets of an answer, which tell that the server is there. */
  private final class Body extends FilterInputStream {
    private final AtomicBoolean open = new AtomicBoolean(true);
    private final Link by;
    private final boolean isWatch;

    Body(Link by, InputStream in, boolean isWatch) {
      super(in);
      this.by = by;
      this.isWatch = isWatch;
      by.answers.incrementAndGet();
    }

    @Override
    public int read() throws IOException {
      try {
        return heard(super.read());
      } catch (IOException e) {
        by.connected = false;
        throw e;
      }
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      try {
        return heard(super.read(into, offset, length));
      } catch (IOException e) {
        by.connected = false;
        throw e;
      }
    }

    private int heard(int octets) {
      by.heard = System.nanoTime();
      return octets;
    }

    @Override
    public void close() throws IOException {
      if (open.getAndSet(false)) {
        by.answers.decrementAndGet();
        calls.release(isWatch ? 0 : 1);
        try {
          super.close();
        } finally {
          used(by);
        }
      }
    }
  }

  // ---- the connection ---------------------------------------------------------------------

  /** A connection that calls share, as far as there is one, and what came by it. */
  private static final class Link {
    private final HttpClient http;

    /** What it is made with. */
    private final Credentials.Tls tls;

    /** Answers that have begun. */
    private final AtomicInteger answers = new AtomicInteger();

    private volatile long heard = System.nanoTime();

    /** There is a connection that a further call can be made on. */
    private volatile boolean connected;

    /** Calls without an answer, and answers under way; guarded by the transport. */
    private int uses;

    Link(HttpClient http, Credentials.Tls tls) {
      this.http = http;
      this.tls = tls;
    }
  }

  private synchronized boolean isConnected() {
    return current.connected;
  }

  /** For one more call; {@link #used} follows. */
  private synchronized Link use() {
    current.uses++;
    return current;
  }

  private synchronized void used(Link by) {
    by.uses--;
    endUnused(by);
  }

  private void endUnused(Link by) {
    if (by.uses == 0 && left.remove(by)) {
      by.http.shutdown();
    }
  }

  /** Further calls make a new connection; answers that are under way go on. */
  private synchronized void leave(Link by) {
    if (by.equals(current)) {
      try {
        replace(by.tls);
      } catch (GeneralSecurityException | IOException e) {
        throw new IllegalStateException("they were good before", e);
      }
    }
  }

  /**
   * Makes further connections with other certificates, once there are others. What cannot be used,
   * as while files are being exchanged, changes nothing.
   */
  private synchronized void follow(Credentials.Tls now) {
    if (!shares || now.equals(current.tls)) {
      unusable = Optional.empty();
      refused = Optional.empty();
      return;
    }
    if (refused.filter(now::equals).isPresent()) {
      return;
    }
    try {
      replace(now);
      unusable = Optional.empty();
    } catch (GeneralSecurityException | IOException e) {
      refused = Optional.of(now);
      unusable = Optional.of(String.valueOf(e.getMessage()));
    }
  }

  private synchronized void replace(Credentials.Tls tls)
      throws GeneralSecurityException, IOException {
    if (closed.getCount() == 0) {
      return;
    }
    var next = shares ? new Link(connecting(TlsContext.of(tls)), tls) : new Link(connecting(), tls);
    var before = current;
    current = next;
    left.add(before);
    lookAfter(next);
    endUnused(before);
  }

  /** For the message of a call that fails: the certificates that there are now cannot be used. */
  String unusable() {
    return credentials
        .unreadable()
        .or(() -> unusable)
        .map(why -> "; the certificates and key that there are now are not used: " + why)
        .orElse("");
  }

  private synchronized boolean isThere(Link link) {
    return link.equals(current) || left.contains(link);
  }

  private void look(Link link) {
    try {
      while (!closed.await(patience.betweenLooks().toMillis(), TimeUnit.MILLISECONDS)
          && isThere(link)) {
        if (link.answers.get() > 0
            && System.nanoTime() - link.heard >= patience.quiet().toNanos()) {
          ask(link);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /** What everybody may ask. */
  private void ask(Link link) throws InterruptedException {
    var question =
        HttpRequest.newBuilder(access.server().resolve("/version"))
            .timeout(patience.answer())
            .GET();
    try {
      authorize(question, credentials.current());
      synchronized (this) {
        link.uses++;
      }
      head(link, question.build(), true).body().close(); // whatever it is
    } catch (HttpConnectTimeoutException _) {
      // There was no connection: nobody waits for something on one.
    } catch (HttpTimeoutException _) {
      link.http.shutdownNow(); // watches go on over the next one
    } catch (IOException _) {
      // Whoever waits for an answer has been told as well.
    }
  }

  /** Ends with the last user. */
  @Override
  public void close() {
    List<Link> all;
    synchronized (this) {
      users--;
      if (users > 0) {
        return;
      }
      closed.countDown();
      all = new ArrayList<>(left);
      all.add(current);
    }
    all.forEach(link -> link.http.shutdownNow());
  }
}
