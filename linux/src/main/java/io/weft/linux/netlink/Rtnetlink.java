package io.weft.linux.netlink;

import static io.weft.linux.ffi.LinuxConstants.AF_BRIDGE;
import static io.weft.linux.ffi.LinuxConstants.AF_INET;
import static io.weft.linux.ffi.LinuxConstants.AF_INET6;
import static io.weft.linux.ffi.LinuxConstants.AF_UNSPEC;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Predicate;
import java.util.function.Supplier;

/**
 * One network namespace's tables: changes in batches, dumps, and the making of links. For the agent
 * and the lab. One owner at a time, on any thread; a call into the kernel pins a virtual thread's
 * carrier for some microseconds per request. What the kernel refuses is a {@link LinuxException}
 * with its own words, in batches a {@link Failure} per request.
 */
public final class Rtnetlink implements AutoCloseable {
  private final Descriptor namespace;
  private final NetlinkSocket socket;

  private Rtnetlink(Descriptor namespace, NetlinkSocket socket) {
    this.namespace = namespace;
    this.socket = socket;
  }

  /** Opens the calling thread's namespace. */
  public static Rtnetlink open() {
    return open(NetlinkSocket::open);
  }

  private static Rtnetlink open(Supplier<NetlinkSocket> socket) {
    var namespace = NetworkNamespaces.openCurrent();
    try {
      return new Rtnetlink(namespace, socket.get());
    } catch (RuntimeException e) {
      namespace.close();
      throw e;
    }
  }

  /** Opens a namespace by name, or by path where the text has a slash. */
  public static Rtnetlink openIn(String nameOrPath) {
    return NetworkNamespaces.callIn(nameOrPath, Rtnetlink::open);
  }

  /** Opens a namespace; the descriptor stays the caller's. */
  public static Rtnetlink openIn(Descriptor namespace) {
    return NetworkNamespaces.callIn(namespace, Rtnetlink::open);
  }

  /** As {@link #openIn(String)}, with buffers that outlive it. */
  public static Rtnetlink openIn(String nameOrPath, NetlinkSocket.Buffers buffers) {
    return NetworkNamespaces.callIn(nameOrPath, () -> open(() -> NetlinkSocket.open(buffers)));
  }

  /**
   * As {@link #openIn(Descriptor)}, by {@link NetworkNamespaces#callHereIn}, with buffers that
   * outlive it.
   */
  public static Rtnetlink openHereIn(Descriptor namespace, NetlinkSocket.Buffers buffers) {
    return NetworkNamespaces.callHereIn(namespace, () -> open(() -> NetlinkSocket.open(buffers)));
  }

  /** The number that this namespace has for another (RTM_GETNSID), if it has given it one. */
  public OptionalInt numberOf(Descriptor other) {
    int number =
        socket.get(
            "number of a namespace",
            Uapi.RTM_GETNSID,
            out -> {
              out.u8(AF_UNSPEC).u8(0).u16(0); // struct rtgenmsg, filled up
              out.attributeU32(Uapi.NETNSA_FD, other.number());
            },
            message -> message.attributes(4).u32(Uapi.NETNSA_NSID).orElse(-1));
    return number < 0 ? OptionalInt.empty() : OptionalInt.of(number);
  }

  /** This namespace, for {@link LinkSettings#withNamespace}; closed with this object. */
  public Descriptor namespace() {
    return namespace;
  }

  /**
   * Carries out the requests in order, about half a million per second; a refused one does not stop
   * the others.
   *
   * @return one outcome per request, in their order; empty: done
   * @throws LinuxException when the socket itself fails: then nothing is known, dump
   */
  public List<Optional<Failure>> execute(List<? extends Request> requests) {
    return socket.execute(requests);
  }

  /**
   * Carries out one request.
   *
   * @throws LinuxException when the kernel refuses it
   */
  public void execute(Request request) {
    var outcome = socket.execute(List.of(request)).getFirst();
    if (outcome.isPresent()) {
      throw outcome.get().toException();
    }
  }

  /** Carries out one request; false when what it asks to delete or change is not there. */
  public boolean executeIfThere(Request request) {
    var outcome = socket.execute(List.of(request)).getFirst();
    if (outcome.isPresent() && !outcome.get().notThere()) {
      throw outcome.get().toException();
    }
    return outcome.isEmpty();
  }

  /** Makes a bridge without spanning tree, VLANs and multicast snooping. */
  public Link createBridge(String name, LinkSettings settings) {
    execute(new Request.CreateBridge(name, settings.atCreation()));
    return finish(name, settings);
  }

  /** Makes a VXLAN device in this namespace. */
  public Link createVxlan(String name, Vxlan vxlan, LinkSettings settings) {
    return createVxlan(name, vxlan, settings, this);
  }

  /**
   * Makes a VXLAN device in another namespace, while its UDP socket stays in this one: the tenant
   * has the segment, the underlay carries it.
   *
   * @param settings a master is an index in {@code into}
   */
  public Link createVxlan(String name, Vxlan vxlan, LinkSettings settings, Rtnetlink into) {
    var creation = settings.atCreation().withNamespace(into.namespace);
    execute(new Request.CreateVxlan(name, vxlan, creation));
    return into.finish(name, settings);
  }

  /** The two ends of a veth pair, each as its own namespace sees it. */
  public record VethPair(Link link, Link peer) {}

  /** Makes a veth pair with its peer in another namespace, or in this one. */
  public VethPair createVeth(
      String name,
      LinkSettings settings,
      String peerName,
      LinkSettings peerSettings,
      Rtnetlink peerIn) {
    execute(
        new Request.CreateVeth(
            name,
            settings.atCreation(),
            peerName,
            peerSettings.atCreation().withNamespace(peerIn.namespace)));
    var link = finish(name, settings);
    try {
      return new VethPair(link, peerIn.finish(peerName, peerSettings));
    } catch (LinuxException e) {
      executeIfThere(new Request.DeleteLink(link.index()));
      throw e;
    }
  }

  /** Sets what a creation does not take; a link that cannot be finished is not left half done. */
  private Link finish(String name, LinkSettings settings) {
    var link = requireLink(name);
    var rest = settings.afterCreation();
    if (rest.isNothing()) {
      return link;
    }
    try {
      execute(new Request.SetLink(link.index(), rest));
      return requireLink(name);
    } catch (LinuxException e) {
      executeIfThere(new Request.DeleteLink(link.index()));
      throw e;
    }
  }

  public void setLink(int link, LinkSettings changes) {
    execute(new Request.SetLink(link, changes));
  }

  public void setBridgeMulticast(int link, BridgeMulticast multicast) {
    execute(new Request.SetBridgeMulticast(link, multicast));
  }

  public void setBridgePort(int link, BridgePort port) {
    execute(new Request.SetBridgePort(link, port));
  }

  /** False when there was no such link. */
  public boolean deleteLink(int link) {
    return executeIfThere(new Request.DeleteLink(link));
  }

  /** All links, with the flags of bridge ports. */
  public List<Link> links() {
    return socket.dump(
        "links",
        Uapi.RTM_GETLINK,
        out -> writeLinkQuery(out, 0, Optional.empty()),
        message -> Optional.of(LinkCodec.read(message)));
  }

  /**
   * A checksum (CRC-32) of what the kernel says of a link: equal ones mean that nobody changed a
   * setting, for a fraction of the time that reading it takes. Not all is in it: flags of bridge
   * ports, and what else is particular to a kind of link. Empty: there is no such link.
   */
  public Optional<Integer> linkChecksum(int index) {
    return ifThere(
        () ->
            socket.get(
                "link " + index,
                Uapi.RTM_GETLINK,
                out -> writeLinkQuery(out, index, Optional.empty()),
                LinkCodec::checksum));
  }

  public Optional<Link> link(String name) {
    return ifThere(() -> requireLink(name));
  }

  public Optional<Link> link(int index) {
    return ifThere(
        () ->
            socket.get(
                "link " + index,
                Uapi.RTM_GETLINK,
                out -> LinkCodec.writeHeader(out, index, Optional.empty()),
                LinkCodec::read));
  }

  /**
   * The link of this name.
   *
   * @throws LinuxException ENODEV when there is none
   */
  public Link requireLink(String name) {
    return socket.get(
        "link " + name,
        Uapi.RTM_GETLINK,
        out -> writeLinkQuery(out, 0, Optional.of(name)),
        LinkCodec::read);
  }

  private static void writeLinkQuery(MessageWriter out, int index, Optional<String> name) {
    LinkCodec.writeHeader(out, index, Optional.empty());
    name.ifPresent(text -> out.attribute(Uapi.IFLA_IFNAME, text));
    out.attributeU32(Uapi.IFLA_EXT_MASK, Uapi.RTEXT_FILTER_SKIP_STATS);
  }

  private static <T> Optional<T> ifThere(java.util.function.Supplier<T> get) {
    try {
      return Optional.of(get.get());
    } catch (LinuxException e) {
      if (e.errno().equals(Errno.ENODEV)) {
        return Optional.empty();
      }
      throw e;
    }
  }

  /** Every row of every device and bridge; the kernel's own multicast rows among them. */
  public List<FdbEntry> fdb() {
    return fdb(0);
  }

  /** Every row of every device and bridge that is wanted: there may be very many others. */
  public List<FdbEntry> fdb(Predicate<FdbEntry> wanted) {
    return socket.dump(
        "fdb",
        Uapi.RTM_GETNEIGH,
        out -> NeighbourCodec.writeDump(out, AF_BRIDGE, 0),
        NeighbourCodec::readFdb,
        (_, row) -> wanted.test(row));
  }

  /** The rows of one port: its own, and those of its bridge for it. */
  public List<FdbEntry> fdb(int link) {
    return socket.dump(
        "fdb",
        Uapi.RTM_GETNEIGH,
        out -> NeighbourCodec.writeDump(out, AF_BRIDGE, link),
        NeighbourCodec::readFdb);
  }

  /** Who listens to which group: the rows of all bridges, and from Linux 6.4 of VXLAN devices. */
  public List<MdbEntry> mdb() {
    var rows = new ArrayList<MdbEntry>();
    socket
        .dump("mdb", Uapi.RTM_GETMDB, MdbCodec::writeDump, m -> Optional.of(MdbCodec.read(m)))
        .forEach(rows::addAll);
    return rows;
  }

  /**
   * The rows of the bridge for one of its ports, with their ages.
   *
   * @param mostDynamic of those that it learned of frames no more are added when it has so many
   */
  public List<FdbAge> fdbAges(int port, int mostDynamic) {
    return socket.dump(
        "fdb",
        Uapi.RTM_GETNEIGH,
        out -> NeighbourCodec.writeDump(out, AF_BRIDGE, port),
        NeighbourCodec::readFdbAge,
        (size, age) ->
            age.row().link() == port
                && (size < mostDynamic || age.row().kind() != FdbKind.DYNAMIC));
  }

  /** ARP and ND entries of all links. */
  public List<Neighbour> neighbours() {
    return socket.dump(
        "neighbours",
        Uapi.RTM_GETNEIGH,
        out -> NeighbourCodec.writeDump(out, AF_UNSPEC, 0),
        NeighbourCodec::readNeighbour);
  }

  public List<Neighbour> neighbours(int link) {
    return neighbours().stream().filter(neighbour -> neighbour.link() == link).toList();
  }

  public List<Address> addresses() {
    return socket.dump("addresses", Uapi.RTM_GETADDR, AddressCodec::writeDump, AddressCodec::read);
  }

  public List<Address> addresses(int link) {
    return addresses().stream().filter(address -> address.link() == link).toList();
  }

  /** IPv4 and IPv6 routes of all tables, those of the kernel among them. */
  public List<Route> routes() {
    var routes = new ArrayList<Route>();
    for (int family : new int[] {AF_INET, AF_INET6}) {
      routes.addAll(
          socket.dump(
              "routes",
              Uapi.RTM_GETROUTE,
              out -> RouteCodec.writeDump(out, family),
              RouteCodec::read));
    }
    return routes;
  }

  /** The rules of IPv4 and IPv6 that say which table counts, the kernel's own among them. */
  public List<Rule> rules() {
    var rules = new ArrayList<Rule>();
    for (int family : new int[] {AF_INET, AF_INET6}) {
      rules.addAll(
          socket.dump(
              "rules", Uapi.RTM_GETRULE, out -> RuleCodec.writeDump(out, family), RuleCodec::read));
    }
    return rules;
  }

  /**
   * How a packet to this address would leave: link, gateway, source, and the path MTU where one is
   * known.
   *
   * @throws LinuxException ENETUNREACH without a route; EHOSTUNREACH, EACCES or EINVAL where the
   *     route refuses
   */
  public Route routeTo(IpAddress destination) {
    return socket
        .get(
            "route to " + destination,
            Uapi.RTM_GETROUTE,
            out -> RouteCodec.writeLookup(out, destination, 0),
            RouteCodec::read)
        .orElseThrow(
            () ->
                new LinuxException(
                    "get", "route to " + destination, Errno.ENETUNREACH, "no usable route"));
  }

  /**
   * Octets of an IP packet that this host's own route to the address takes: what is set on the
   * route, else the smallest MTU of its links. What routers farther on have said for a while (a
   * path MTU learned by RFC 1191 or RFC 8201) does not count.
   *
   * @throws LinuxException as {@link #routeTo}
   */
  public OptionalInt mtuTo(IpAddress destination) {
    var route =
        socket.get(
            "route to " + destination,
            Uapi.RTM_GETROUTE,
            out -> RouteCodec.writeLookup(out, destination, Uapi.RTM_F_FIB_MATCH),
            RouteCodec::read);
    if (route.isEmpty() || route.get().mtu().isPresent()) {
      return route.map(Route::mtu).orElse(OptionalInt.empty());
    }
    return route.get().nextHops().stream()
        .flatMapToInt(hop -> hop.link().stream())
        .flatMap(index -> link(index).stream().mapToInt(Link::mtu))
        .min();
  }

  @Override
  public void close() {
    socket.close();
    namespace.close();
  }
}
