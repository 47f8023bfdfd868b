package io.weft.agent.addresses;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressWrite;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/** A process that writes to a store until it is killed, and says what it has done. */
final class StoreWriter {
  private StoreWriter() {}

  static AddressBlock block(int number, String node) {
    return new AddressBlock("web", IpPrefix.parse("10.0." + number + ".0/24"), node);
  }

  static AddressClaim claim(int number) {
    return new AddressClaim(
        "vm-" + number,
        "web",
        List.of(IpAddress.parse("10.0.0." + number), IpAddress.parse("fd00::" + number)),
        MacAddress.parse("02:00:00:00:00:0" + number),
        List.of(),
        Optional.empty());
  }

  /** Arguments: directory, name of the node. */
  public static void main(String[] arguments) throws Exception {
    var node = arguments[1];
    var random = new Random();
    try (var store = DirectoryStore.open(Path.of(arguments[0]))) {
      System.out.println("ready");
      while (true) {
        var block = block(random.nextInt(8), node);
        var there = store.read().blocks().get(block.name());
        if (there == null) {
          if (store.write(new AddressWrite.Create(block))) {
            System.out.println("has " + block.name());
          }
        } else if (there.record().node().equals(node)) {
          System.out.println("leaves " + block.name());
          store.write(new AddressWrite.Remove(block, there.version()));
        }
        var claim = claim(random.nextInt(4));
        var known = store.read().claims().get(claim.name());
        var me = new AddressClaim.Holder(node, "e");
        if (known == null) {
          store.write(new AddressWrite.Create(claim.with(me)));
        } else if (known.record().holders().isEmpty()) {
          store.write(new AddressWrite.Replace(known.record().with(me), known.version()));
        } else if (known.record().holders().contains(me)) {
          store.write(new AddressWrite.Replace(known.record().without(me), known.version()));
        }
      }
    }
  }
}
