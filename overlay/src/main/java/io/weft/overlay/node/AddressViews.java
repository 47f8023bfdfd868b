package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.ipam.AddressBlock;
import io.weft.overlay.ipam.AddressBook;
import io.weft.overlay.ipam.AddressBook.Source;
import io.weft.overlay.ipam.AddressState;
import io.weft.overlay.ipam.AddressView;
import io.weft.overlay.ipam.AddressView.BlockView;
import io.weft.overlay.ipam.AddressView.SubnetView;
import io.weft.overlay.ipam.BlockPlan;
import io.weft.overlay.ipam.SubnetUse;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;
import java.util.TreeSet;

/** Pictures of the addresses: what is used, free, kept, lost and had twice. */
final class AddressViews {
  /** Texts of a kind at most; of more only their number is told. */
  private static final int MAX_TEXTS = 100;

  private final Foundation foundation;
  private final Instances instances;
  private final Addressing addressing;
  private final AddressBook book;
  private final AddressState state;
  private final long now;

  AddressViews(Foundation foundation, Instances instances, Addressing addressing, long now) {
    this.foundation = foundation;
    this.instances = instances;
    this.addressing = addressing;
    this.book = addressing.book();
    this.state = book.state().orElse(AddressState.EMPTY);
    this.now = now;
  }

  AddressView view() {
    var subnets = new ArrayList<SubnetView>();
    for (var network : foundation.networks().values()) {
      var heard = book.isStored() ? heard(network) : Optional.<Heard>empty();
      network.subnets().forEach(subnet -> subnets.add(subnet(network, subnet, heard)));
    }
    return new AddressView(
        book.node(),
        book.isStored(),
        book.isStored() && book.state().isEmpty() ? addressing.unread() : addressing.failure(),
        List.copyOf(subnets),
        List.copyOf(state.claims().values()),
        limited(leaks()),
        limited(conflicts()));
  }

  /** The subnets of all networks, without a look at what others have. */
  List<SubnetUse> uses() {
    var uses = new ArrayList<SubnetUse>();
    for (var network : foundation.networks().values()) {
      for (var subnet : network.subnets()) {
        var view = subnet(network, subnet, Optional.empty());
        uses.add(new SubnetUse(network.name(), subnet, view.used(), view.free()));
      }
    }
    return uses;
  }

  private static List<String> limited(List<String> texts) {
    if (texts.size() <= MAX_TEXTS) {
      return List.copyOf(texts);
    }
    var some = new ArrayList<>(texts.subList(0, MAX_TEXTS));
    some.add("and " + (texts.size() - MAX_TEXTS) + " more");
    return List.copyOf(some);
  }

  /** Addresses of other nodes, sorted once for all blocks. */
  private record Heard(TreeSet<IpAddress> addresses) {
    int within(IpPrefix prefix) {
      int count = 0;
      for (var address : addresses.tailSet(prefix.address())) {
        if (!prefix.contains(address)) {
          break;
        }
        count++;
      }
      return count;
    }
  }

  private Optional<Heard> heard(NetworkIntent network) {
    return instances
        .find(network.name())
        .map(
            instance -> {
              var addresses = new TreeSet<IpAddress>();
              instance.remote().addresses().forEach(addresses::add);
              return new Heard(addresses);
            });
  }

  private SubnetView subnet(NetworkIntent network, IpPrefix subnet, Optional<Heard> heard) {
    var source = book.source(subnet);
    var blocks = new ArrayList<BlockView>();
    switch (source) {
      case SUBNET -> {}
      case POD_CIDR -> {
        var cidr = book.podCidr(subnet).orElseThrow();
        blocks.add(
            block(network, subnet, new AddressBlock(network.name(), cidr, book.node()), heard));
      }
      case BLOCKS ->
          book.blocks(network.name()).stream()
              .filter(b -> subnet.contains(b.prefix().address()))
              .forEach(b -> blocks.add(block(network, subnet, b, heard)));
    }
    long free = blocks.stream().mapToLong(block -> block.free().orElse(0)).sum();
    return new SubnetView(
        network.name(),
        subnet,
        source,
        blocks,
        source == Source.BLOCKS
            ? OptionalLong.of(
                BlockPlan.left(subnet, blocks.stream().map(BlockView::prefix).toList()))
            : OptionalLong.empty(),
        book.usedIn(network.name(), subnet),
        source == Source.SUBNET ? OptionalLong.empty() : OptionalLong.of(free));
  }

  private BlockView block(
      NetworkIntent network, IpPrefix subnet, AddressBlock block, Optional<Heard> heard) {
    boolean own = block.node().equals(book.node());
    var used = OptionalInt.empty();
    if (own) {
      used = OptionalInt.of(book.usedIn(network.name(), block.prefix()));
    } else if (heard.isPresent()) {
      used = OptionalInt.of(heard.get().within(block.prefix()));
    }
    long size = BlockPlan.hosts(subnet, block.prefix(), gateways(network));
    return new BlockView(
        block.prefix(),
        block.node(),
        used,
        book.claimedIn(network.name(), block.prefix()),
        size,
        own
            ? OptionalLong.of(Math.max(0, size - book.takenIn(network.name(), block.prefix())))
            : OptionalLong.empty(),
        own ? addressing.idleSeconds(block, now) : OptionalLong.empty());
  }

  private static List<IpAddress> gateways(NetworkIntent network) {
    return network.gateways().stream().map(HostAddress::address).toList();
  }

  /** Of networks that nobody declares. */
  private List<String> leaks() {
    var leaks = new ArrayList<String>();
    for (var stored : state.blocks().values()) {
      var block = stored.record();
      if (isUnknown(block.network(), block.prefix())) {
        leaks.add(
            "block %s of network '%s' belongs to node %s, but no such network or subnet is declared"
                .formatted(block.prefix(), block.network(), block.node()));
      }
    }
    for (var stored : state.claims().values()) {
      var claim = stored.record();
      if (foundation.network(claim.network()).isEmpty()) {
        leaks.add(
            "claim '%s' keeps %s of network '%s', which is not declared; delete it: weft addresses delete %s"
                .formatted(claim.name(), claim.addresses(), claim.network(), claim.name()));
      }
    }
    return leaks;
  }

  private boolean isUnknown(String network, IpPrefix prefix) {
    return foundation
        .network(network)
        .filter(known -> known.subnets().stream().anyMatch(s -> s.contains(prefix.address())))
        .isEmpty();
  }

  private List<String> conflicts() {
    var conflicts = new ArrayList<String>();
    if (book.isStored() && book.state().isEmpty()) {
      return conflicts; // nothing can be said yet
    }
    rivals(conflicts);
    for (var instance : instances.all()) {
      strays(instance, conflicts);
      heardElsewhere(instance, conflicts);
    }
    return conflicts;
  }

  private void rivals(List<String> conflicts) {
    for (var stored : state.blocks().values()) {
      var block = stored.record();
      book.rival(block)
          .ifPresent(
              other ->
                  conflicts.add(
                      "block %s of network '%s' is node %s's and shares addresses with block %s of node %s; neither gives out more of it"
                          .formatted(
                              block.prefix(),
                              block.network(),
                              block.node(),
                              other.prefix(),
                              other.node())));
    }
  }

  /** Endpoints of this node whose address is another's to give. */
  private void strays(NetworkInstance instance, List<String> conflicts) {
    var network = instance.intent();
    for (var endpoint : instance.endpoints()) {
      for (var host : endpoint.addresses()) {
        var ip = host.address();
        var claim = book.claim(network.name(), ip);
        if (claim.isPresent()) {
          boolean holds =
              claim.get().holders().stream()
                  .anyMatch(
                      h -> h.node().equals(book.node()) && h.endpoint().equals(endpoint.name()));
          if (!holds) {
            conflicts.add(
                "address %s of endpoint '%s' is kept by claim '%s', which it does not hold"
                    .formatted(ip, endpoint.name(), claim.get().name()));
          }
        } else {
          book.stranger(network.name(), host.prefix(), ip)
              .ifPresent(why -> conflicts.add("endpoint '" + endpoint.name() + "': " + why));
        }
      }
    }
  }

  /** Addresses that are this node's to give, and that another node has. */
  private void heardElsewhere(NetworkInstance instance, List<String> conflicts) {
    var network = instance.intent().name();
    var own = new TreeSet<IpPrefix>();
    for (var subnet : instance.intent().subnets()) {
      book.given(network, subnet).forEach(own::add);
    }
    if (own.isEmpty()) {
      return;
    }
    for (IpAddress ip : instance.remote().addresses()) {
      var below = Optional.ofNullable(own.floor(new IpPrefix(ip, ip.bits())));
      if (below.filter(block -> block.contains(ip)).isPresent()
          && book.claim(network, ip).isEmpty()) {
        instance
            .remote()
            .neighbour(ip)
            .ifPresent(
                owner ->
                    conflicts.add(
                        "address %s of network '%s' is in block %s of this node, but VTEP %s has it, MAC address %s"
                            .formatted(ip, network, below.get(), owner.vtep(), owner.mac())));
      }
    }
  }
}
