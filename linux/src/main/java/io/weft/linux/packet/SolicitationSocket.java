package io.weft.linux.packet;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.SocketAddress;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Optional;

/**
 * Router solicitations (RFC 4861 §4.1) that reach a network namespace by any link, as the Ethernet
 * address that sent them, and a way to send frames by a link (packet(7), AF_PACKET). The kernel
 * picks them out (socket filter), so that other packets cost nothing here. One owner at a time.
 */
public final class SolicitationSocket implements AutoCloseable {
  private static final int HEADERS = 14 + 40; // Ethernet, IPv6

  /** Enough of a solicitation for its sender; the rest is cut off. */
  private static final int BUFFER = HEADERS + 8;

  private final Descriptor socket;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER, 8);

  private SolicitationSocket(Descriptor socket) {
    this.socket = socket;
  }

  /**
   * Begins to listen.
   *
   * @throws io.weft.linux.ffi.LinuxException ENOENT without such a namespace, EPERM without
   *     CAP_NET_RAW
   */
  public static SolicitationSocket openIn(String nameOrPath) {
    return NetworkNamespaces.callIn(
        nameOrPath,
        () -> {
          // Protocol 0 until the filter is there: nothing else gets in.
          var socket = Libc.socket(LinuxConstants.AF_PACKET, LinuxConstants.SOCK_RAW, 0);
          try {
            filter(socket);
            Libc.bind(socket, SocketAddress.packets(LinuxConstants.ETH_P_IPV6, 0));
            return new SolicitationSocket(socket);
          } catch (RuntimeException e) {
            socket.close();
            throw e;
          }
        });
  }

  /**
   * IPv6 with next header ICMPv6, hop limit 255 (from this link, RFC 4861 §6.1.1) and type router
   * solicitation.
   */
  private static void filter(Descriptor socket) {
    int[][] program = {
      {SocketFilter.LOAD, 0, 0, 14 + 6},
      {SocketFilter.EQUAL, 0, 5, 58},
      {SocketFilter.LOAD, 0, 0, 14 + 7},
      {SocketFilter.EQUAL, 0, 3, 255},
      {SocketFilter.LOAD, 0, 0, HEADERS},
      {SocketFilter.EQUAL, 1, 0, 133},
      {SocketFilter.END, 0, 0, 0},
      {SocketFilter.END, 0, 0, 0xffff},
    };
    SocketFilter.attach(socket, program);
  }

  /** For {@link Libc#poll}. */
  public Descriptor descriptor() {
    return socket;
  }

  /** Who sent the next one, without waiting; empty when there is none. */
  public Optional<MacAddress> next() {
    while (true) {
      int length = Libc.recv(socket, buffer, LinuxConstants.MSG_DONTWAIT);
      if (length == -Errno.EAGAIN.number() || length == -Errno.EINTR.number()) {
        return Optional.empty();
      }
      Libc.check(length, "recv", "router solicitations");
      if (length > HEADERS) {
        return Optional.of(MacAddress.of(buffer.asSlice(6, 6).toArray(ValueLayout.JAVA_BYTE)));
      }
    }
  }

  /**
   * Sends a whole frame out by a link.
   *
   * @return 0, or a negative errno: ENXIO or ENODEV when the link is gone, ENETDOWN when it is down
   */
  public int send(int link, Octets frame) {
    try (var memory = Arena.ofConfined()) {
      var octets =
          memory.allocate(frame.length(), 8).copyFrom(MemorySegment.ofArray(frame.toArray()));
      int sent =
          Libc.sendto(socket, octets, SocketAddress.packets(LinuxConstants.ETH_P_IPV6, link));
      return Math.min(sent, 0);
    }
  }

  @Override
  public void close() {
    socket.close();
    arena.close();
  }
}
