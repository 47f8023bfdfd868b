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
import java.time.Duration;
import java.util.Optional;

/**
 * Every frame of one interface (packet(7), AF_PACKET), for tests and proofs. Frames from the
 * opening on are kept by the kernel, up to the receive buffer, and then dropped. One owner at a
 * time.
 */
public final class PacketCapture implements AutoCloseable {
  private static final int BUFFER = 64 * 1024 + 64;
  private static final int RECEIVE_BUFFER = 32 * 1024 * 1024;

  /** struct sockaddr_ll: 2 family | 2 protocol | 4 index | 2 hardware type | 1 packet type. */
  private static final int PACKET_TYPE = 10;

  private final Descriptor socket;
  private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(BUFFER, 8);
  private final MemorySegment sender = arena.allocate(20, 8);

  private PacketCapture(Descriptor socket) {
    this.socket = socket;
  }

  /**
   * Starts to capture.
   *
   * @throws io.weft.linux.ffi.LinuxException ENODEV without such an interface, EPERM without
   *     CAP_NET_RAW
   */
  public static PacketCapture openIn(String nameOrPath, String interfaceName) {
    return NetworkNamespaces.callIn(
        nameOrPath,
        () -> {
          int index = Libc.if_nametoindex(interfaceName);
          // Protocol 0 until bound: no frame of another interface gets in between.
          var socket = Libc.socket(LinuxConstants.AF_PACKET, LinuxConstants.SOCK_RAW, 0);
          try {
            // Best effort: the default holds a few hundred frames, which serves as well.
            int _ =
                Libc.setsockopt(
                    socket,
                    LinuxConstants.SOL_SOCKET,
                    LinuxConstants.SO_RCVBUFFORCE,
                    RECEIVE_BUFFER);
            Libc.bind(socket, SocketAddress.packet(index));
            return new PacketCapture(socket);
          } catch (RuntimeException e) {
            socket.close();
            throw e;
          }
        });
  }

  /** The next frame, or empty after the timeout. */
  public Optional<Frame> next(Duration timeout) {
    var deadline = new Deadline(timeout);
    while (true) {
      int length = Libc.recvfrom(socket, buffer, LinuxConstants.MSG_DONTWAIT, sender);
      if (length >= 0) {
        boolean outgoing =
            sender.get(ValueLayout.JAVA_BYTE, PACKET_TYPE) == LinuxConstants.PACKET_OUTGOING;
        var octets = buffer.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE);
        return Optional.of(new Frame(outgoing, Octets.of(octets)));
      }
      if (length != -Errno.EAGAIN.number() && length != -Errno.EINTR.number()) {
        Libc.check(length, "recv", "packets");
      }
      if (deadline.isOver()) {
        return Optional.empty();
      }
      Libc.poll(deadline.leftMillis(), socket);
    }
  }

  /** Sends a frame as it is out of the interface; it is captured too, as an outgoing one. */
  public void send(Octets frame) {
    buffer.asSlice(0, frame.length()).copyFrom(MemorySegment.ofArray(frame.toArray()));
    Libc.check(Libc.send(socket, buffer.asSlice(0, frame.length())), "send", "a frame");
  }

  @Override
  public void close() {
    socket.close();
    arena.close();
  }
}
