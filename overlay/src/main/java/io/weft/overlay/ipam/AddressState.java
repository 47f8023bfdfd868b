package io.weft.overlay.ipam;

import java.util.Collections;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * All that the store holds, at one moment.
 *
 * @param blocks by name
 * @param claims by name
 */
public record AddressState(
    SortedMap<String, Stored<AddressBlock>> blocks,
    SortedMap<String, Stored<AddressClaim>> claims) {
  /** Nothing yet. */
  public static final AddressState EMPTY = new AddressState(new TreeMap<>(), new TreeMap<>());

  public AddressState {
    blocks = Collections.unmodifiableSortedMap(blocks);
    claims = Collections.unmodifiableSortedMap(claims);
  }

  /** Of records in any order. */
  public static AddressState of(Iterable<? extends Stored<?>> records) {
    var blocks = new TreeMap<String, Stored<AddressBlock>>();
    var claims = new TreeMap<String, Stored<AddressClaim>>();
    for (var stored : records) {
      switch (stored.record()) {
        case AddressBlock block -> blocks.put(block.name(), new Stored<>(block, stored.version()));
        case AddressClaim claim -> claims.put(claim.name(), new Stored<>(claim, stored.version()));
      }
    }
    return new AddressState(blocks, claims);
  }
}
