package io.weft.overlay.ipam;

/**
 * A record as the store has it.
 *
 * @param version the store's own word: another one after each write
 */
public record Stored<R extends AddressRecord>(R record, String version) {}
