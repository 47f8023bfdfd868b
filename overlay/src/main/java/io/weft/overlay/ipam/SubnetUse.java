package io.weft.overlay.ipam;

import io.weft.net.IpPrefix;
import java.util.OptionalLong;

/**
 * How much of a subnet this node uses, and has left.
 *
 * @param used addresses of endpoints of this node
 * @param free that this node can give out without another block; empty where it takes them from the
 *     subnet as a whole
 */
public record SubnetUse(String network, IpPrefix subnet, int used, OptionalLong free) {}
