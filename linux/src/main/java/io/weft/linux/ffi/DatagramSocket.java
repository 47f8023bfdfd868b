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
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * A UDP or ICMPv6 socket that says with each datagram which TTL it arrived with, which Java's own
 * do not. For one thread. (IP_MINTTL, by which a kernel drops on its own, is for TCP alone.)
 */
public final class DatagramSocket implements AutoCloseable {
  /**
   * One datagram.
   *
   * @param ttl TTL or hop limit on arrival; -1 when the kernel did not say
   * @param link index of the interface that it came in by; 0 when the kernel did not say
   */
  public record Datagram(IpAddress from, int ttl, int link, Octets octets) {}

  // linux/net.h, linux/in.h, linux/in6.h, asm-generic/socket.h
  private static final int SOCK_DGRAM = 2;
  private static final int IP_TTL = 2;
  private static final int IP_PKTINFO = 8;
  private static final int IP_RECVTTL = 12;
  private static final int IPV6_UNICAST_HOPS = 16;
  private static final int IPV6_RECVPKTINFO = 49;
  private static final int IPV6_PKTINFO = 50;
  private static final int IPV6_RECVHOPLIMIT = 51;
  private static final int IPV6_HOPLIMIT = 52;
  private static final int IPV6_V6ONLY = 26;
  private static final int IPV6_MULTICAST_IF = 17;
  private static final int IPV6_MULTICAST_HOPS = 18;
  private static final int IPV6_MULTICAST_LOOP = 19;
  private static final int IPV6_JOIN_GROUP = 20;
  private static final int SO_BINDTODEVICE = 25;

  // linux/icmpv6.h
  private static final int ICMPV6_FILTER = 1;

  private static final int MOST_OCTETS = 512;
  private static final int MOST_OCTETS_OF_ICMP = 9_216; // what fits into a jumbo frame
  private static final int CONTROL_OCTETS = 128;

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
  private final MemorySegment payload;
  private final MemorySegment control = arena.allocate(CONTROL_OCTETS, 8);
  private final MemorySegment vector = arena.allocate(16, 8);
  private final MemorySegment header = arena.allocate(56, 8);

  private DatagramSocket(Descriptor descriptor, boolean ipv4, int mostOctets) {
    this.descriptor = descriptor;
    this.ipv4 = ipv4;
    this.payload = arena.allocate(mostOctets, 8);
    // struct iovec: 8 base | 8 length
    vector.set(ADDRESS, 0, payload);
    vector.set(JAVA_LONG, 8, payload.byteSize());
  }

  /**
   * Bound to an address and port; tells the TTL and the interface of what it receives, sends with
   * TTL 255.
   *
   * @param device the interface that alone it sends and receives by, which a link-local address
   *     needs; empty: the routing table decides
   * @throws LinuxException ENODEV without the interface; EADDRNOTAVAIL without the address;
   *     EADDRINUSE
   */
  public static DatagramSocket bind(IpAddress local, int port, Optional<String> device) {
    boolean ipv4 = local.isIpv4();
    var descriptor =
        Libc.socket(ipv4 ? LinuxConstants.AF_INET : LinuxConstants.AF_INET6, SOCK_DGRAM, 0);
    try {
      int level = ipv4 ? LinuxConstants.IPPROTO_IP : LinuxConstants.IPPROTO_IPV6;
      device.ifPresent(name -> bindToDevice(descriptor, name));
      option(descriptor, level, ipv4 ? IP_RECVTTL : IPV6_RECVHOPLIMIT, 1);
      option(descriptor, level, ipv4 ? IP_PKTINFO : IPV6_RECVPKTINFO, 1);
      option(descriptor, level, ipv4 ? IP_TTL : IPV6_UNICAST_HOPS, 255);
      if (!ipv4) {
        option(descriptor, level, IPV6_V6ONLY, 1);
      }
      Libc.bind(descriptor, address(local, port));
      return new DatagramSocket(descriptor, ipv4, MOST_OCTETS);
    } catch (RuntimeException e) {
      descriptor.close();
      throw e;
    }
  }

  /**
   * ICMPv6 on one link: messages of these types to us and to the group, and no others; sends with
   * hop limit 255. The kernel makes and checks the checksums.
   *
   * @param link index of the interface
   * @param name of the same interface
   * @throws LinuxException EPERM without CAP_NET_RAW; ENODEV without the interface
   */
  public static DatagramSocket icmp6(int link, String name, IpAddress group, int... types) {
    var descriptor =
        Libc.socket(
            LinuxConstants.AF_INET6, LinuxConstants.SOCK_RAW, LinuxConstants.IPPROTO_ICMPV6);
    try {
      bindToDevice(descriptor, name);
      option(descriptor, LinuxConstants.IPPROTO_ICMPV6, ICMPV6_FILTER, onlyTypes(types));
      int level = LinuxConstants.IPPROTO_IPV6;
      option(descriptor, level, IPV6_RECVHOPLIMIT, 1);
      option(descriptor, level, IPV6_UNICAST_HOPS, 255);
      option(descriptor, level, IPV6_MULTICAST_HOPS, 255);
      option(descriptor, level, IPV6_MULTICAST_LOOP, 0);
      option(descriptor, level, IPV6_MULTICAST_IF, link);
      // struct ipv6_mreq (linux/in6.h): 16 group | 4 interface
      option(
          descriptor,
          level,
          IPV6_JOIN_GROUP,
          ByteBuffer.allocate(20)
              .order(ByteOrder.nativeOrder())
              .put(group.octets())
              .putInt(link)
              .array());
      return new DatagramSocket(descriptor, false, MOST_OCTETS_OF_ICMP);
    } catch (RuntimeException e) {
      descriptor.close();
      throw e;
    }
  }

  /** struct icmp6_filter: one bit per type, set where it is blocked. */
  private static byte[] onlyTypes(int... types) {
    var filter = ByteBuffer.allocate(32).order(ByteOrder.nativeOrder());
    for (int i = 0; i < 32; i += 4) {
      filter.putInt(i, -1);
    }
    for (int type : types) {
      int at = type / 32 * 4;
      filter.putInt(at, filter.getInt(at) & ~(1 << (type & 31)));
    }
    return filter.array();
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

  /** Sends to an address on a link; returns the octets sent or a negative errno. */
  public int send(Octets octets, IpAddress to, int link) {
    var message = payload.asSlice(0, octets.length());
    message.copyFrom(MemorySegment.ofArray(octets.toArray()));
    return Libc.sendto(descriptor, message, SocketAddress.onLink(to, link));
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
    long told = header.get(JAVA_LONG, 40);
    return Optional.of(
        new Datagram(
            IpAddress.of(from),
            control(told, ipv4 ? IP_TTL : IPV6_HOPLIMIT, 0).orElse(-1),
            // struct in_pktinfo (linux/in.h) begins, in6_pktinfo (linux/ipv6.h) ends with the index
            control(told, ipv4 ? IP_PKTINFO : IPV6_PKTINFO, ipv4 ? 0 : 16).orElse(0),
            octets));
  }

  /** struct cmsghdr: 8 length with itself | 4 level | 4 type | data, all to multiples of 8. */
  private OptionalInt control(long length, int wanted, int offset) {
    for (long at = 0; at + 20 + offset <= length; ) {
      long size = control.get(JAVA_LONG, at);
      if (control.get(JAVA_INT, at + 12) == wanted) {
        return OptionalInt.of(control.get(JAVA_INT, at + 16 + offset));
      }
      at += Math.max(16, (size + 7) / 8 * 8);
    }
    return OptionalInt.empty();
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

  private static void bindToDevice(Descriptor descriptor, String name) {
    option(
        descriptor,
        LinuxConstants.SOL_SOCKET,
        SO_BINDTODEVICE,
        (name + '\0').getBytes(StandardCharsets.UTF_8));
  }

  private static void option(Descriptor descriptor, int level, int option, int value) {
    Libc.check(
        Libc.setsockopt(descriptor, level, option, value), "setsockopt", level + "/" + option);
  }

  private static void option(Descriptor descriptor, int level, int option, byte[] value) {
    Libc.check(
        Libc.setsockopt(descriptor.number(), level, option, value),
        "setsockopt",
        level + "/" + option);
  }

  private static byte[] address(IpAddress address, int port) {
    var octets = SocketAddress.internet(address);
    MemorySegment.ofArray(octets)
        .set(JAVA_SHORT.withByteAlignment(1).withOrder(ByteOrder.BIG_ENDIAN), 2, (short) port);
    return octets;
  }
}
