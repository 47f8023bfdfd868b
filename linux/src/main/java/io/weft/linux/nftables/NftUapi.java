package io.weft.linux.nftables;

/** Numbers of the kernel's nftables interface under their C names, by header. */
final class NftUapi {
  private NftUapi() {}

  // linux/netlink.h
  static final int NLM_F_CREATE = 0x400;
  static final int NLM_F_APPEND = 0x800;

  // linux/netfilter/nfnetlink.h
  static final int NFNL_SUBSYS_NFTABLES = 10;
  static final int NFNL_MSG_BATCH_BEGIN = 16;
  static final int NFNL_MSG_BATCH_END = 17;
  static final int NFNLGRP_NFTABLES = 7;
  static final int NFGENMSG = 4;

  // linux/netfilter.h
  static final int NFPROTO_UNSPEC = 0;
  static final int NFPROTO_IPV4 = 2;
  static final int NFPROTO_IPV6 = 10;
  static final int NF_DROP = 0;
  static final int NF_ACCEPT = 1;

  // linux/netfilter/nf_tables.h
  static final int NFT_MSG_NEWTABLE = 0;
  static final int NFT_MSG_GETTABLE = 1;
  static final int NFT_MSG_DELTABLE = 2;
  static final int NFT_MSG_NEWCHAIN = 3;
  static final int NFT_MSG_GETCHAIN = 4;
  static final int NFT_MSG_NEWRULE = 6;
  static final int NFT_MSG_GETRULE = 7;
  static final int NFT_MSG_NEWSET = 9;
  static final int NFT_MSG_GETSET = 10;
  static final int NFT_MSG_NEWSETELEM = 12;
  static final int NFT_MSG_GETSETELEM = 13;
  static final int NFT_MSG_DELSETELEM = 14;
  static final int NFT_MSG_GETGEN = 16;
  static final int NFTA_TABLE_NAME = 1;
  static final int NFTA_CHAIN_TABLE = 1;
  static final int NFTA_CHAIN_NAME = 3;
  static final int NFTA_CHAIN_HOOK = 4;
  static final int NFTA_CHAIN_POLICY = 5;
  static final int NFTA_CHAIN_TYPE = 7;
  static final int NFTA_HOOK_HOOKNUM = 1;
  static final int NFTA_HOOK_PRIORITY = 2;
  static final int NFTA_HOOK_DEV = 3;
  static final int NFTA_RULE_TABLE = 1;
  static final int NFTA_RULE_CHAIN = 2;
  static final int NFTA_RULE_EXPRESSIONS = 4;
  static final int NFTA_RULE_USERDATA = 7;
  static final int NFTA_LIST_ELEM = 1;
  static final int NFTA_EXPR_NAME = 1;
  static final int NFTA_EXPR_DATA = 2;
  static final int NFT_REG_VERDICT = 0;
  static final int NFT_REG_1 = 1;
  static final int NFT_REG32_00 = 8;
  static final int NFT_GOTO = -4;
  static final int NFT_JUMP = -3;
  static final int NFTA_VERDICT_CHAIN = 2;
  static final int NFTA_GEN_ID = 1;
  static final int NFTA_SET_TABLE = 1;
  static final int NFTA_SET_NAME = 2;
  static final int NFTA_SET_FLAGS = 3;
  static final int NFTA_SET_KEY_TYPE = 4;
  static final int NFTA_SET_KEY_LEN = 5;
  static final int NFTA_SET_DATA_TYPE = 6;
  static final int NFTA_SET_DATA_LEN = 7;
  static final int NFTA_SET_DESC = 9;
  static final int NFTA_SET_ID = 10;
  static final int NFTA_SET_TIMEOUT = 11;
  static final int NFTA_SET_EXPR = 17;
  static final int NFTA_SET_DESC_SIZE = 1;
  static final int NFTA_SET_DESC_CONCAT = 2;
  static final int NFTA_SET_FIELD_LEN = 1;
  static final int NFT_SET_INTERVAL = 0x4;
  static final int NFT_SET_MAP = 0x8;
  static final int NFT_SET_TIMEOUT = 0x10;
  static final int NFT_SET_EVAL = 0x20;
  static final int NFT_SET_CONCAT = 0x80;
  static final int NFT_DATA_VERDICT = 0xffffff00;
  static final int NFTA_SET_ELEM_LIST_TABLE = 1;
  static final int NFTA_SET_ELEM_LIST_SET = 2;
  static final int NFTA_SET_ELEM_LIST_ELEMENTS = 3;
  static final int NFTA_SET_ELEM_KEY = 1;
  static final int NFTA_SET_ELEM_DATA = 2;
  static final int NFTA_SET_ELEM_EXPR = 7;
  static final int NFTA_SET_ELEM_KEY_END = 10;
  static final int NFTA_LOOKUP_SET = 1;
  static final int NFTA_LOOKUP_SREG = 2;
  static final int NFTA_LOOKUP_DREG = 3;
  static final int NFTA_LOOKUP_FLAGS = 5;
  static final int NFT_LOOKUP_F_INV = 1;
  static final int NFTA_DYNSET_SET_NAME = 1;
  static final int NFTA_DYNSET_OP = 3;
  static final int NFTA_DYNSET_SREG_KEY = 4;
  static final int NFT_DYNSET_OP_UPDATE = 1;
  static final int NFTA_LIMIT_RATE = 1;
  static final int NFTA_LIMIT_UNIT = 2;
  static final int NFTA_LIMIT_BURST = 3;
  static final int NFTA_LIMIT_TYPE = 4;
  static final int NFTA_LIMIT_FLAGS = 5;
  static final int NFT_LIMIT_F_INV = 1;
  static final int NFTA_COUNTER_BYTES = 1;
  static final int NFTA_COUNTER_PACKETS = 2;
  static final int NFTA_DATA_VALUE = 1;
  static final int NFTA_DATA_VERDICT = 2;
  static final int NFTA_VERDICT_CODE = 1;
  static final int NFTA_META_DREG = 1;
  static final int NFTA_META_KEY = 2;
  static final int NFTA_PAYLOAD_DREG = 1;
  static final int NFTA_PAYLOAD_BASE = 2;
  static final int NFTA_PAYLOAD_OFFSET = 3;
  static final int NFTA_PAYLOAD_LEN = 4;
  static final int NFTA_CT_DREG = 1;
  static final int NFTA_CT_KEY = 2;
  static final int NFT_CT_STATE = 0;
  static final int NFT_CT_STATUS = 2;
  static final int NFTA_FIB_DREG = 1;
  static final int NFTA_FIB_RESULT = 2;
  static final int NFTA_FIB_FLAGS = 3;
  static final int NFT_FIB_RESULT_OIFNAME = 2;
  static final int NFTA_FIB_F_DADDR = 2;
  static final int NFTA_FIB_F_IIF = 8;
  static final int NFTA_BITWISE_SREG = 1;
  static final int NFTA_BITWISE_DREG = 2;
  static final int NFTA_BITWISE_LEN = 3;
  static final int NFTA_BITWISE_MASK = 4;
  static final int NFTA_BITWISE_XOR = 5;
  static final int NFTA_CMP_SREG = 1;
  static final int NFTA_CMP_OP = 2;
  static final int NFTA_CMP_DATA = 3;
  static final int NFT_CMP_EQ = 0;
  static final int NFT_CMP_NEQ = 1;
  static final int NFTA_IMMEDIATE_DREG = 1;
  static final int NFTA_IMMEDIATE_DATA = 2;

  static final int NFTA_FWD_SREG_DEV = 1;
  static final int NFTA_FWD_SREG_ADDR = 2;
  static final int NFTA_NAT_TYPE = 1;
  static final int NFTA_NAT_FAMILY = 2;
  static final int NFTA_NAT_REG_ADDR_MIN = 3;
  static final int NFTA_NAT_REG_ADDR_MAX = 4;
  static final int NFTA_NAT_REG_PROTO_MIN = 5;
  static final int NFTA_NAT_REG_PROTO_MAX = 6;
  static final int NFTA_NAT_FLAGS = 7;
  static final int NFTA_MASQ_FLAGS = 1;
  static final int NFTA_MASQ_REG_PROTO_MIN = 2;
  static final int NFTA_MASQ_REG_PROTO_MAX = 3;
  static final int NFT_NAT_SNAT = 0;

  // linux/netfilter/nf_nat.h
  static final int NF_NAT_RANGE_MAP_IPS = 1;
  static final int NF_NAT_RANGE_PROTO_SPECIFIED = 2;

  // libnftnl/udata.h: how nft writes a comment
  static final int NFTNL_UDATA_RULE_COMMENT = 0;

  /** Type of a message of the nftables subsystem. */
  static int type(int message) {
    return NFNL_SUBSYS_NFTABLES << 8 | message;
  }
}
