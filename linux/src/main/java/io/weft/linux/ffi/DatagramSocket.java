package io.weft.linux.ffi;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.weft.net.IpAddress;
import io.weft.net.Octets;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.MethodHandle;
import java.nio.ByteOrder;
import java.util.Optional;

/**
 * A UDP socket that says with each datagram which TTL it arrived with, which Java's own do not. For
 * one thread. (IP_MINTTL, by which a kernel drops on its own, is for TCP alone.)
 */
public final class DatagramSocket implements AutoCloseable {
  /**
   * One datagram.
   *
   * @param ttl TTL or hop limit on arrival; -1 when the kernel did not say
   */
  public record Datagram(IpAddress from, int ttl, Octets octets) {}

  // linux/net.h, linux/in.h, linux/in6.h, asm-generic/socket.h
  private static final int SOCK_DGRAM = 2;
  private static final int IP_TTL = 2;
  private static final int IP_RECVTTL = 12;
  private static final int IPV6_UNICAST_HOPS = 16;
  private static final int IPV6_RECVHOPLIMIT = 51;
  private static final int IPV6_HOPLIMIT = 52;
  private static final int IPV6_V6ONLY = 26;

  private static final int MOST_OCTETS = 512;
  private static final int CONTROL_OCTETS = 64;

  // ssize_t recvmsg(int, struct msghdr *, int)
  private static final MethodHandle RECVMSG =
      Linker.nativeLinker()
          .downcallHandle(
              Linker.nativeLinker().defaultLookup().findOrThrow("recvmsg"),
              FunctionDescriptor.of(JAVA_LONG, JAVA_INT, ADDRESS, JAVA_INT));

  private final Arena arena = Arena.ofShared();
  private final Descriptor descriptor;
  private final boolean ipv4;
  private final MemorySegment name = arena.allocate(28, 8);
  private final MemorySegment payload = arena.allocate(MOST_OCTETS, 8);
  private final MemorySegment control = arena.allocate(CONTROL_OCTETS, 8);
  private final MemorySegment vector = arena.allocate(16, 8);
  private final MemorySegment header = arena.allocate(56, 8);

  private DatagramSocket(Descriptor descriptor, boolean ipv4) {
    this.descriptor = descriptor;
    this.ipv4 = ipv4;
    // struct iovec: 8 base | 8 length
    vector.set(ADDRESS, 0, payload);
    vector.set(JAVA_LONG, 8, MOST_OCTETS);
  }

  /** Bound to an address and port; tells the TTL of what it receives, sends with TTL 255. */
  public static DatagramSocket bind(IpAddress local, int port) {
    boolean ipv4 = local.isIpv4();
    var descriptor =
        Libc.socket(ipv4 ? LinuxConstants.AF_INET : LinuxConstants.AF_INET6, SOCK_DGRAM, 0);
    try {
      int level = ipv4 ? LinuxConstants.IPPROTO_IP : LinuxConstants.IPPROTO_IPV6;
      option(descriptor, level, ipv4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, 1);
      option(descriptor, level, ipv4 ? IP_TTL : IPV6_UNICAST_HOPS, 255);
      if (!ipv4) {
        option(descriptor, level, IPV6_V6ONLY, 1);
      }
      Libc.bind(descriptor, address(local, port));
      return new DatagramSocket(descriptor, ipv4);
    } catch (RuntimeException e) {
      descriptor.close();
      throw e;
    }
  }

  /** Fixes where {@link #send} sends to. */
  public void connect(IpAddress peer, int port) {
    Libc.check(Libc.connect(descriptor, address(peer, port)), "connect", peer + " port " + port);
  }

  /** Sets an option of the socket level or another one; throws what the kernel says. */
  public void option(int level, int option, int value) {
    option(descriptor, level, option, value);
  }

  /** Sends to the connected address; returns the octets sent or a negative errno. */
  public int send(Octets octets) {
    payload.asSlice(0, octets.length()).copyFrom(MemorySegment.ofArray(octets.toArray()));
    return Libc.send(descriptor, payload.asSlice(0, octets.length()));
  }

  /** What waits, without waiting for it. A pending error of the socket counts as nothing. */
  public Optional<Datagram> receive() {
    // struct msghdr on 64 bits: 8 name | 4 length | 4 | 8 iov | 8 count | 8 control | 8 length | 4
    header.set(ADDRESS, 0, name);
    header.set(JAVA_INT, 8, (int) name.byteSize());
    header.set(ADDRESS, 16, vector);
    header.set(JAVA_LONG, 24, 1);
    header.set(ADDRESS, 32, control);
    header.set(JAVA_LONG, 40, CONTROL_OCTETS);
    int length;
    try {
      length =
          (int)
              (long) RECVMSG.invokeExact(descriptor.number(), header, LinuxConstants.MSG_DONTWAIT);
    } catch (RuntimeException | Error e) {
      throw e;
    } catch (Throwable e) {
      throw new IllegalStateException("a native call has thrown", e);
    }
    if (length < 0) {
      return Optional.empty();
    }
    var from = name.asSlice(ipv4 ? 4 : 8, ipv4 ? 4 : 16).toArray(JAVA_BYTE);
    var octets = Octets.of(payload.asSlice(0, length).toArray(JAVA_BYTE));
    return Optional.of(new Datagram(IpAddress.of(from), ttl(header.get(JAVA_LONG, 40)), octets));
  }

  /** struct cmsghdr: 8 length with itself | 4 level | 4 type | data, all to multiples of 8. */
  private int ttl(long length) {
    for (long at = 0; at + 20 <= length; ) {
      long size = control.get(JAVA_LONG, at);
      int type = control.get(JAVA_INT, at + 12);
      if (type == (ipv4 ? IP_TTL : IPV6_HOPLIMIT)) {
        return control.get(JAVA_INT, at + 16);
      }
      at += Math.max(16, (size + 7) / 8 * 8);
    }
    return -1;
  }

  /** For {@link Libc#poll}. */
  public Descriptor descriptor() {
    return descriptor;
  }

  @Override
  public void close() {
    descriptor.close();
    if (arena.scope().isAlive()) {
      arena.close();
    }
  }

  private static void option(Descriptor descriptor, int level, int option, int value) {
    Libc.check(
        Libc.setsockopt(descriptor, level, option, value), "setsockopt", level + "/" + option);
  }

  private static byte[] address(IpAddress address, int port) {
    var octets = SocketAddress.internet(address);
    MemorySegment.ofArray(octets)
        .set(JAVA_SHORT.withByteAlignment(1).withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
    return octets;
  }
}
