package io.weft.simulation;

import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteTarget;
import io.weft.net.Vni;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.node.Multicast;
import io.weft.overlay.node.NetworkIntent;
import io.weft.overlay.node.TenantIntent;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * The networks and tenants of a fabric, as its nodes are told of them. Each part has versions, 0 at
 * first; the VNI of any version tells whose it is.
 */
final class FabricIntent {
  /** Versions of one part, from 0. */
  static final int VERSIONS = 80;

  private static final int MOST_NETWORKS = 1_024;
  private static final int FIRST_NETWORK_VNI = 10_000;
  private static final int FIRST_TENANT_VNI = 100_000;
  private static final int SUBNETS = 100 << 24 | 64 << 16; // 100.64.0.0/10
  private static final int SUBNET_LENGTH = 20;

  /** Addresses of a network. */
  static final int HOSTS = 1 << (32 - SUBNET_LENGTH);

  private static final int MORE_SUBNETS = 172 << 24 | 16 << 16; // 172.16.0.0/12
  private static final int MORE_LENGTH = 22;

  /** What of it can change. */
  enum Part {
    /** The VNI of a network; its route target stays. */
    VNI,
    /** The route target of a network. */
    TARGET,
    /** In odd versions a network has a second subnet. */
    SUBNETS,
    /** The L3 VNI and the route target of a network's tenant. */
    TENANT,
    /**
     * In odd versions a network that is selective at first floods its groups, and the other way
     * round; only where there are groups.
     */
    MULTICAST;

    /** As it is written in a script. */
    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }

    /** What {@link #toString} wrote. */
    static Part parse(String text) {
      return valueOf(text.toUpperCase(Locale.ROOT));
    }
  }

  private final FabricSize size;
  private final int[] vnis;
  private final int[] targets;
  private final int[] subnets;
  private final int[] tenants;
  private final int[] multicasts;

  FabricIntent(FabricSize size) {
    this.size = size;
    vnis = new int[size.networks()];
    targets = new int[size.networks()];
    subnets = new int[size.networks()];
    tenants = new int[size.tenants()];
    multicasts = new int[size.networks()];
  }

  /** What can change in a fabric of this size. */
  static List<Part> parts(FabricSize size) {
    return Stream.of(Part.values())
        .filter(part -> part != Part.MULTICAST || size.multicast())
        .toList();
  }

  /**
   * Sets the version of a part of a network, or of its tenant; false where it is this already, or
   * cannot change.
   */
  boolean change(Part part, int network, int version) {
    if (!parts(size).contains(part)) {
      return false;
    }
    var versions =
        switch (part) {
          case VNI -> vnis;
          case TARGET -> targets;
          case SUBNETS -> subnets;
          case TENANT -> tenants;
          case MULTICAST -> multicasts;
        };
    int which = part == Part.TENANT ? network % size.tenants() : network;
    boolean other = versions[which] != version;
    versions[which] = version;
    return other;
  }

  List<TenantIntent> tenants() {
    return IntStream.range(0, size.tenants())
        .filter(_ -> size.routed())
        .mapToObj(
            i -> {
              var target = List.of(RouteTarget.automatic(World.AS, tenantVni(i)));
              return new TenantIntent(tenantName(i), tenantVni(i), List.copyOf(target), target);
            })
        .toList();
  }

  List<NetworkIntent> networks() {
    return IntStream.range(0, size.networks()).mapToObj(this::network).toList();
  }

  private NetworkIntent network(int number) {
    var target = List.of(RouteTarget.automatic(World.AS, networkVni(number, targets[number])));
    var prefixes = new ArrayList<IpPrefix>();
    prefixes.add(new IpPrefix(new Ipv4Address(subnet(number)), SUBNET_LENGTH));
    if (subnets[number] % 2 == 1) {
      int more = MORE_SUBNETS + number / size.tenants() * (1 << (32 - MORE_LENGTH));
      prefixes.add(new IpPrefix(new Ipv4Address(more), MORE_LENGTH));
    }
    var network =
        new NetworkIntent(
            networkName(number),
            Optional.of(tenantName(number % size.tenants())),
            vni(number),
            prefixes,
            List.copyOf(target),
            target,
            OptionalInt.empty(),
            prefixes.stream().filter(_ -> size.routed()).map(FabricIntent::gateway).toList());
    return isSelective(number) ? network.withMulticast(Multicast.SELECTIVE) : network;
  }

  private boolean isSelective(int network) {
    boolean atFirst = network % 3 != 2;
    return size.multicast() && atFirst == (multicasts[network] % 2 == 0);
  }

  private static HostAddress gateway(IpPrefix subnet) {
    return new HostAddress(subnet.address().plus(1), subnet.length());
  }

  static String tenantName(int number) {
    return "t" + number;
  }

  static String networkName(int number) {
    return "net" + number;
  }

  /** The VNI of a network as it is now. */
  Vni vni(int network) {
    return networkVni(network, vnis[network]);
  }

  /** The L3 VNI of a tenant as it is now. */
  Vni tenantVni(int tenant) {
    return new Vni(FIRST_TENANT_VNI + tenant + tenants[tenant] * MOST_NETWORKS);
  }

  private static Vni networkVni(int network, int version) {
    return new Vni(FIRST_NETWORK_VNI + network + version * MOST_NETWORKS);
  }

  /** One of a network or of a tenant, of low numbers and any version. */
  static Vni someVni(int chance) {
    int version = chance / 32 % VERSIONS;
    int first = chance % 2 == 0 ? FIRST_NETWORK_VNI : FIRST_TENANT_VNI;
    return new Vni(first + chance / 2 % 8 + (chance % 5 == 0 ? version * MOST_NETWORKS : 0));
  }

  /** True for a VNI of a network, false for one of a tenant. */
  static boolean isOfNetwork(Vni vni) {
    return vni.value() < FIRST_TENANT_VNI;
  }

  /** The network that has or had a VNI. */
  static int network(Vni vni) {
    return (vni.value() - FIRST_NETWORK_VNI) % MOST_NETWORKS;
  }

  /** Whether both are or were of one network, or of one tenant. */
  static boolean isSame(Vni one, Vni other) {
    return isOfNetwork(one) == isOfNetwork(other)
        && (isOfNetwork(one)
            ? network(one) == network(other)
            : (one.value() - other.value()) % MOST_NETWORKS == 0);
  }

  /** First address of the subnet of a network: the same for the n-th one of each tenant. */
  int subnet(int network) {
    return SUBNETS + network / size.tenants() * HOSTS;
  }
}
