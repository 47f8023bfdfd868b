package io.weft.linux.netlink;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.MalformedInput;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/**
 * Hears what changes in one namespace. Open it before the first dump, so that nothing falls
 * between. A single-threaded owner calls {@link #drain}; {@link #follow} reads on a platform thread
 * instead.
 */
public final class NetlinkMonitor implements AutoCloseable {
  /** Notices per {@link #drain} at most, give or take one datagram. */
  public static final int MAX_NOTICES = 10_000;

  private static final int BUFFER = 64 * 1024;
  private static final int GROUPS =
      group(Uapi.RTNLGRP_LINK)
          | group(Uapi.RTNLGRP_NEIGH)
          | group(Uapi.RTNLGRP_MDB)
          | group(Uapi.RTNLGRP_IPV4_IFADDR)
          | group(Uapi.RTNLGRP_IPV6_IFADDR);
  private static final int ROUTE_GROUPS =
      group(Uapi.RTNLGRP_IPV4_ROUTE)
          | group(Uapi.RTNLGRP_IPV6_ROUTE)
          | group(Uapi.RTNLGRP_IPV4_RULE)
          | group(Uapi.RTNLGRP_IPV6_RULE)
          | group(Uapi.RTNLGRP_IPV4_NETCONF)
          | group(Uapi.RTNLGRP_IPV6_NETCONF);

  private final Descriptor socket;
  private final Descriptor wakeUp = Libc.eventfd();
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER, 8);
  private volatile boolean closing;
  private Optional<Thread> reader = Optional.empty();

  private NetlinkMonitor(Descriptor socket) {
    this.socket = socket;
  }

  /**
   * Links, forwarding databases, groups, neighbours and addresses of a namespace, by name or path.
   */
  public static NetlinkMonitor openIn(String nameOrPath) {
    return openIn(nameOrPath, false, NetlinkSocket.RECEIVE_BUFFER);
  }

  /**
   * As {@link #openIn(String)}, and routes, the rules that say which of them count, and settings of
   * links.
   */
  public static NetlinkMonitor openWithRoutesIn(String nameOrPath) {
    return openIn(nameOrPath, true, NetlinkSocket.RECEIVE_BUFFER);
  }

  /**
   * As {@link #openIn(String)}, with routes or without, and a queue of a chosen size.
   *
   * @param receiveBuffer octets of notices that the kernel keeps for us before it drops them
   */
  public static NetlinkMonitor openIn(String nameOrPath, boolean routes, int receiveBuffer) {
    int groups = GROUPS | (routes ? ROUTE_GROUPS : 0);
    return NetworkNamespaces.callIn(
        nameOrPath,
        () ->
            new NetlinkMonitor(
                NetlinkSocket.openDescriptor(LinuxConstants.NETLINK_ROUTE, groups, receiveBuffer)));
  }

  private static int group(int number) {
    return 1 << number - 1;
  }

  /** What has been heard and not yet handed out; never blocks. Empty: nothing new. */
  public List<KernelNotice> drain() {
    var notices = new ArrayList<KernelNotice>();
    while (notices.size() < MAX_NOTICES) {
      int length = Libc.recv(socket, buffer, LinuxConstants.MSG_DONTWAIT);
      if (length == -Errno.EAGAIN.number()) {
        break;
      }
      if (length == -Errno.ENOBUFS.number()) {
        notices.add(new KernelNotice.Overrun());
      } else if (length != -Errno.EINTR.number()) {
        Libc.check(length, "recv", "netlink notices");
        for (var message : NetlinkSocket.split(buffer, length)) {
          NetlinkSocket.decoded(() -> read(message)).ifPresent(notices::add);
        }
      }
    }
    return notices;
  }

  /** For {@link Libc#poll}: can be read when there is something to drain. */
  public Descriptor descriptor() {
    return socket;
  }

  /**
   * Waits until there is something to drain; false after the timeout, or when the monitor is being
   * closed. Blocks its carrier: for platform threads.
   */
  public boolean await(Duration timeout) {
    int millis = Math.clamp(timeout.toMillis(), 0, Integer.MAX_VALUE);
    return Libc.poll(millis, socket, wakeUp) > 0 && !closing;
  }

  /**
   * Hands every notice to a consumer, on a platform thread of its own, until close. The consumer
   * should put it into a bounded queue and return.
   */
  public void follow(String threadName, Consumer<KernelNotice> consumer) {
    if (reader.isPresent()) {
      throw new IllegalStateException("this monitor is being followed");
    }
    reader =
        Optional.of(
            Thread.ofPlatform()
                .name(threadName)
                .daemon()
                .start(
                    () -> {
                      while (!closing) {
                        if (await(Duration.ofHours(1))) {
                          drain().forEach(consumer);
                        }
                      }
                    }));
  }

  /** Empty for messages that say nothing of their own. */
  private static Optional<KernelNotice> read(Message message) throws MalformedInput {
    return switch (message.type()) {
      case Uapi.RTM_NEWLINK -> link(message);
      case Uapi.RTM_DELLINK -> linkGone(message);
      case Uapi.RTM_NEWNEIGH -> neighbour(message, false);
      case Uapi.RTM_DELNEIGH -> neighbour(message, true);
      case Uapi.RTM_NEWADDR -> address(message, false);
      case Uapi.RTM_DELADDR -> address(message, true);
      case Uapi.RTM_NEWROUTE -> route(message, false);
      case Uapi.RTM_DELROUTE -> route(message, true);
      case Uapi.RTM_NEWRULE -> rule(message, false);
      case Uapi.RTM_DELRULE -> rule(message, true);
      case Uapi.RTM_NEWNETCONF -> setting(message);
      case Uapi.RTM_NEWMDB -> mdb(message, false);
      case Uapi.RTM_DELMDB -> mdb(message, true);
      default -> Optional.empty(); // the number space is the kernel's and open
    };
  }

  private static Optional<KernelNotice> link(Message message) throws MalformedInput {
    return LinkCodec.isOfBridge(message)
        ? LinkCodec.bridgePort(message)
            .map(port -> new KernelNotice.BridgePortChanged(message.body().getInt(4), port))
        : Optional.of(new KernelNotice.LinkChanged(LinkCodec.read(message)));
  }

  /** From the bridge it means only that the link is no port any more, which the link says too. */
  private static Optional<KernelNotice> linkGone(Message message) throws MalformedInput {
    return LinkCodec.isOfBridge(message)
        ? Optional.empty()
        : Optional.of(new KernelNotice.LinkGone(LinkCodec.index(message), LinkCodec.name(message)));
  }

  private static Optional<KernelNotice> neighbour(Message message, boolean gone)
      throws MalformedInput {
    return NeighbourCodec.isFdb(message)
        ? NeighbourCodec.readFdb(message).map(entry -> new KernelNotice.FdbChanged(entry, gone))
        : NeighbourCodec.readNeighbour(message)
            .map(neighbour -> new KernelNotice.NeighbourChanged(neighbour, gone));
  }

  private static Optional<KernelNotice> address(Message message, boolean gone)
      throws MalformedInput {
    return AddressCodec.read(message)
        .map(address -> new KernelNotice.AddressChanged(address, gone));
  }

  private static Optional<KernelNotice> route(Message message, boolean gone) throws MalformedInput {
    return RouteCodec.read(message).map(route -> new KernelNotice.RouteChanged(route, gone));
  }

  private static Optional<KernelNotice> rule(Message message, boolean gone) throws MalformedInput {
    return RuleCodec.read(message).map(rule -> new KernelNotice.RuleChanged(rule, gone));
  }

  /** linux/netconf.h: 1 family | 3 pad, then NETCONFA_* attributes. */
  private static Optional<KernelNotice> setting(Message message) throws MalformedInput {
    var link = message.attributes(4).u32(Uapi.NETCONFA_IFINDEX);
    return link.isPresent()
        ? Optional.of(new KernelNotice.SettingChanged(link.getAsInt()))
        : Optional.empty();
  }

  /** A notice has one row, or is about a router's port. */
  private static Optional<KernelNotice> mdb(Message message, boolean gone) throws MalformedInput {
    return MdbCodec.read(message).stream()
        .findFirst()
        .map(entry -> new KernelNotice.MdbChanged(entry, gone));
  }

  /** Stops the reading thread, waits for it, and closes. Not from within the consumer. */
  @Override
  public void close() {
    if (closing) {
      return;
    }
    closing = true;
    Libc.raise(wakeUp);
    boolean interrupted = false;
    while (reader.isPresent() && reader.get().isAlive()) {
      try {
        reader.get().join();
      } catch (InterruptedException _) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
    socket.close();
    wakeUp.close();
    arena.close();
  }
}
