package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.Optional;

/**
 * Asks a host behind a port whether it still has an address: by an ARP request (RFC 826) or a
 * neighbour solicitation (RFC 4861 §7.2.2).
 *
 * @param from the gateway's address, where the network has one of the family; else the question is
 *     a probe without a sender (RFC 5227 §2.1.1, RFC 4862 §5.4.2)
 * @param sender Ethernet address that is asked from, and answered to
 */
public record HostQuestion(
    LearningPort port, MacAddress mac, IpAddress ip, Optional<IpAddress> from, MacAddress sender) {}
