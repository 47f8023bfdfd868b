package io.weft.net;

import java.nio.charset.StandardCharsets;

/**
 * FNV-1a, 64 bits: the same number for the same text in every process and on every machine, for
 * names and choices that all nodes must make alike. Not for hostile input.
 */
public final class StableHash {
  private StableHash() {}

  /** The hash of the text's UTF-8 octets. */
  public static long of(String text) {
    long hash = 0xcbf29ce484222325L;
    for (byte octet : text.getBytes(StandardCharsets.UTF_8)) {
      hash = (hash ^ (octet & 0xff)) * 0x100000001b3L;
    }
    return hash;
  }
}
