package io.weft.linux.nftables;

/**
 * An element comes into a set or leaves it.
 *
 * @param set by name
 * @param add false: it goes
 */
public record ElementChange(String set, boolean add, ElementSet.Element element) {}
