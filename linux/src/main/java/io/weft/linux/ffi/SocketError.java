package io.weft.linux.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import io.weft.net.IpAddress;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.util.Optional;

/**
 * What a socket with IP_RECVERR or IPV6_RECVERR was told about a packet that it had sent
 * (linux/errqueue.h).
 *
 * @param errno such as EMSGSIZE for a packet that is too big
 * @param mtu of the next link, where the packet was too big; otherwise without meaning
 * @param router who said so by ICMP; empty: this host itself
 */
public record SocketError(int errno, int mtu, Optional<IpAddress> router) {
  private static final int SO_EE_ORIGIN_LOCAL = 1;

  /** struct sock_extended_err: 4 errno | 1 origin | 1 type | 1 code | 1 | 4 MTU | 4 data. */
  private static final int EXTENDED_ERROR = 16;

  private static final int CMSGHDR = 16;
  private static final int CONTROL_OCTETS = 256;

  // ssize_t recvmsg(int, struct msghdr *, int)
  private static final MethodHandle RECVMSG =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("recvmsg"),
              FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));

  /** The oldest that was not read yet, without waiting for one. */
  public static Optional<SocketError> next(Descriptor socket, boolean ipv4) {
    try (var arena = Arena.ofConfined()) {
      var control = arena.allocate(CONTROL_OCTETS, 8);
      // struct msghdr on 64 bits: 8 name | 4 length | 4 | 8 iov | 8 count | 8 control | 8 length |
      // 4
      var header = arena.allocate(56, 8);
      header.set(ADDRESS, 32, control);
      header.set(JAVA_LONG, 40, CONTROL_OCTETS);
      long length =
          (long)
              RECVMSG.invokeExact(
                  socket.number(),
                  header,
                  LinuxConstants.MSG_ERRQUEUE | LinuxConstants.MSG_DONTWAIT);
      return length < 0
          ? Optional.empty()
          : Optional.of(read(control, header.get(JAVA_LONG, 40), ipv4));
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a native call has thrown", e);
    }
  }

  /** struct cmsghdr: 8 length with itself | 4 level | 4 type | data, all to multiples of 8. */
  private static SocketError read(MemorySegment control, long length, boolean ipv4) {
    int type = ipv4 ? LinuxConstants.IP_RECVERR : LinuxConstants.IPV6_RECVERR;
    for (long at = 0; at + CMSGHDR + EXTENDED_ERROR <= length; ) {
      long size = control.get(JAVA_LONG, at);
      if (control.get(JAVA_INT, at + 12) == type) {
        return read(control.asSlice(at + CMSGHDR), ipv4);
      }
      at += Math.max(CMSGHDR, (size + 7) / 8 * 8);
    }
    return new SocketError(0, 0, Optional.empty());
  }

  /** Behind the error stands the address of who said it, struct sockaddr_in or sockaddr_in6. */
  private static SocketError read(MemorySegment error, boolean ipv4) {
    boolean local = error.get(JAVA_BYTE, 4) == SO_EE_ORIGIN_LOCAL;
    var from = error.asSlice(EXTENDED_ERROR + (ipv4 ? 4 : 8), ipv4 ? 4 : 16).toArray(JAVA_BYTE);
    var router = IpAddress.of(from);
    return new SocketError(
        error.get(JAVA_INT, 0),
        error.get(JAVA_INT, 8),
        local || router.isUnspecified() ? Optional.empty() : Optional.of(router));
  }
}
