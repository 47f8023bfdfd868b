/**
 * Packet filters and address translation by nftables (linux/netfilter/nf_tables.h), as far as Weft
 * needs them: a table is a value, written as a whole in one transaction, and read back to be
 * compared.
 */
@org.jspecify.annotations.NullMarked
package io.weft.linux.nftables;
