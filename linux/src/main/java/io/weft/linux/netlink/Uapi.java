package io.weft.linux.netlink;

/** Numbers of the kernel's rtnetlink interface under their C names, by header. */
final class Uapi {
  private Uapi() {}

  // linux/netlink.h
  static final int NLMSG_HEADER = 16;
  static final int NLMSG_ERROR = 2;
  static final int NLMSG_DONE = 3;
  static final int NLM_F_REQUEST = 0x01;
  static final int NLM_F_ACK = 0x04;
  static final int NLM_F_DUMP_INTR = 0x10;
  static final int NLM_F_DUMP = 0x300;
  static final int NLM_F_REPLACE = 0x100;
  static final int NLM_F_EXCL = 0x200;
  static final int NLM_F_CREATE = 0x400;
  static final int NLM_F_APPEND = 0x800;
  static final int NLM_F_CAPPED = 0x100;
  static final int NLM_F_ACK_TLVS = 0x200;
  static final int NLMSGERR_ATTR_MSG = 1;
  static final int NLMSGERR_ATTR_OFFS = 2;
  static final int NLMSGERR_ATTR_MISS_TYPE = 5;
  static final int NLA_F_NESTED = 0x8000;
  static final int NLA_TYPE_MASK = 0x3fff;

  // linux/rtnetlink.h
  static final int RTM_NEWLINK = 16;
  static final int RTM_DELLINK = 17;
  static final int RTM_GETLINK = 18;

  // linux/net_namespace.h
  static final int RTM_GETNSID = 90;
  static final int NETNSA_NSID = 1;
  static final int NETNSA_FD = 3;

  static final int RTM_SETLINK = 19;
  static final int RTM_NEWADDR = 20;
  static final int RTM_DELADDR = 21;
  static final int RTM_GETADDR = 22;
  static final int RTM_NEWROUTE = 24;
  static final int RTM_DELROUTE = 25;
  static final int RTM_GETROUTE = 26;
  static final int RTM_NEWNEIGH = 28;
  static final int RTM_DELNEIGH = 29;
  static final int RTM_GETNEIGH = 30;
  static final int RTM_NEWRULE = 32;
  static final int RTM_DELRULE = 33;
  static final int RTM_GETRULE = 34;
  static final int RTM_NEWNETCONF = 80;
  static final int RTM_NEWMDB = 84;
  static final int RTM_DELMDB = 85;
  static final int RTM_GETMDB = 86;
  static final int RTNLGRP_LINK = 1;
  static final int RTNLGRP_NEIGH = 3;
  static final int RTNLGRP_IPV4_IFADDR = 5;
  static final int RTNLGRP_IPV4_ROUTE = 7;
  static final int RTNLGRP_IPV4_RULE = 8;
  static final int RTNLGRP_IPV6_IFADDR = 9;
  static final int RTNLGRP_IPV6_ROUTE = 11;
  static final int RTNLGRP_IPV6_RULE = 19;
  static final int RTNLGRP_IPV4_NETCONF = 24;
  static final int RTNLGRP_IPV6_NETCONF = 25;
  static final int RTNLGRP_MDB = 26;
  static final int RTEXT_FILTER_SKIP_STATS = 8;
  static final int RTA_DST = 1;
  static final int RTA_OIF = 4;
  static final int RTA_GATEWAY = 5;
  static final int RTA_PRIORITY = 6;
  static final int RTA_PREFSRC = 7;
  static final int RTA_METRICS = 8;
  static final int RTA_MULTIPATH = 9;
  static final int RTA_TABLE = 15;
  static final int RTA_VIA = 18;
  static final int RTAX_MTU = 2;
  static final int RTNH_F_ONLINK = 4;
  static final int RTM_F_FIB_MATCH = 0x2000;
  static final int RT_SCOPE_UNIVERSE = 0;
  static final int RT_SCOPE_LINK = 253;
  static final int RT_SCOPE_HOST = 254;
  static final int RT_SCOPE_NOWHERE = 255;

  // linux/fib_rules.h
  static final int FR_ACT_TO_TBL = 1;
  static final int FR_ACT_UNREACHABLE = 7;
  static final int FRA_IIFNAME = 3;
  static final int FRA_PRIORITY = 6;
  static final int FRA_SUPPRESS_IFGROUP = 13;
  static final int FRA_TABLE = 15;

  // linux/if.h
  static final int IFF_UP = 1;
  static final int IFF_LOWER_UP = 0x10000;

  // linux/if_link.h
  static final int IFLA_ADDRESS = 1;
  static final int IFLA_IFNAME = 3;
  static final int IFLA_MTU = 4;
  static final int IFLA_LINK = 5;
  static final int IFLA_MASTER = 10;
  static final int IFLA_PROTINFO = 12;
  static final int IFLA_STATS = 7;
  static final int IFLA_LINKINFO = 18;
  static final int IFLA_STATS64 = 23;
  static final int IFLA_IFALIAS = 20;
  static final int IFLA_AF_SPEC = 26;
  static final int IFLA_GROUP = 27;
  static final int IFLA_NET_NS_FD = 28;
  static final int IFLA_EXT_MASK = 29;
  static final int IFLA_LINK_NETNSID = 37;
  static final int IFLA_INET_CONF = 1;
  static final int IFLA_INET6_ADDR_GEN_MODE = 8;
  static final int IN6_ADDR_GEN_MODE_EUI64 = 0;
  static final int IN6_ADDR_GEN_MODE_NONE = 1;
  static final int IFLA_INFO_KIND = 1;
  static final int IFLA_INFO_DATA = 2;
  static final int IFLA_INFO_SLAVE_KIND = 4;
  static final int IFLA_INFO_SLAVE_DATA = 5;
  static final int IFLA_BR_STP_STATE = 5;
  static final int IFLA_BR_MCAST_SNOOPING = 23;
  static final int IFLA_BR_MCAST_QUERIER = 25;
  static final int IFLA_BR_MCAST_HASH_MAX = 27;
  static final int IFLA_BR_MCAST_QUERY_RESPONSE_INTVL = 34;
  static final int IFLA_BR_MCAST_IGMP_VERSION = 43;
  static final int IFLA_BR_MCAST_MLD_VERSION = 44;
  static final int IFLA_BR_FDB_MAX_LEARNED = 49;
  static final int IFLA_BRPORT_LEARNING = 8;
  static final int IFLA_BRPORT_UNICAST_FLOOD = 9;
  static final int IFLA_BRPORT_MULTICAST_ROUTER = 25;
  static final int IFLA_BRPORT_NEIGH_SUPPRESS = 32;
  static final int IFLA_BRPORT_ISOLATED = 33;
  static final int IFLA_BRPORT_LOCKED = 39;
  static final int IFLA_BRPORT_MCAST_MAX_GROUPS = 42;
  static final int IFLA_VLAN_ID = 1;
  static final int IFLA_VXLAN_ID = 1;
  static final int IFLA_VXLAN_LOCAL = 4;
  static final int IFLA_VXLAN_LEARNING = 7;
  static final int IFLA_VXLAN_PORT = 15;
  static final int IFLA_VXLAN_LOCAL6 = 17;

  // linux/if_bridge.h
  static final int MDB_RTR_TYPE_TEMP_QUERY = 1;
  static final int MDB_RTR_TYPE_PERM = 2;
  static final int MDBA_MDB = 1;
  static final int MDBA_MDB_ENTRY = 1;
  static final int MDBA_MDB_ENTRY_INFO = 1;
  static final int MDB_FLAGS_STAR_EXCL = 4;
  static final int MDB_FLAGS_BLOCKED = 8;
  static final int MCAST_INCLUDE = 1;
  static final int MDBA_MDB_EATTR_GROUP_MODE = 3;
  static final int MDBA_MDB_EATTR_SOURCE = 4;
  static final int MDBA_MDB_EATTR_DST = 6;
  static final int MDBA_MDB_EATTR_DST_PORT = 7;
  static final int MDBA_MDB_EATTR_VNI = 8;
  static final int MDBA_SET_ENTRY = 1;
  static final int MDBA_SET_ENTRY_ATTRS = 2;
  static final int MDBE_ATTR_SOURCE = 1;
  static final int MDBE_ATTR_RTPROT = 4;
  static final int MDBE_ATTR_DST = 5;
  static final int MDBE_ATTR_DST_PORT = 6;
  static final int MDBE_ATTR_VNI = 7;
  static final int MDB_PERMANENT = 1;

  // linux/if_ether.h
  static final int ETH_P_IP = 0x0800;
  static final int ETH_P_IPV6 = 0x86dd;

  // linux/ip.h
  static final int IPV4_DEVCONF_FORWARDING = 1;
  static final int IPV4_DEVCONF_RP_FILTER = 8;
  static final int IPV4_DEVCONF_ARP_IGNORE = 19;
  static final int IPV4_DEVCONF_ACCEPT_LOCAL = 23;

  // linux/ipv6.h
  static final int IFLA_INET6_CONF = 2; // linux/if_link.h
  static final int DEVCONF_FORWARDING = 0;
  static final int DEVCONF_ACCEPT_RA = 3;
  static final int DEVCONF_FORCE_FORWARDING = 59;

  // linux/veth.h
  static final int VETH_INFO_PEER = 1;

  // linux/netconf.h
  static final int NETCONFA_IFINDEX = 1;

  // linux/if_addr.h
  static final int IFA_ADDRESS = 1;
  static final int IFA_LOCAL = 2;
  static final int IFA_FLAGS = 8;
  static final int IFA_F_NODAD = 2;

  // linux/neighbour.h
  static final int NDA_DST = 1;
  static final int NDA_LLADDR = 2;
  static final int NDA_CACHEINFO = 3;
  static final int NDA_PORT = 6;
  static final int NDA_VNI = 7;
  static final int NDA_MASTER = 9;
  static final int NDA_PROTOCOL = 12;
  static final int NTF_SELF = 0x02;
  static final int NTF_MASTER = 0x04;
  static final int NTF_EXT_LEARNED = 0x10;
  static final int NTF_STICKY = 0x40;
  static final int NTF_ROUTER = 0x80;
}
