package io.weft.linux.packet;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.SocketAddress;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.Octets;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * What comes in by one link of ARP (RFC 826), neighbour solicitations and neighbour advertisements
 * (RFC 4861 §4.3, §4.4), and a way to send frames by it (packet(7), AF_PACKET). A bridge whose port
 * the link is gets them too. The kernel picks them out (socket filter). One owner at a time.
 */
public final class NeighbourSocket implements AutoCloseable {
  /** ARP for IPv4 has 28 octets, an advertisement with its option 72. */
  private static final int BUFFER = 14 + 40 + 32;

  private final Descriptor socket;
  private final int link;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER, 8);

  private NeighbourSocket(Descriptor socket, int link) {
    this.socket = socket;
    this.link = link;
  }

  /**
   * Begins to listen.
   *
   * @throws io.weft.linux.ffi.LinuxException ENODEV without such a link, ENOENT without such a
   *     namespace, EPERM without CAP_NET_RAW
   */
  public static NeighbourSocket openIn(String nameOrPath, String link) {
    return NetworkNamespaces.callIn(
        nameOrPath,
        () -> {
          int index = Libc.if_nametoindex(link);
          // Protocol 0 until the filter is there: nothing else gets in.
          var socket = Libc.socket(LinuxConstants.AF_PACKET, LinuxConstants.SOCK_RAW, 0);
          try {
            filter(socket);
            // Every protocol: those of one are taken after the bridge has had them.
            Libc.bind(socket, SocketAddress.packet(index));
            return new NeighbourSocket(socket, index);
          } catch (RuntimeException e) {
            socket.close();
            throw e;
          }
        });
  }

  /** Not what goes out; ARP, or ICMPv6 with hop limit 255 (RFC 4861 §7.1) of both types. */
  private static void filter(Descriptor socket) {
    int[][] program = {
      {SocketFilter.LOAD, 0, 0, SocketFilter.PACKET_TYPE},
      {SocketFilter.EQUAL, 10, 0, LinuxConstants.PACKET_OUTGOING},
      {SocketFilter.LOAD_16, 0, 0, 12},
      {SocketFilter.EQUAL, 9, 0, LinuxConstants.ETH_P_ARP},
      {SocketFilter.EQUAL, 0, 7, LinuxConstants.ETH_P_IPV6},
      {SocketFilter.LOAD, 0, 0, 14 + 6},
      {SocketFilter.EQUAL, 0, 5, LinuxConstants.IPPROTO_ICMPV6},
      {SocketFilter.LOAD, 0, 0, 14 + 7},
      {SocketFilter.EQUAL, 0, 3, 255},
      {SocketFilter.LOAD, 0, 0, 14 + 40},
      {SocketFilter.EQUAL, 2, 0, 135},
      {SocketFilter.EQUAL, 1, 0, 136},
      {SocketFilter.END, 0, 0, 0},
      {SocketFilter.END, 0, 0, 0xffff},
    };
    SocketFilter.attach(socket, program);
  }

  /** Index of the link in its namespace. */
  public int link() {
    return link;
  }

  /** For {@link Libc#poll}. */
  public Descriptor descriptor() {
    return socket;
  }

  /**
   * The next frame, from its Ethernet header on, without waiting; what is longer than an
   * advertisement is cut off.
   *
   * @throws io.weft.linux.ffi.LinuxException ENETDOWN when the link is down or gone
   */
  public Optional<Octets> next() {
    int length = Libc.recv(socket, buffer, LinuxConstants.MSG_DONTWAIT);
    if (length == -Errno.EAGAIN.number() || length == -Errno.EINTR.number()) {
      return Optional.empty();
    }
    Libc.check(length, "recv", "neighbour messages");
    return Optional.of(Octets.of(buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE)));
  }

  /**
   * Sends a whole frame out by the link.
   *
   * @return 0, or a negative errno: ENXIO or ENODEV when the link is gone, ENETDOWN when it is down
   */
  public int send(Octets frame) {
    try (var memory = Arena.ofConfined()) {
      var octets =
          memory.allocate(frame.length(), 8).copyFrom(MemorySegment.ofArray(frame.toArray()));
      return Math.min(Libc.sendto(socket, octets, SocketAddress.packet(link)), 0);
    }
  }

  @Override
  public void close() {
    socket.close();
    arena.close();
  }
}
