package io.weft.agent.discovery;

import io.weft.linux.ffi.DatagramSocket;
import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The neighbours at the far ends of some interfaces, found by their router advertisements. One
 * platform thread owns the raw sockets, one per interface that is up. Nothing of the interface is
 * changed.
 */
public final class LinkNeighbours implements AutoCloseable {
  /** Interfaces at most; further ones are left out, which is said. */
  public static final int MAX_INTERFACES = 64;

  private static final Logger LOG = LoggerFactory.getLogger(LinkNeighbours.class);
  private static final IpAddress ALL_NODES = IpAddress.parse("ff02::1");
  private static final IpAddress ALL_ROUTERS = IpAddress.parse("ff02::2");

  /** Messages read from one socket before anything else is looked at. */
  private static final int MOST_IN_A_ROW = 256;

  /** Interfaces are looked at so often. */
  private static final long LOOK_NANOS = TimeUnit.SECONDS.toNanos(1);

  private final Consumer<SortedMap<String, IpAddress>> listener;
  private final Rtnetlink rtnetlink;
  private final Thread thread;
  private final TreeMap<String, OnLink> open = new TreeMap<>();
  private final TreeMap<String, String> troubles = new TreeMap<>();
  private volatile List<String> wanted = List.of();
  private volatile boolean running = true;
  private SortedMap<String, IpAddress> told = Collections.emptySortedMap();

  /** A socket and what is decided for it. */
  private record OnLink(int index, DatagramSocket socket, RouterDiscovery discovery) {}

  /**
   * Starts in the network namespace of the calling thread; no interface is touched yet.
   *
   * @param listener told of all neighbours, by interface, whenever they change, on a thread of this
   *     object: must hand over and return
   */
  public LinkNeighbours(Consumer<SortedMap<String, IpAddress>> listener) {
    this.listener = listener;
    this.rtnetlink = Rtnetlink.open();
    // A thread inherits the namespace of its parent: the sockets are made there too.
    this.thread = Thread.ofPlatform().name("neighbours").daemon(true).start(this::run);
  }

  /** From now on these interfaces; takes effect within a second. */
  public void interfaces(List<String> names) {
    var distinct = List.copyOf(new TreeSet<>(names));
    if (distinct.size() > MAX_INTERFACES) {
      LOG.warn(
          "{} interfaces with unnumbered neighbours: only the first {} are served",
          distinct.size(),
          MAX_INTERFACES);
    }
    wanted = distinct.subList(0, Math.min(distinct.size(), MAX_INTERFACES));
  }

  private void run() {
    long lookAt = System.nanoTime();
    try {
      while (running) {
        if (lookAt - System.nanoTime() <= 0) {
          look();
          lookAt = System.nanoTime() + LOOK_NANOS;
        }
        open.values().forEach(this::drain);
        speak();
        tell();
        await(lookAt);
      }
    } catch (RuntimeException | Error e) {
      LOG.error("router discovery failed; this is a defect of Weft. Neighbours stay as known.", e);
    } finally {
      open.values().forEach(link -> link.socket.close());
      rtnetlink.close();
    }
  }

  private void await(long lookAt) {
    long until = lookAt;
    for (var link : open.values()) {
      long deadline = link.discovery.nextDeadline();
      until = deadline - until < 0 ? deadline : until;
    }
    long millis = TimeUnit.NANOSECONDS.toMillis(until - System.nanoTime()) + 1;
    var sockets =
        open.values().stream().map(link -> link.socket.descriptor()).toArray(Descriptor[]::new);
    Libc.poll(Math.clamp(millis, 1, 1_000), sockets);
  }

  // ---- interfaces -------------------------------------------------------------------------

  private void look() {
    var names = wanted;
    for (var name : List.copyOf(open.keySet())) {
      if (!names.contains(name)) {
        end(name);
      }
    }
    for (var name : names) {
      try {
        look(name);
      } catch (LinuxException e) {
        complain(name, e.getMessage() == null ? "cannot be used" : e.getMessage());
      }
    }
  }

  private void look(String name) {
    var link = rtnetlink.link(name).filter(Link::up);
    var before = open.get(name);
    if (before != null && link.filter(l -> l.index() == before.index).isEmpty()) {
      end(name);
    }
    if (link.isEmpty()) {
      complain(name, "is not there or not up: no neighbour is looked for");
    } else if (!open.containsKey(name)) {
      int index = link.get().index();
      var socket =
          DatagramSocket.icmp6(
              index, name, ALL_ROUTERS, RouterMessage.SOLICITATION, RouterMessage.ADVERTISEMENT);
      open.put(name, new OnLink(index, socket, new RouterDiscovery(name, System.nanoTime())));
      troubles.remove(name);
      warnOfDefaultRoute(name);
    }
  }

  /** The kernel of a host follows the same advertisements, unless it is told not to. */
  private static void warnOfDefaultRoute(String name) {
    var settings = Path.of("/proc/sys/net/ipv6/conf", name);
    try {
      var accept = Files.readString(settings.resolve("accept_ra")).strip();
      var forwarding = Files.readString(settings.resolve("forwarding")).strip();
      if (accept.equals("2") || accept.equals("1") && forwarding.equals("0")) {
        LOG.warn(
            "interface {}: the kernel makes an IPv6 default route of the neighbour's router"
                + " advertisements too; if that is not wanted run: sysctl -w"
                + " net.ipv6.conf.{}.accept_ra=0",
            name,
            name.replace('.', '/'));
      }
    } catch (IOException e) {
      LOG.debug("interface {}: {}", name, e.getMessage());
    }
  }

  private void end(String name) {
    var link = open.remove(name);
    if (link != null) {
      var farewell = RouterMessage.encode(RouterDiscovery.farewell());
      int _ = link.socket.send(farewell, ALL_NODES, link.index); // nothing, where the link is gone
      link.socket.close();
    }
  }

  /** Once per trouble: it comes again with every look. */
  private void complain(String name, String trouble) {
    if (!trouble.equals(troubles.put(name, trouble))) {
      LOG.warn("interface {} {}", name, trouble);
    }
  }

  // ---- messages ---------------------------------------------------------------------------

  private void drain(OnLink link) {
    for (int i = 0; i < MOST_IN_A_ROW; i++) {
      var datagram = link.socket.receive();
      if (datagram.isEmpty()) {
        return;
      }
      var got = datagram.get();
      link.discovery.received(System.nanoTime(), got.from(), got.ttl(), got.octets());
    }
  }

  private void speak() {
    open.forEach(
        (name, link) -> {
          link.discovery.timePassed(System.nanoTime());
          for (var message : link.discovery.drain()) {
            var to =
                switch (message) {
                  case RouterMessage.Advertisement _ -> ALL_NODES;
                  case RouterMessage.Solicitation _ -> ALL_ROUTERS;
                };
            int result = link.socket.send(RouterMessage.encode(message), to, link.index);
            if (result < 0) {
              // Such as before the link has its own address; it is said again soon.
              LOG.debug("interface {}: {} not sent: {}", name, message, new Errno(-result));
            }
          }
          link.discovery
              .rival()
              .ifPresent(
                  rival ->
                      complain(
                          name,
                          "has a second router, "
                              + rival
                              + ", which is left out: a link with an unnumbered neighbour has one"));
        });
  }

  private void tell() {
    var found = new TreeMap<String, IpAddress>();
    open.forEach((name, link) -> link.discovery.neighbour().ifPresent(n -> found.put(name, n)));
    if (!found.equals(told)) {
      for (var line : changes(told, found)) {
        LOG.info("{}", line);
      }
      told = Collections.unmodifiableSortedMap(found);
      listener.accept(told);
    }
  }

  private static List<String> changes(
      SortedMap<String, IpAddress> before, SortedMap<String, IpAddress> after) {
    var lines = new ArrayList<String>();
    var names = new TreeSet<>(before.keySet());
    names.addAll(after.keySet());
    for (var name : names) {
      var now = after.get(name);
      if (now == null) {
        lines.add("interface " + name + ": neighbour " + before.get(name) + " is gone");
      } else if (!now.equals(before.get(name))) {
        lines.add("interface " + name + ": neighbour " + now + " found");
      }
    }
    return lines;
  }

  /** Ends without a word, as at a restart: the neighbours keep our routes (RFC 4724 §4.2). */
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
