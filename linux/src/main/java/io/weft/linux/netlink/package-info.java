/**
 * Links, addresses, forwarding databases, neighbours and routes of one network namespace over
 * rtnetlink: requests as values, dumps as records, changes as notices.
 */
@org.jspecify.annotations.NullMarked
package io.weft.linux.netlink;
