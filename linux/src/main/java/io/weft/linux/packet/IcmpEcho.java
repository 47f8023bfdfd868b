package io.weft.linux.packet;

import static io.weft.linux.ffi.LinuxConstants.AF_INET;
import static io.weft.linux.ffi.LinuxConstants.AF_INET6;
import static io.weft.linux.ffi.LinuxConstants.IPPROTO_ICMP;
import static io.weft.linux.ffi.LinuxConstants.IPPROTO_ICMPV6;
import static io.weft.linux.ffi.LinuxConstants.IPPROTO_IP;
import static io.weft.linux.ffi.LinuxConstants.IPPROTO_IPV6;
import static io.weft.linux.ffi.LinuxConstants.IPV6_DONTFRAG;
import static io.weft.linux.ffi.LinuxConstants.IPV6_MTU;
import static io.weft.linux.ffi.LinuxConstants.IPV6_MTU_DISCOVER;
import static io.weft.linux.ffi.LinuxConstants.IP_MTU;
import static io.weft.linux.ffi.LinuxConstants.IP_MTU_DISCOVER;
import static io.weft.linux.ffi.LinuxConstants.IP_PMTUDISC_PROBE;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.SocketAddress;
import io.weft.linux.ffi.SocketError;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * ICMP echo from inside a network namespace to one address, with packets that must not be
 * fragmented (RFC 792, RFC 4443 §4): ping for machines that have none. One owner at a time.
 */
public final class IcmpEcho implements AutoCloseable {
  /** Octets in front of the payload: IPv4 and ICMP headers. */
  public static final int IPV4_OVERHEAD = 20 + 8;

  /** Octets in front of the payload: IPv6 and ICMPv6 headers. */
  public static final int IPV6_OVERHEAD = 40 + 8;

  private static final AtomicInteger IDENTIFIERS =
      new AtomicInteger((int) ProcessHandle.current().pid());
  private static final int BUFFER = 64 * 1024 + 64;

  private final Descriptor socket;
  private final IpAddress destination;
  private final boolean asksRouters;
  private final int identifier = IDENTIFIERS.incrementAndGet() & 0xffff;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER, 8);
  private boolean connected;
  private int sequence;

  private IcmpEcho(Descriptor socket, IpAddress destination, boolean asksRouters) {
    this.socket = socket;
    this.destination = destination;
    this.asksRouters = asksRouters;
  }

  /**
   * Opens a raw socket; nothing is sent, and no route is needed yet.
   *
   * @throws io.weft.linux.ffi.LinuxException EPERM without CAP_NET_RAW
   */
  public static IcmpEcho openIn(String nameOrPath, IpAddress destination) {
    return NetworkNamespaces.callIn(nameOrPath, () -> open(destination));
  }

  /**
   * As {@link #openIn}, in the network namespace of the calling thread and from one of its
   * addresses; routers that say a packet is too big are named ({@link EchoResult.TooBig#router}).
   *
   * @throws io.weft.linux.ffi.LinuxException EADDRNOTAVAIL without the source address
   */
  public static IcmpEcho openHere(IpAddress source, IpAddress destination) {
    var echo = open(destination, true);
    try {
      boolean v4 = destination.isIpv4();
      set(
          echo.socket,
          v4 ? IPPROTO_IP : IPPROTO_IPV6,
          v4 ? LinuxConstants.IP_RECVERR : LinuxConstants.IPV6_RECVERR,
          1);
      Libc.bind(echo.socket, SocketAddress.internet(source));
      return echo;
    } catch (RuntimeException e) {
      echo.close();
      throw e;
    }
  }

  private static IcmpEcho open(IpAddress destination) {
    return open(destination, false);
  }

  private static IcmpEcho open(IpAddress destination, boolean asksRouters) {
    boolean v4 = destination.isIpv4();
    var socket =
        Libc.socket(
            v4 ? AF_INET : AF_INET6, LinuxConstants.SOCK_RAW, v4 ? IPPROTO_ICMP : IPPROTO_ICMPV6);
    try {
      // PROBE: don't fragment, and ask the way anew each time instead of a remembered path MTU.
      if (v4) {
        set(socket, IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE);
      } else {
        set(socket, IPPROTO_IPV6, IPV6_MTU_DISCOVER, IP_PMTUDISC_PROBE);
        set(socket, IPPROTO_IPV6, IPV6_DONTFRAG, 1);
      }
      return new IcmpEcho(socket, destination, asksRouters);
    } catch (RuntimeException e) {
      socket.close();
      throw e;
    }
  }

  private static void set(Descriptor socket, int level, int option, int value) {
    Libc.check(Libc.setsockopt(socket, level, option, value), "setsockopt", "option " + option);
  }

  /** The largest payload that fits into an IP packet of this size. */
  public static int payloadFor(int mtu, IpAddress destination) {
    return mtu - (destination.isIpv4() ? IPV4_OVERHEAD : IPV6_OVERHEAD);
  }

  /**
   * Sends one echo request and waits for its reply.
   *
   * @param payloadOctets behind the ICMP header, 0..65,000
   */
  public EchoResult ping(int payloadOctets, Duration timeout) {
    var deadline = new Deadline(timeout);
    long start = System.nanoTime();
    sequence = sequence + 1 & 0xffff;
    int expected = sequence;
    int sent = send(expected, payloadOctets);
    if (sent < 0) {
      return refused(sent);
    }
    while (true) {
      int heard = receive();
      if (heard == expected) {
        return new EchoResult.Reply(System.nanoTime() - start);
      }
      if (heard == -Errno.EMSGSIZE.number()) {
        return tooBig();
      }
      if (heard == -Errno.EAGAIN.number()) {
        var told = told(); // what is not read makes the wait below end at once
        if (told.isPresent()) {
          return told.get();
        }
        if (deadline.isOver()) {
          return new EchoResult.NoReply();
        }
        Libc.poll(deadline.leftMillis(), socket);
      }
      // Anything else is an older reply, or a late ICMP error, such as EHOSTUNREACH when ARP has
      // failed: it may belong to an earlier request, so the timeout decides.
    }
  }

  private EchoResult refused(int result) {
    var errno = new Errno(-result);
    if (errno.equals(Errno.ENOBUFS)) {
      return new EchoResult.NoReply(); // a queue or a link has dropped it: lost as any other
    }
    return errno.equals(Errno.EMSGSIZE)
        ? tooBig()
        : new EchoResult.Failed("send to " + destination + ": " + errno);
  }

  private EchoResult.TooBig tooBig() {
    return told().orElseGet(() -> new EchoResult.TooBig(knownMtu()));
  }

  /** What a router, or this host, says of a packet that was too big; other errors are read too. */
  private Optional<EchoResult.TooBig> told() {
    while (asksRouters) {
      var error = SocketError.next(socket, destination.isIpv4());
      if (error.isEmpty()) {
        return Optional.empty();
      }
      if (error.get().errno() == Errno.EMSGSIZE.number()) {
        var mtu = OptionalInt.of(error.get().mtu());
        return Optional.of(new EchoResult.TooBig(mtu, error.get().router()));
      }
    }
    return Optional.empty();
  }

  private OptionalInt knownMtu() {
    int mtu =
        destination.isIpv4()
            ? Libc.getsockopt(socket, IPPROTO_IP, IP_MTU)
            : Libc.getsockopt(socket, IPPROTO_IPV6, IPV6_MTU);
    return mtu > 0 ? OptionalInt.of(mtu) : OptionalInt.empty();
  }

  /** Sends an echo request; returns a negative errno where the kernel refuses. */
  int send(int number, int payloadOctets) {
    if (payloadOctets < 0 || payloadOctets > 65_000) {
      throw new IllegalArgumentException("payload of " + payloadOctets + " octets: not 0..65000");
    }
    if (!connected) {
      // Late, so that a namespace without a route is an outcome of a ping and not of the opening.
      int result = Libc.connect(socket, SocketAddress.internet(destination));
      if (result < 0) {
        return result;
      }
      connected = true;
    }
    var request =
        MemorySegment.ofArray(
            EchoMessage.request(destination.isIpv4(), identifier, number, payloadOctets));
    var octets = buffer.asSlice(0, request.byteSize()).copyFrom(request);
    int sent = Libc.send(socket, octets);
    // The first refusal may be the echo of an earlier packet's ICMP error, which asking clears.
    return sent < 0 && sent != -Errno.EMSGSIZE.number() ? Libc.send(socket, octets) : sent;
  }

  Descriptor socket() {
    return socket;
  }

  /** The sequence number of a reply; EAGAIN: none is there; -1: a packet of no concern. */
  int receive() {
    int length = Libc.recv(socket, buffer, LinuxConstants.MSG_DONTWAIT);
    if (length < 0) {
      return length;
    }
    var octets = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
    return EchoMessage.replySequence(octets, destination.isIpv4(), identifier).orElse(-1);
  }

  @Override
  public void close() {
    socket.close();
    arena.close();
  }
}
