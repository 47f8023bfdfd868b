package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.overlay.forwarding.MulticastChannel;
import java.util.SortedMap;
import java.util.SortedSet;

/**
 * The multicast groups of one network, as a node knows them.
 *
 * @param joined here, with the names of the ports
 * @param elsewhere what other nodes have said, with their VTEPs
 * @param unaskedIpv4 VTEPs that get every group of IPv4: they do not say what they want, or want
 *     all; where the network is not selective, all of them do
 * @param unaskedIpv6 likewise of IPv6
 * @param tooMany there are more than can be chosen from: all are flooded
 */
public record GroupsView(
    String network,
    Multicast multicast,
    SortedMap<MulticastChannel, SortedSet<String>> joined,
    SortedMap<MulticastChannel, SortedSet<IpAddress>> elsewhere,
    SortedSet<IpAddress> unaskedIpv4,
    SortedSet<IpAddress> unaskedIpv6,
    boolean tooMany) {}
