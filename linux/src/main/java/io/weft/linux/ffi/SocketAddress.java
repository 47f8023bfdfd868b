package io.weft.linux.ffi;

import io.weft.net.IpAddress;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/** C socket addresses as octets: host order where C has it, network order where the wire has it. */
public final class SocketAddress {
  private SocketAddress() {}

  /** struct sockaddr_nl (linux/netlink.h); the kernel chooses the port. */
  public static byte[] netlink(int groups) {
    return buffer(12).putShort(0, (short) LinuxConstants.AF_NETLINK).putInt(8, groups).array();
  }

  /** struct sockaddr_ll (linux/if_packet.h) for every protocol on one interface. */
  public static byte[] packet(int interfaceIndex) {
    return packets(LinuxConstants.ETH_P_ALL, interfaceIndex);
  }

  /** struct sockaddr_ll for one protocol, in network order there; index 0: on all interfaces. */
  public static byte[] packets(int protocol, int interfaceIndex) {
    return buffer(20)
        .putShort(0, (short) LinuxConstants.AF_PACKET)
        .put(2, (byte) (protocol >> 8))
        .put(3, (byte) protocol)
        .putInt(4, interfaceIndex)
        .array();
  }

  /** struct sockaddr_in or sockaddr_in6 with port 0 (linux/in.h, linux/in6.h). */
  public static byte[] internet(IpAddress address) {
    return address.isIpv4()
        ? buffer(16).putShort(0, (short) LinuxConstants.AF_INET).put(4, address.octets()).array()
        : buffer(28).putShort(0, (short) LinuxConstants.AF_INET6).put(8, address.octets()).array();
  }

  /** struct sockaddr_in6 (linux/in6.h) of an address on a link. */
  public static byte[] onLink(IpAddress address, int interfaceIndex) {
    return ByteBuffer.wrap(internet(address))
        .order(ByteOrder.nativeOrder())
        .putInt(24, interfaceIndex)
        .array();
  }

  private static ByteBuffer buffer(int length) {
    return ByteBuffer.allocate(length).order(ByteOrder.nativeOrder());
  }
}
