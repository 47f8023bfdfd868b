package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.network;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressClaim;
import io.weft.overlay.ipam.AddressClaim.Holder;
import io.weft.overlay.ipam.AddressConfig;
import io.weft.overlay.ipam.AddressRequest;
import io.weft.overlay.ipam.AddressWrite;
import io.weft.overlay.ipam.Stored;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * Three nodes that hear nothing of each other but by the store, in any order of calls, kills at any
 * moment, and a store that fails before or after the effect: no address twice, no block twice,
 * nothing lost.
 */
final class AddressesPropertyTest {
  private static final int STEPS = 1_500;

  private static final NetworkIntent WEB =
      new NetworkIntent(
          "web",
          network("web", "red", 100).tenant(),
          network("web", "red", 100).vni(),
          List.of(IpPrefix.parse("192.168.1.0/25"), IpPrefix.parse("fd00:1::/120")),
          network("web", "red", 100).importTargets(),
          network("web", "red", 100).exportTargets(),
          network("web", "red", 100).mtu());

  private final SharedStore store = new SharedStore();
  private final List<OneNode> nodes = new ArrayList<>();
  private final List<String> told = new ArrayList<>();
  private long attached;

  private static String name(int node) {
    return "n" + node;
  }

  private OneNode fresh(int number) {
    var config = new AddressConfig(true, List.of());
    return new OneNode(new NodeConfig(name(number), "weft-", 40).withAddresses(config));
  }

  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6, 7, 8})
  void noAddressIsTwiceAndNothingIsLost(long seed) {
    var random = new Random(seed);
    told.add("seed " + seed);
    for (int number = 0; number < 3; number++) {
      nodes.add(fresh(number));
      nodes.get(number).give(new NodeEvent.AddressesSeen(store.read()));
      nodes.get(number).start(WEB);
    }
    for (int i = 0; i < STEPS; i++) {
      step(random);
      check();
    }
    nodes.forEach(this::count);
    assertThat(attached).isGreaterThan(200);
    giveEverythingBack();
  }

  private void step(Random random) {
    int number = random.nextInt(nodes.size());
    var node = nodes.get(number);
    var endpoint = "e" + random.nextInt(45);
    var what = random.nextInt(100);
    told.add(name(number) + " " + what + " " + endpoint);
    if (what < 30) {
      node.attach(request(endpoint, "web"));
    } else if (what < 36) {
      node.attach(request(endpoint, "web", "192.168.1." + (2 + random.nextInt(120))));
    } else if (what < 46) {
      node.attach(
          request(endpoint, "web").withClaim("c" + random.nextInt(6), random.nextBoolean()));
    } else if (what < 60) {
      node.detach(endpoint);
    } else if (what < 80) {
      store.serve(node);
    } else if (what < 84) {
      fail(node, random.nextBoolean());
    } else if (what < 90) {
      node.give(new NodeEvent.AddressesSeen(store.read()));
    } else if (what < 92) {
      node.give(new NodeEvent.AddressesUnreadable("away"));
    } else if (what < 93) {
      var claim = "c" + random.nextInt(6);
      node.ask(new AddressRequest.ActivateClaim(claim, name(random.nextInt(3))));
    } else if (what < 94) {
      node.ask(new AddressRequest.DeleteClaim("c" + random.nextInt(6)));
    } else if (what < 96) {
      node.pass(400_000_000_000L);
    } else if (what < 98) {
      node.applying = !node.applying;
      if (node.applying && node.isBatchWaiting()) {
        node.applyBatch();
      }
    } else {
      kill(number, random);
    }
  }

  private void fail(OneNode node, boolean effective) {
    var write = node.writes.poll();
    if (write != null) {
      if (effective) {
        store.write(write);
      }
      node.give(new NodeEvent.AddressWritten(write, new AddressWrite.Outcome.Failed("away")));
    }
  }

  /** What was on its way to the store may have arrived. */
  private void kill(int number, Random random) {
    var killed = nodes.get(number);
    count(killed);
    for (var write : killed.writes) {
      if (random.nextBoolean()) {
        store.write(write);
      }
    }
    var next = fresh(number);
    next.kernel.putAll(killed.kernel);
    next.now = killed.now;
    boolean early = random.nextBoolean();
    if (early) {
      next.give(new NodeEvent.AddressesSeen(store.read()));
    }
    next.start(WEB);
    if (!early) {
      next.attach(request("early", "web"));
      next.give(new NodeEvent.AddressesSeen(store.read()));
    }
    nodes.set(number, next);
  }

  private void count(OneNode node) {
    attached += node.attached.values().stream().filter(Attached.class::isInstance).count();
  }

  private void check() {
    var state = store.read();
    var blocks = state.blocks().values().stream().map(Stored::record).toList();
    for (var one : blocks) {
      for (var other : blocks) {
        assertThat(one == other || !one.prefix().overlaps(other.prefix())).as("%s", told).isTrue();
      }
    }
    var claimed = new TreeMap<IpAddress, AddressClaim>();
    for (var stored : state.claims().values()) {
      for (var address : stored.record().addresses()) {
        assertThat(claimed.put(address, stored.record())).as("%s", told).isNull();
      }
    }
    var owners = new TreeMap<IpAddress, Holder>();
    for (int number = 0; number < nodes.size(); number++) {
      for (var object : nodes.get(number).kernel(Kind.PORT)) {
        var port = (EndpointPort) object;
        var owner = new Holder(name(number), port.endpoint());
        for (var address : port.addresses()) {
          var other = owners.put(address, owner);
          // Two nodes may have the address of a claim at once, but not two endpoints of one.
          boolean shared =
              other != null && claimed.containsKey(address) && !other.node().equals(owner.node());
          assertThat(other == null || shared).as("%s of %s: %s", address, owner, told).isTrue();
          if (claimed.containsKey(address)) {
            // One that was detached has left the claim before it has left the kernel.
            continue;
          }
          assertThat(blocks)
              .as("%s of %s: %s", address, owner, told)
              .anyMatch(block -> isOf(block, owner.node(), address));
        }
      }
    }
  }

  private static boolean isOf(AddressBlock block, String node, IpAddress address) {
    return block.node().equals(node) && block.prefix().contains(address);
  }

  private void giveEverythingBack() {
    for (var node : nodes) {
      node.applying = true;
      if (node.isBatchWaiting()) {
        node.applyBatch();
      }
      node.give(new NodeEvent.AddressesSeen(store.read()));
      for (int i = 0; i < 45; i++) {
        node.detach("e" + i);
      }
      node.detach("early");
      store.serveAll(node);
      node.pass(20_000_000_000L); // what failed is tried again
      store.serveAll(node);
    }
    nodes.getFirst().give(new NodeEvent.AddressesSeen(store.read()));
    for (int claim = 0; claim < 6; claim++) {
      nodes.getFirst().ask(new AddressRequest.DeleteClaim("c" + claim));
      store.serveAll(nodes.getFirst());
    }
    for (var node : nodes) {
      node.give(new NodeEvent.AddressesSeen(store.read()));
      node.pass(700_000_000_000L);
      store.serveAll(node);
    }
    assertThat(store.read().claims()).as("%s", told).isEmpty();
    assertThat(store.read().blocks()).as("%s", told).isEmpty();
  }
}
