package io.weft.overlay.ipam;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.StableHash;
import io.weft.overlay.attachment.AddressPlan;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/**
 * What one node knows of addresses: its blocks and everybody's claims as the store was last seen to
 * hold them, and which addresses its endpoints have. It decides and changes nothing but itself.
 */
public final class AddressBook {
  private static final String UNREAD = "the store of addresses has not been read yet; try again";

  /** Addresses of which it is remembered that they were given back. */
  private static final int MAX_FREED = 16_384;

  /** Where a node's addresses come from. */
  public enum Source {
    /** The whole subnet; what others use is known by their routes alone (decision 0005). */
    SUBNET,

    /** The node's pod CIDR, where the subnet contains one. */
    POD_CIDR,

    /** Blocks that the nodes share by a store. */
    BLOCKS
  }

  /** An address, or why there is none yet or none at all. */
  public sealed interface Choice {
    record Given(IpAddress address) implements Choice {}

    /** The block has to become this node's first. */
    record Needs(AddressBlock block) implements Choice {}

    /** There is no free address. */
    record Exhausted(String reason) implements Choice {}

    /** The address that was asked for is somebody else's. */
    record Taken(String reason) implements Choice {}

    /** It cannot be said now, but soon. */
    record NotYet(String reason) implements Choice {}
  }

  private record Freed(String network, IpAddress address) {}

  private final String node;
  private AddressConfig config;
  private final TreeMap<String, NetworkBlocks> blocks = new TreeMap<>();
  private final TreeMap<String, List<IpPrefix>> own = new TreeMap<>();

  /** Blocks of this node that may be gone from the store by now: nothing is given out of them. */
  private final TreeSet<AddressBlock> leaving =
      new TreeSet<>(Comparator.comparing(AddressBlock::name));

  private final TreeMap<String, TreeMap<IpAddress, AddressClaim>> claimed = new TreeMap<>();
  private final TreeMap<String, TreeSet<IpAddress>> used = new TreeMap<>();
  private final LinkedHashMap<Freed, Long> freed = new LinkedHashMap<>();
  private Optional<AddressState> state = Optional.empty();
  private boolean copy;
  private List<Stored<AddressBlock>> mine = List.of();
  private List<Stored<AddressClaim>> held = List.of();
  private long releases;

  /** For the node of this name. */
  public AddressBook(String node, AddressConfig config) {
    this.node = node;
    this.config = config;
  }

  public String node() {
    return node;
  }

  /** True when the nodes share a store. */
  public boolean isStored() {
    return config.stored();
  }

  /** The node's own part of the cluster's subnets is this from now on. */
  public void podCidrs(List<IpPrefix> podCidrs) {
    config = new AddressConfig(config.stored(), podCidrs);
  }

  /** What the store holds; empty until it was read. */
  public Optional<AddressState> state() {
    return state;
  }

  /** What it held is a copy, which may be older than what this node did itself. */
  public boolean isCopy() {
    return copy;
  }

  /** The store was seen to hold this, or a copy of it says so. */
  public void see(AddressState seen, boolean asCopy) {
    state = Optional.of(seen);
    copy = asCopy;
    blocks.clear();
    claimed.clear();
    for (var stored : seen.blocks().values()) {
      var block = stored.record();
      blocks.computeIfAbsent(block.network(), _ -> new NetworkBlocks()).add(block);
    }
    mine =
        seen.blocks().values().stream()
            .filter(stored -> stored.record().node().equals(node))
            .toList();
    held =
        seen.claims().values().stream()
            .filter(s -> s.record().holders().stream().anyMatch(h -> h.node().equals(node)))
            .toList();
    leaving.clear();
    own.clear();
    blocks.forEach((network, all) -> own.put(network, usable(all)));
    for (var stored : seen.claims().values()) {
      reserve(stored.record());
    }
  }

  /** The block is about to be given back, until the store is seen again. */
  public void leave(AddressBlock block) {
    leaving.add(block);
    Optional.ofNullable(blocks.get(block.network()))
        .ifPresent(all -> own.put(block.network(), usable(all)));
  }

  private List<IpPrefix> usable(NetworkBlocks all) {
    return all.all().stream()
        .filter(block -> block.node().equals(node) && !leaving.contains(block))
        .filter(block -> all.rival(block).isEmpty())
        .map(AddressBlock::prefix)
        .toList();
  }

  /** The addresses are the claim's from now on, until the store is seen again. */
  public void reserve(AddressClaim claim) {
    var ofNetwork = claimed.computeIfAbsent(claim.network(), _ -> new TreeMap<>());
    claim.addresses().forEach(address -> ofNetwork.putIfAbsent(address, claim));
  }

  /** An endpoint of this node has the address. */
  public void use(String network, IpAddress address) {
    used.computeIfAbsent(network, _ -> new TreeSet<>()).add(address);
    freed.remove(new Freed(network, address));
  }

  /** No endpoint of this node has the address any more. */
  public void free(String network, IpAddress address) {
    var ofNetwork = used.get(network);
    if (ofNetwork != null && ofNetwork.remove(address)) {
      if (ofNetwork.isEmpty()) {
        used.remove(network);
      }
      freed.put(new Freed(network, address), releases++);
      if (freed.size() > MAX_FREED) {
        freed.pollFirstEntry();
      }
    }
  }

  /** Where addresses of the subnet come from. */
  public Source source(IpPrefix subnet) {
    if (podCidr(subnet).isPresent()) {
      return Source.POD_CIDR;
    }
    return config.stored() ? Source.BLOCKS : Source.SUBNET;
  }

  /** The node's part of the subnet. */
  public Optional<IpPrefix> podCidr(IpPrefix subnet) {
    return config.podCidrs().stream()
        .filter(cidr -> cidr.length() >= subnet.length() && subnet.contains(cidr.address()))
        .findFirst();
  }

  /**
   * A free host address of the subnet.
   *
   * @param taken addresses that must not be given out, whatever the book says
   */
  public Choice choose(
      String network, IpPrefix subnet, String endpoint, Predicate<IpAddress> taken) {
    if (config.stored() && state.isEmpty()) {
      return new Choice.NotYet(UNREAD);
    }
    Predicate<IpAddress> refused =
        ip -> taken.test(ip) || isUsed(network, ip) || claim(network, ip).isPresent();
    return switch (source(subnet)) {
      case SUBNET ->
          AddressPlan.choose(subnet, endpoint, refused)
              .<Choice>map(Choice.Given::new)
              .orElseGet(
                  () ->
                      new Choice.Exhausted(
                          "subnet %s of network '%s' has no free address"
                              .formatted(subnet, network)));
      case POD_CIDR -> {
        var cidr = podCidr(subnet).orElseThrow();
        yield search(network, subnet, List.of(cidr), endpoint, refused)
            .<Choice>map(Choice.Given::new)
            .orElseGet(
                () ->
                    new Choice.Exhausted(
                        "pod CIDR %s of node %s, where network '%s' takes its addresses from, has no free address: %d are used, %d claimed"
                            .formatted(
                                cidr,
                                node,
                                network,
                                usedIn(network, cidr),
                                claimedIn(network, cidr))));
      }
      case BLOCKS -> fromBlocks(network, subnet, endpoint, refused);
    };
  }

  private Choice fromBlocks(
      String network, IpPrefix subnet, String endpoint, Predicate<IpAddress> refused) {
    var own = own(network).stream().filter(p -> subnet.contains(p.address())).toList();
    var found = search(network, subnet, own, endpoint, refused);
    if (found.isPresent()) {
      return new Choice.Given(found.get());
    }
    return BlockPlan.first(
            subnet,
            node,
            candidate ->
                overlapping(network, candidate).isEmpty()
                    && search(network, subnet, List.of(candidate), endpoint, refused).isPresent())
        .<Choice>map(prefix -> new Choice.Needs(new AddressBlock(network, prefix, node)))
        .orElseGet(() -> new Choice.Exhausted(exhausted(network, subnet, own)));
  }

  private String exhausted(String network, IpPrefix subnet, List<IpPrefix> own) {
    var byNode = new TreeMap<String, Integer>();
    for (var block : of(network).all()) {
      if (subnet.contains(block.prefix().address())) {
        byNode.merge(block.node(), 1, Integer::sum);
      }
    }
    var owners = new ArrayList<String>();
    byNode.forEach((owner, count) -> owners.add(owner + " " + count));
    return "subnet %s of network '%s' has no free address for node %s: no block is left, the nodes' are: %s; in those of this node %d addresses are used, %d claimed"
        .formatted(
            subnet,
            network,
            node,
            owners.isEmpty() ? "none" : String.join(", ", owners),
            own.stream().mapToInt(prefix -> usedIn(network, prefix)).sum(),
            own.stream().mapToInt(prefix -> claimedIn(network, prefix)).sum());
  }

  /** Those that were never given back first, then the one that was longest ago. */
  private Optional<IpAddress> search(
      String network,
      IpPrefix subnet,
      List<IpPrefix> within,
      String endpoint,
      Predicate<IpAddress> refused) {
    Optional<IpAddress> oldest = Optional.empty();
    long since = Long.MAX_VALUE;
    for (var part : within) {
      int hostBits = part.address().bits() - part.length();
      long size = 1L << Math.min(hostBits, 31);
      long start = Long.remainderUnsigned(StableHash.of(endpoint), size);
      for (long i = 0; i < Math.min(size, AddressPlan.MAX_PROBES); i++) {
        var candidate = part.address().plus((start + i) % size);
        if (BlockPlan.isReserved(subnet, candidate) || refused.test(candidate)) {
          continue;
        }
        var when = freed.get(new Freed(network, candidate));
        if (when == null) {
          return Optional.of(candidate);
        }
        if (when < since) {
          since = when;
          oldest = Optional.of(candidate);
        }
      }
    }
    return oldest;
  }

  /** Whether this node may give out the address that was asked for. */
  public Choice fix(String network, IpPrefix subnet, IpAddress address) {
    if (config.stored() && state.isEmpty()) {
      return new Choice.NotYet(UNREAD);
    }
    var claim = claim(network, address);
    if (claim.isPresent()) {
      return new Choice.Taken(
          "address %s of network '%s' is kept by claim '%s'"
              .formatted(address, network, claim.get().name()));
    }
    return switch (source(subnet)) {
      case SUBNET -> new Choice.Given(address);
      case POD_CIDR -> {
        var cidr = podCidr(subnet).orElseThrow();
        yield cidr.contains(address)
            ? new Choice.Given(address)
            : new Choice.Taken(
                "address %s of network '%s' is not in this node's pod CIDR %s"
                    .formatted(address, network, cidr));
      }
      case BLOCKS -> fixInBlock(network, subnet, address);
    };
  }

  private Choice fixInBlock(String network, IpPrefix subnet, IpAddress address) {
    if (own(network).stream().anyMatch(prefix -> prefix.contains(address))) {
      return new Choice.Given(address);
    }
    var single = new IpPrefix(address, address.bits());
    var owner = overlapping(network, single);
    if (owner.isPresent() && owner.get().node().equals(node)) {
      return new Choice.NotYet(
          "block %s of network '%s' is being given back; try again"
              .formatted(owner.get().prefix(), network));
    }
    if (owner.isPresent()) {
      return new Choice.Taken(
          "address %s of network '%s' is in block %s, which belongs to node %s; attach it there, or with a claim"
              .formatted(address, network, owner.get().prefix(), owner.get().node()));
    }
    var whole = BlockPlan.containing(subnet, address);
    var needed = overlapping(network, whole).isEmpty() ? whole : single;
    return new Choice.Needs(new AddressBlock(network, needed, node));
  }

  /** What of the subnet this node alone gives addresses out of. */
  public List<IpPrefix> given(String network, IpPrefix subnet) {
    return switch (source(subnet)) {
      case SUBNET -> List.of();
      case POD_CIDR -> podCidr(subnet).stream().toList();
      case BLOCKS -> own(network).stream().filter(p -> subnet.contains(p.address())).toList();
    };
  }

  /** Why an address that an endpoint of this node has is not this node's to give, in words. */
  public Optional<String> stranger(String network, IpPrefix subnet, IpAddress address) {
    return fix(network, subnet, address) instanceof Choice.Taken(var reason)
        ? Optional.of(reason)
        : Optional.empty();
  }

  // ---- what is known ------------------------------------------------------------------------

  private NetworkBlocks of(String network) {
    return Optional.ofNullable(blocks.get(network)).orElseGet(NetworkBlocks::new);
  }

  /** A block of the network that shares addresses with the prefix. */
  Optional<AddressBlock> overlapping(String network, IpPrefix prefix) {
    return of(network).overlapping(prefix);
  }

  /**
   * The blocks that this node gives addresses out of: its own, but none that shares addresses with
   * another node's, which can be when subnets change while nodes claim.
   */
  List<IpPrefix> own(String network) {
    return Optional.ofNullable(own.get(network)).orElseGet(List::of);
  }

  /** A block of another node that shares addresses with the block. */
  public Optional<AddressBlock> rival(AddressBlock block) {
    return of(block.network()).rival(block);
  }

  /** The claim that keeps the address. */
  public Optional<AddressClaim> claim(String network, IpAddress address) {
    return Optional.ofNullable(claimed.get(network)).map(ofNetwork -> ofNetwork.get(address));
  }

  /** True when an endpoint of this node has the address. */
  public boolean isUsed(String network, IpAddress address) {
    var ofNetwork = used.get(network);
    return ofNetwork != null && ofNetwork.contains(address);
  }

  /** How many addresses in the prefix this node's endpoints have. */
  public int usedIn(String network, IpPrefix prefix) {
    return within(Optional.ofNullable(used.get(network)).orElseGet(TreeSet::new), prefix);
  }

  /** How many addresses in the prefix claims keep, whether an endpoint has them or not. */
  public int claimedIn(String network, IpPrefix prefix) {
    var ofNetwork = claimed.get(network);
    return ofNetwork == null ? 0 : within(ofNetwork.navigableKeySet(), prefix);
  }

  /** How many addresses in the prefix are used, kept, or both. */
  public int takenIn(String network, IpPrefix prefix) {
    var both = 0;
    var ofNetwork = claimed.get(network);
    if (ofNetwork != null) {
      for (var address : ofNetwork.navigableKeySet().tailSet(prefix.address())) {
        if (!prefix.contains(address)) {
          break;
        }
        both += isUsed(network, address) ? 1 : 0;
      }
    }
    return usedIn(network, prefix) + claimedIn(network, prefix) - both;
  }

  private static int within(SortedSet<IpAddress> addresses, IpPrefix prefix) {
    int count = 0;
    for (var address : addresses.tailSet(prefix.address())) {
      if (!prefix.contains(address)) {
        break;
      }
      count++;
    }
    return count;
  }

  /** Claims of which an endpoint of this node is a holder. */
  public List<Stored<AddressClaim>> held() {
    return held;
  }

  /** The blocks of a network, whoever's they are, by prefix. */
  public Collection<AddressBlock> blocks(String network) {
    return of(network).all();
  }

  /** Blocks of this node in which nobody has or keeps an address. */
  public List<Stored<AddressBlock>> idle() {
    var idle = new ArrayList<Stored<AddressBlock>>();
    for (var stored : mine) {
      var block = stored.record();
      if (usedIn(block.network(), block.prefix()) == 0
          && claimedIn(block.network(), block.prefix()) == 0) {
        idle.add(stored);
      }
    }
    return idle;
  }
}
