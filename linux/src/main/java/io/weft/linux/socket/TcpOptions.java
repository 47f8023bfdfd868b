package io.weft.linux.socket;

import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.Libc;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.IpPrefix;
import java.lang.reflect.InvocationTargetException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.NetworkChannel;
import java.nio.charset.StandardCharsets;

/**
 * TCP-MD5 (RFC 2385), GTSM (RFC 5082) and binding to a device, on a SocketChannel or
 * ServerSocketChannel that was opened for the family of the address. The Java process needs {@code
 * --add-opens java.base/sun.nio.ch=ALL-UNNAMED}. What the kernel refuses is a {@link
 * LinuxException}.
 */
public final class TcpOptions {
  /** TCP_MD5SIG_MAXKEYLEN (linux/tcp.h), octets; a longer password is refused. */
  public static final int MAX_PASSWORD = 80;

  /** The TTL that packets have when nothing is said. */
  public static final int SYSTEM_TTL = -1;

  // linux/tcp.h
  private static final int TCP_SAVE_SYN = 27;
  private static final int TCP_SAVED_SYN = 28;
  private static final int TCP_MD5SIG_EXT = 32;
  private static final int FLAG_PREFIX = 1;
  private static final int MD5SIG_LENGTH = 216;

  /** Of IP, with some options or extensions, and TCP. */
  private static final int LONGEST_HEADERS = 256;

  // linux/in.h, linux/in6.h, asm-generic/socket.h
  private static final int IPPROTO_TCP = 6;
  private static final int IP_TTL = 2;
  private static final int IP_MINTTL = 21;
  private static final int IPV6_UNICAST_HOPS = 16;
  private static final int IPV6_MINHOPCOUNT = 73;
  private static final int SO_BINDTODEVICE = 25;

  private TcpOptions() {}

  /**
   * From now on segments to and from each peer of a prefix carry a digest. What a listener accepts
   * has the key of the narrowest prefix that holds its peer.
   *
   * @param password 1..80 octets; none ends it, which fails where there was no key
   */
  public static void md5(NetworkChannel socket, IpPrefix peers, byte[] password) {
    var octets = md5sig(peers, password);
    set(socket, "set TCP_MD5SIG_EXT", peers.toString(), IPPROTO_TCP, TCP_MD5SIG_EXT, octets);
  }

  /**
   * struct tcp_md5sig: 128 sockaddr_storage | 1 flags | 1 prefix length | 2 key length | 4
   * interface | 80 key.
   */
  private static byte[] md5sig(IpPrefix peers, byte[] key) {
    if (key.length > MAX_PASSWORD) {
      throw new IllegalArgumentException(
          "the password for " + peers + " has " + key.length + " octets; at most 80 are allowed");
    }
    var address = peers.address();
    var out = ByteBuffer.allocate(MD5SIG_LENGTH).order(ByteOrder.nativeOrder());
    if (address.isIpv4()) {
      out.putShort(0, (short) LinuxConstants.AF_INET).put(4, address.octets());
    } else {
      out.putShort(0, (short) LinuxConstants.AF_INET6).put(8, address.octets());
    }
    out.put(128, (byte) FLAG_PREFIX).put(129, (byte) peers.length());
    out.putShort(130, (short) key.length);
    return out.put(136, key).array();
  }

  /** The TTL or hop limit of what leaves, 1..255, or {@link #SYSTEM_TTL}. */
  public static void ttl(NetworkChannel socket, boolean ipv4, int ttl) {
    set(
        socket,
        ipv4 ? "set IP_TTL" : "set IPV6_UNICAST_HOPS",
        String.valueOf(ttl),
        ipv4 ? LinuxConstants.IPPROTO_IP : LinuxConstants.IPPROTO_IPV6,
        ipv4 ? IP_TTL : IPV6_UNICAST_HOPS,
        number(ttl));
  }

  /** RFC 5082 §3: the kernel drops what arrives with less; 0 takes everything. */
  public static void minimumTtl(NetworkChannel socket, boolean ipv4, int minimum) {
    set(
        socket,
        ipv4 ? "set IP_MINTTL" : "set IPV6_MINHOPCOUNT",
        String.valueOf(minimum),
        ipv4 ? LinuxConstants.IPPROTO_IP : LinuxConstants.IPPROTO_IPV6,
        ipv4 ? IP_MINTTL : IPV6_MINHOPCOUNT,
        number(minimum));
  }

  /** From now on a listener keeps the first packet of each connection for {@link #ttlOfSyn}. */
  public static void saveSyn(NetworkChannel listener, boolean save) {
    set(
        listener,
        "set TCP_SAVE_SYN",
        String.valueOf(save),
        IPPROTO_TCP,
        TCP_SAVE_SYN,
        number(save ? 1 : 0));
  }

  /**
   * The TTL or hop limit with which the first packet of an accepted connection came; 0 when the
   * listener did not keep it, as under a flood of them.
   */
  public static int ttlOfSyn(NetworkChannel accepted) {
    var headers = new byte[LONGEST_HEADERS];
    int length = Libc.getsockopt(descriptor(accepted), IPPROTO_TCP, TCP_SAVED_SYN, headers);
    if (length < 0) {
      throw new LinuxException("get TCP_SAVED_SYN", "", new Errno(-length), "");
    }
    boolean ipv4 = headers[0] >> 4 == 4;
    return length == 0 ? 0 : Byte.toUnsignedInt(headers[ipv4 ? 8 : 7]); // RFC 791 §3.1, 8200 §3
  }

  /** Packets leave by, and arrive from, this interface alone. */
  public static void bindToDevice(NetworkChannel socket, String device) {
    var octets = (device + "\0").getBytes(StandardCharsets.UTF_8);
    set(socket, "set SO_BINDTODEVICE", device, LinuxConstants.SOL_SOCKET, SO_BINDTODEVICE, octets);
  }

  private static byte[] number(int value) {
    return ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array();
  }

  private static void set(
      NetworkChannel socket, String operation, String target, int level, int option, byte[] value) {
    int result = Libc.setsockopt(descriptor(socket), level, option, value);
    if (result < 0) {
      throw new LinuxException(operation, target, new Errno(-result), "");
    }
  }

  private static int descriptor(NetworkChannel socket) {
    try {
      var method = socket.getClass().getMethod("getFDVal");
      method.setAccessible(true);
      return (int) method.invoke(socket);
    } catch (NoSuchMethodException | IllegalAccessException | InvocationTargetException e) {
      throw new IllegalStateException("no descriptor in " + socket.getClass(), e);
    }
  }
}
