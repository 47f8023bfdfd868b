package io.weft.agent.advertise;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.SolicitationSocket;
import io.weft.overlay.node.AdvertisedNetwork;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Sends router advertisements to the endpoints of this node, each by the host's end of its own
 * veth: none reaches the bridge, so none crosses the fabric, and each endpoint hears one router.
 * Solicitations are heard on the bridges. One platform thread.
 */
public final class RouterAdvertiser implements AutoCloseable {
  /** How soon a network or an endpoint that came is noticed. */
  private static final long REFRESH_NANOS = TimeUnit.SECONDS.toNanos(1);

  /** Solicitations read of one tenant before anything else is looked at. */
  private static final int MOST_IN_A_ROW = 256;

  /** After so many at once the rest waits, and the kernel drops what is too much. */
  private static final int PAUSE_MILLIS = 100;

  private static final Logger LOG = LoggerFactory.getLogger(RouterAdvertiser.class);

  private final Supplier<Optional<List<AdvertisedNetwork>>> source;
  private final Advertising advertising = new Advertising();
  private final TreeMap<String, Tenant> tenants = new TreeMap<>();
  private final TreeMap<String, String> troubles = new TreeMap<>();
  private final Thread thread;
  private volatile boolean running = true;

  /** A tenant's namespace, with the indices of ports as they were when last looked at. */
  private record Tenant(
      SolicitationSocket socket, Rtnetlink rtnetlink, TreeMap<String, Integer> ports) {
    static Tenant open(String namespace) {
      var socket = SolicitationSocket.openIn(namespace);
      try {
        return new Tenant(socket, Rtnetlink.openIn(namespace), new TreeMap<>());
      } catch (RuntimeException e) {
        socket.close();
        throw e;
      }
    }

    OptionalInt index(String port) {
      var known = ports.get(port);
      if (known != null) {
        return OptionalInt.of(known);
      }
      var link = rtnetlink.link(port);
      link.ifPresent(found -> ports.put(port, found.index()));
      return link.map(found -> OptionalInt.of(found.index())).orElse(OptionalInt.empty());
    }

    void close() {
      socket.close();
      rtnetlink.close();
    }
  }

  /**
   * Starts.
   *
   * @param source the networks that are advertised, asked every second; empty while nobody can say
   */
  public RouterAdvertiser(Supplier<Optional<List<AdvertisedNetwork>>> source) {
    this.source = source;
    this.thread = Thread.ofPlatform().name("advertiser").daemon(true).start(this::run);
  }

  private void run() {
    long refreshAt = System.nanoTime();
    try {
      while (running) {
        if (refreshAt - System.nanoTime() <= 0) {
          source.get().ifPresent(this::follow);
          refreshAt = System.nanoTime() + REFRESH_NANOS;
        }
        boolean flooded = false;
        for (var namespace : List.copyOf(tenants.keySet())) {
          flooded |= listen(namespace);
        }
        advertising.timePassed(System.nanoTime());
        advertising.drain().forEach(this::send);
        if (flooded) {
          Thread.sleep(PAUSE_MILLIS);
        } else {
          await(refreshAt);
        }
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException | Error e) {
      LOG.error("router advertisements failed; this is a defect of Weft. No more are sent.", e);
    } finally {
      tenants.values().forEach(Tenant::close);
    }
  }

  /** What is said last to a network is sent before its tenant's socket goes. */
  private void follow(List<AdvertisedNetwork> networks) {
    var wanted = new TreeSet<String>();
    networks.forEach(network -> wanted.add(network.namespace()));
    for (var namespace : wanted) {
      if (!tenants.containsKey(namespace)) {
        open(namespace);
      }
    }
    advertising.networks(System.nanoTime(), networks);
    advertising.drain().forEach(this::send);
    for (var namespace : List.copyOf(tenants.keySet())) {
      if (!wanted.contains(namespace)) {
        close(namespace);
      }
    }
  }

  private void open(String namespace) {
    try {
      tenants.put(namespace, Tenant.open(namespace));
      troubles.remove(namespace);
    } catch (LinuxException e) {
      complain(namespace, "sends no router advertisements: " + e.getMessage());
    }
  }

  private void close(String namespace) {
    var tenant = tenants.remove(namespace);
    if (tenant != null) {
      tenant.close();
    }
  }

  /** Once per trouble: it comes again with every look. */
  private void complain(String namespace, String trouble) {
    if (!trouble.equals(troubles.put(namespace, trouble))) {
      LOG.warn("network namespace {} {}", namespace, trouble);
    }
  }

  /** True when there may be more: somebody floods us. */
  private boolean listen(String namespace) {
    var tenant = tenants.get(namespace);
    try {
      for (int i = 0; tenant != null && i < MOST_IN_A_ROW; i++) {
        var from = tenant.socket().next();
        if (from.isEmpty()) {
          return false;
        }
        advertising.solicited(namespace, from.get());
      }
      return tenant != null;
    } catch (LinuxException e) {
      complain(namespace, "cannot be listened to: " + e.getMessage());
      close(namespace);
      return false;
    }
  }

  /** An endpoint's port, or the namespace, may be another one of the same name by now. */
  private void send(Advertising.Sending sending) {
    var tenant = tenants.get(sending.namespace());
    if (tenant == null) {
      return;
    }
    try {
      for (int attempt = 0; attempt < 2; attempt++) {
        var index = tenant.index(sending.port());
        if (index.isPresent() && tenant.socket().send(index.getAsInt(), sending.frame()) == 0) {
          return;
        }
        tenant.ports().remove(sending.port());
      }
      LOG.debug("{} of {}: not sent", sending.port(), sending.namespace());
    } catch (LinuxException e) {
      complain(sending.namespace(), "cannot be spoken into: " + e.getMessage());
      close(sending.namespace());
    }
  }

  private void await(long refreshAt) {
    long now = System.nanoTime();
    long left = Math.min(refreshAt - now, advertising.nextDeadline().orElse(refreshAt) - now);
    long millis = TimeUnit.NANOSECONDS.toMillis(left) + 1;
    var sockets =
        tenants.values().stream()
            .map(tenant -> tenant.socket().descriptor())
            .toArray(Descriptor[]::new);
    Libc.poll(Math.clamp(millis, 1, 1_000), sockets);
  }

  /** Stops. Hosts are told nothing: what stands in the kernel stays and goes on forwarding. */
  @Override
  public void close() {
    running = false;
    try {
      thread.join(2_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
