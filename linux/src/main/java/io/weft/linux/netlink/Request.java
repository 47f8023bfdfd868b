package io.weft.linux.netlink;

import io.weft.linux.ffi.Descriptor;

/**
 * One change to ask the kernel for. Requests are values: many go to the kernel in one batch, and
 * each has its own outcome.
 */
public sealed interface Request {
  /** A bridge without spanning tree, VLAN filtering and multicast snooping. EEXIST: name taken. */
  record CreateBridge(String name, LinkSettings settings) implements Request {
    public CreateBridge {
      requireCreation(name, settings);
    }
  }

  /**
   * A VXLAN device. Its UDP socket stays in the namespace of the netlink socket that asks, whatever
   * namespace the device itself is made in. EEXIST: name taken, or VNI in use on that port.
   */
  record CreateVxlan(String name, Vxlan vxlan, LinkSettings settings) implements Request {
    public CreateVxlan {
      requireCreation(name, settings);
    }
  }

  /** A pair of virtual Ethernet links, each end in the namespace that its settings name. */
  record CreateVeth(String name, LinkSettings settings, String peerName, LinkSettings peerSettings)
      implements Request {
    public CreateVeth {
      requireCreation(name, settings);
      requireCreation(peerName, peerSettings);
    }
  }

  /**
   * A link for the frames with one VLAN's tag (IEEE 802.1Q) on another link, which is in the
   * namespace of the netlink socket that asks. EEXIST: name taken, or that link has the VLAN
   * already. EOPNOTSUPP: the kernel has no VLANs.
   *
   * @param parent index of that link
   * @param id 1..4094
   */
  record CreateVlan(String name, int parent, int id, LinkSettings settings) implements Request {
    public CreateVlan {
      requireCreation(name, settings);
    }
  }

  /** ENODEV: no such link. */
  record SetLink(int link, LinkSettings changes) implements Request {}

  /** Puts the link into a group of links; 0: none. ENODEV: no such link. */
  record SetLinkGroup(int link, int group) implements Request {}

  /**
   * Moves the link into another namespace, under another name there. It arrives down and without
   * addresses. EEXIST: the name is taken there.
   */
  record MoveLink(int link, Descriptor namespace, String name) implements Request {
    public MoveLink {
      requireName(name);
    }
  }

  /** EBUSY: only links that are down change their name on older kernels. */
  record RenameLink(int link, String name) implements Request {
    public RenameLink {
      requireName(name);
    }
  }

  /** How a bridge treats multicast. EOPNOTSUPP: the kernel's bridges cannot snoop. */
  record SetBridgeMulticast(int link, BridgeMulticast multicast) implements Request {}

  /**
   * More rows than this a bridge does not learn of frames at a time (IFLA_BR_FDB_MAX_LEARNED); what
   * it is told does not count. Before Linux 6.7 the kernel passes it over.
   *
   * @param most 1 or more; 0: without limit
   */
  record SetBridgeLearned(int link, int most) implements Request {}

  /** All flags at once. */
  record SetBridgePort(int link, BridgePort port) implements Request {}

  /** One flag of a bridge port, {@link BridgePort#unicastFlood}; the others stay as they are. */
  record SetUnicastFlood(int link, boolean on) implements Request {}

  /** ENODEV: no such link. One end of a veth pair takes the other with it. */
  record DeleteLink(int link) implements Request {}

  /** EEXIST: the link has it. */
  record AddAddress(Address address) implements Request {}

  /** EADDRNOTAVAIL: the link does not have it. */
  record DeleteAddress(Address address) implements Request {}

  /** EEXIST: there is a route to the prefix with this metric. */
  record AddRoute(Route route) implements Request {}

  /** Adds it, or replaces the route to the prefix with the same metric. */
  record ReplaceRoute(Route route) implements Request {}

  /** ESRCH: there is no such route. */
  record DeleteRoute(Route route) implements Request {}

  /** EEXIST: there is the very same rule. */
  record AddRule(Rule rule) implements Request {}

  /** ENOENT: there is no such rule. */
  record DeleteRule(Rule rule) implements Request {}

  /** Adds or replaces: afterwards this MAC has this destination alone. */
  record PutFdb(FdbEntry entry) implements Request {}

  /** Adds a destination to those that the MAC has: for flood lists. EEXIST: it has it. */
  record AppendFdb(FdbEntry entry) implements Request {}

  /** ENOENT: there is no such row. With a destination only that one goes. */
  record DeleteFdb(FdbEntry entry) implements Request {}

  /** Adds a VTEP to a group's, or replaces its VNI. EOPNOTSUPP: before Linux 6.4. */
  record PutMdb(MdbEntry entry) implements Request {}

  /** ENOENT: there is no such row. */
  record DeleteMdb(MdbEntry entry) implements Request {}

  /** Adds or replaces. */
  record PutNeighbour(Neighbour neighbour) implements Request {}

  /** ENOENT: there is no such entry. */
  record DeleteNeighbour(Neighbour neighbour) implements Request {}

  /** IFNAMSIZ (linux/if.h) minus the closing NUL. */
  int MAX_NAME = 15;

  private static void requireCreation(String name, LinkSettings settings) {
    requireName(name);
    if (settings.alias().isPresent()
        || settings.linkLocal().isPresent()
        || settings.forwarding().isPresent()) {
      throw new IllegalArgumentException(
          "the kernel takes no alias and no address mode when it makes " + name + ": set it after");
    }
  }

  private static void requireName(String name) {
    if (name.isEmpty() || name.length() > MAX_NAME || name.matches(".*[/\\s:%].*|\\.\\.?")) {
      throw new IllegalArgumentException(
          "'" + name + "' cannot name a link: 1 to 15 octets without space, '/', ':' and '%'");
    }
  }
}
