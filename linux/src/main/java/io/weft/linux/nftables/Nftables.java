package io.weft.linux.nftables;

import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxConstants;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netns.NetworkNamespaces;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * The nftables of one network namespace. A table that is owned is replaced as a whole, in one
 * transaction: no packet sees half of it. One owner at a time, on any thread.
 */
public final class Nftables implements AutoCloseable {
  /** Elements of one transaction: they fit into one datagram. */
  private static final int ELEMENTS = 128;

  private final NetlinkSocket socket;

  private Nftables(NetlinkSocket socket) {
    this.socket = socket;
  }

  /**
   * Opens the calling thread's namespace.
   *
   * @throws LinuxException EPROTONOSUPPORT where the kernel has no netfilter over netlink
   */
  public static Nftables open() {
    return new Nftables(NetlinkSocket.open(LinuxConstants.NETLINK_NETFILTER));
  }

  /**
   * Opens the calling thread's namespace, with buffers that its owner shares among many.
   *
   * @throws LinuxException EPROTONOSUPPORT where the kernel has no netfilter over netlink
   */
  public static Nftables open(NetlinkSocket.Buffers buffers) {
    return new Nftables(NetlinkSocket.open(LinuxConstants.NETLINK_NETFILTER, buffers));
  }

  /** Opens a namespace by name, or by path where the text has a slash. */
  public static Nftables openIn(String nameOrPath) {
    return NetworkNamespaces.callIn(nameOrPath, Nftables::open);
  }

  /**
   * Makes the table be so, whatever stands under its name. The connections that the kernel tracks
   * go on, with the addresses that they have.
   *
   * @throws LinuxException EOPNOTSUPP without nftables, ENOENT without one of the expressions;
   *     nothing was changed then
   */
  public void replace(Table table) {
    socket.transact("nftables table " + table.name(), TableCodec.replacement(table));
  }

  /** False when there was no such table of IPv4 and IPv6. */
  public boolean delete(String name) {
    return delete(Table.Family.INET, name);
  }

  /** False when there was no such table. */
  public boolean delete(Table.Family family, String name) {
    try {
      socket.transact("nftables table " + name, TableCodec.removal(family, name));
      return true;
    } catch (LinuxException e) {
      if (isAbsent(e)) {
        return false;
      }
      throw e;
    }
  }

  /** The table of IPv4 and IPv6 as it stands, as {@link #table(Table.Family, String)}. */
  public Optional<Table> table(String name) {
    return table(Table.Family.INET, name);
  }

  /** The table as it stands; what Weft does not write is in it as something unequal to ours. */
  public Optional<Table> table(Table.Family family, String name) {
    var what = "nftables table " + name;
    try {
      socket.get(
          what,
          NftUapi.type(NftUapi.NFT_MSG_GETTABLE),
          out -> TableCodec.writeName(out, family, name),
          TableCodec::tableOf);
    } catch (LinuxException e) {
      if (isAbsent(e)) {
        return Optional.empty();
      }
      throw e;
    }
    var chains =
        socket.dump(
            what,
            NftUapi.type(NftUapi.NFT_MSG_GETCHAIN),
            out -> TableCodec.writeChains(out, family),
            message -> TableCodec.readChain(message, name));
    var rules =
        socket.dump(
            what,
            NftUapi.type(NftUapi.NFT_MSG_GETRULE),
            out -> TableCodec.writeName(out, family, name),
            message -> TableCodec.readRule(message, name));
    var sets =
        socket.dump(
            what,
            NftUapi.type(NftUapi.NFT_MSG_GETSET),
            out -> TableCodec.writeName(out, family, name),
            message -> SetCodec.read(message, name));
    return Optional.of(table(family, name, chains, rules, sets));
  }

  /**
   * Puts elements into sets of a table and takes others out, in one transaction for each so many.
   * One that is there already with the same content stays as it is.
   *
   * @throws LinuxException ENOENT when an element that is to go is not there, EEXIST or EBUSY when
   *     another one stands for a key; nothing of its transaction was done then
   */
  public void change(Table.Family family, String table, List<ElementChange> changes) {
    var what = "elements of nftables table " + table;
    for (int from = 0; from < changes.size(); from += ELEMENTS) {
      int end = Math.min(changes.size(), from + ELEMENTS);
      socket.transact(what, SetCodec.changes(family, table, changes.subList(from, end)));
    }
  }

  /** What is in a set now; counters with what they counted. */
  public List<ElementSet.Element> elements(Table.Family family, String table, ElementSet set) {
    return socket
        .dump(
            "set " + set.name() + " of nftables table " + table,
            NftUapi.type(NftUapi.NFT_MSG_GETSETELEM),
            out -> SetCodec.writeName(out, family, table, set.name()),
            message -> Optional.of(SetCodec.readElements(message, set)))
        .stream()
        .flatMap(List::stream)
        .toList();
  }

  /** Grows by one with each transaction of the namespace, whoever's it is. */
  public int generation() {
    return socket.get(
        "nftables generation",
        NftUapi.type(NftUapi.NFT_MSG_GETGEN),
        out -> out.u8(NftUapi.NFPROTO_UNSPEC).u8(0).u8(0).u8(0),
        message -> message.attributes(NftUapi.NFGENMSG).u32Big(NftUapi.NFTA_GEN_ID).orElse(0));
  }

  /**
   * True when a table was refused because this kernel lacks what it needs, and will tomorrow: what
   * else is refused, such as for want of memory, may pass when it is tried again.
   */
  public static boolean isLacking(LinuxException refusal) {
    return refusal.errno().equals(Errno.EPROTONOSUPPORT) || isAbsent(refusal);
  }

  /** A kernel without nftables has no table either. */
  private static boolean isAbsent(LinuxException e) {
    return e.errno().equals(Errno.ENOENT)
        || e.errno().equals(Errno.EOPNOTSUPP)
        || e.errno().equals(Errno.EINVAL);
  }

  private static Table table(
      Table.Family family,
      String name,
      List<TableCodec.ReadChain> chains,
      List<TableCodec.ReadRule> rules,
      List<ElementSet> sets) {
    var read = new ArrayList<Chain>();
    for (var chain : chains) {
      var inside =
          rules.stream()
              .filter(rule -> rule.chain().equals(chain.name()))
              .map(TableCodec.ReadRule::rule)
              .toList();
      read.add(chain.chain().map(base -> withRules(base, inside)).orElse(foreign(chain.name())));
    }
    return new Table(family, name, read, sets);
  }

  private static Chain withRules(Chain chain, List<Rule> rules) {
    return new Chain(
        chain.name(), chain.translates(), chain.hook(), chain.priority(), rules, chain.device());
  }

  /** No chain of ours has a name in brackets. */
  private static Chain foreign(String name) {
    return new Chain("(" + name + ")", false, Chain.Hook.INPUT, 0, List.of());
  }

  @Override
  public void close() {
    socket.close();
  }
}
