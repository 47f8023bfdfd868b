package io.weft.linux.ffi;

/** Numbers of the kernel's interface, under their C names, with the header that defines them. */
public final class LinuxConstants {
  private LinuxConstants() {}

  // linux/socket.h (bits/socket.h)
  public static final int AF_UNSPEC = 0;
  public static final int AF_INET = 2;
  public static final int AF_BRIDGE = 7;
  public static final int AF_INET6 = 10;
  public static final int AF_NETLINK = 16;
  public static final int AF_PACKET = 17;
  public static final int MSG_DONTWAIT = 0x40;
  public static final int MSG_ERRQUEUE = 0x2000;
  public static final int SOL_NETLINK = 270;

  // linux/net.h
  public static final int SOCK_RAW = 3;
  public static final int SOCK_CLOEXEC = 0x80000;

  // asm-generic/socket.h
  public static final int SOL_SOCKET = 1;
  public static final int SO_RCVBUF = 8;
  public static final int SO_ATTACH_FILTER = 26;
  public static final int SO_RCVBUFFORCE = 33;

  // linux/in.h
  public static final int IPPROTO_IP = 0;
  public static final int IPPROTO_ICMP = 1;
  public static final int IP_MTU_DISCOVER = 10;
  public static final int IP_RECVERR = 11;
  public static final int IP_MTU = 14;
  public static final int IP_PMTUDISC_DONT = 0;
  public static final int IP_PMTUDISC_PROBE = 3;

  // linux/in6.h
  public static final int IPPROTO_IPV6 = 41;
  public static final int IPPROTO_ICMPV6 = 58;
  public static final int IPV6_MTU_DISCOVER = 23;
  public static final int IPV6_MTU = 24;
  public static final int IPV6_RECVERR = 25;
  public static final int IPV6_DONTFRAG = 62;

  // linux/netlink.h
  public static final int NETLINK_ROUTE = 0;
  public static final int NETLINK_NETFILTER = 12;
  public static final int NETLINK_CAP_ACK = 10;
  public static final int NETLINK_EXT_ACK = 11;
  public static final int NETLINK_GET_STRICT_CHK = 12;

  // linux/if_ether.h, linux/if_packet.h
  public static final int ETH_P_ALL = 3;
  public static final int ETH_P_ARP = 0x0806;
  public static final int ETH_P_IPV6 = 0x86dd;
  public static final int PACKET_OUTGOING = 4;

  // asm-generic/poll.h
  public static final int POLLIN = 1;

  // linux/eventpoll.h
  static final int EPOLLIN = 1;
  static final int EPOLLPRI = 2;
  static final int EPOLL_CTL_ADD = 1;

  // asm-generic/fcntl.h
  public static final int O_RDONLY = 0;
  public static final int O_RDWR = 2;
  public static final int O_CREAT = 0x40;
  public static final int O_EXCL = 0x80;
  public static final int O_CLOEXEC = 0x80000;
  public static final int LOCK_EX = 2;

  // linux/if_tun.h: _IOW('T', 202, int), _IOW('T', 203, int)
  public static final long TUNSETIFF = 0x400454caL;
  public static final long TUNSETPERSIST = 0x400454cbL;
  public static final int IFF_TAP = 0x0002;
  public static final int IFF_NO_PI = 0x1000;

  // linux/sched.h
  public static final int CLONE_NEWNET = 0x40000000;

  // linux/mount.h
  public static final long MS_BIND = 4096;
  public static final long MS_REC = 16384;
  public static final long MS_SHARED = 1 << 20;
  public static final int MNT_DETACH = 2;
}
