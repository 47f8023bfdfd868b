package io.weft.overlay.node;

import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressRecord;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.util.List;
import java.util.TreeMap;

/** A store of addresses in memory: what a directory or an API promises, and no more. */
final class SharedStore {
  private final TreeMap<String, Stored<?>> records = new TreeMap<>();
  private long version;

  private static String key(AddressRecord record) {
    return (record instanceof AddressBlock ? "b " : "c ") + record.name();
  }

  AddressState read() {
    return AddressState.of(List.copyOf(records.values()));
  }

  boolean write(AddressWrite write) {
    var key = key(write.record());
    var current = records.get(key);
    switch (write) {
      case AddressWrite.Create(var record) -> {
        if (current != null) {
          return false;
        }
        records.put(key, new Stored<>(record, "v" + version++));
      }
      case AddressWrite.Replace(var record, var expected) -> {
        if (current == null || !current.version().equals(expected)) {
          return false;
        }
        records.put(key, new Stored<>(record, "v" + version++));
      }
      case AddressWrite.Remove(_, var expected) -> {
        if (current == null || !current.version().equals(expected)) {
          return false;
        }
        records.remove(key);
      }
    }
    return true;
  }

  /** Carries out the next write of the node, and tells it. */
  boolean serve(OneNode node) {
    var write = node.writes.poll();
    if (write == null) {
      return false;
    }
    boolean done = write(write);
    node.give(new NodeEvent.AddressesSeen(read()));
    node.give(
        new NodeEvent.AddressWritten(
            write, done ? new AddressWrite.Outcome.Done() : new AddressWrite.Outcome.Refused()));
    return true;
  }

  /** All that the node wants, until it wants nothing. */
  void serveAll(OneNode node) {
    for (int i = 0; serve(node); i++) {
      if (i > 1_000) {
        throw new AssertionError("the node writes and writes");
      }
    }
  }
}
