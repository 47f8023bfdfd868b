package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Chain;
import io.weft.linux.nftables.Chain.Hook;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Expression.Base;
import io.weft.linux.nftables.Expression.MetaKey;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.NftablesMonitor;
import io.weft.linux.nftables.Rule;
import io.weft.linux.nftables.Table;
import io.weft.net.Octets;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Keeps what bridges ask about multicast groups on their node: each is the querier of its own ports
 * (RFC 9251 §4.1). Bridges that hear each other would choose one of them, and the hosts of the
 * others be forgotten when it goes. What a querier behind a port asks is its own affair. A kernel
 * that cannot filter is told so once; its bridges choose.
 */
final class QueryFilter implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(QueryFilter.class);

  /** Name of the table in a tenant's namespace. */
  static final String TABLE = "weft-queries";

  private static final int IGMP = 2;
  private static final int ICMPV6 = 58;

  /** Membership query of IGMP (RFC 3376 §4.1). */
  private static final int IGMP_QUERY = 0x11;

  /** Query, report and done of MLDv1, report of MLDv2 (RFC 3810 §5). */
  private static final int[] MLD = {130, 131, 132, 143};

  private static final Expression DROP = new Expression.Verdict(false);

  private static final Table WANTED = table();

  private final String namespace;
  private final Descriptor inside;
  private final Consumer<Descriptor> watched;
  private Optional<Opened> opened = Optional.empty();
  private boolean whole;
  private boolean impossible;

  private record Opened(Nftables nftables, NftablesMonitor monitor) {}

  /**
   * @param watched is told of what has something to read when {@link #drain} has something to say
   */
  QueryFilter(String namespace, Descriptor inside, Consumer<Descriptor> watched) {
    this.namespace = namespace;
    this.inside = inside;
    this.watched = watched;
  }

  /** Looks anew. */
  void read() {
    whole = false;
    if (impossible) {
      return;
    }
    try {
      var standing = open().nftables().table(WANTED.family(), TABLE);
      whole = standing.filter(WANTED::equals).isPresent();
    } catch (LinuxException e) {
      close();
      if (!e.errno().equals(Errno.EPROTONOSUPPORT)) {
        throw e;
      } // else a kernel without netfilter, which is said where the table is wanted
    }
  }

  /** True when it stands, or cannot be had, as of the last look or change. */
  boolean isKept() {
    return whole || impossible;
  }

  /**
   * Makes it stand, where the kernel can.
   *
   * @throws LinuxException what may pass
   */
  void put() {
    if (isKept()) {
      return;
    }
    try {
      open().nftables().replace(WANTED);
      whole = true;
    } catch (LinuxException e) {
      close();
      if (!Nftables.isLacking(e)) {
        throw e;
      }
      impossible = true;
      LOG.warn(
          "{}: bridges of several nodes choose one querier of multicast, because this kernel has no"
              + " nftables for bridges (CONFIG_NF_TABLES_BRIDGE): {}",
          namespace,
          e.getMessage());
    }
  }

  /** True when somebody changed it since the last call, ourselves among them. */
  boolean drain() {
    return opened.isPresent() && opened.get().monitor().drain();
  }

  private Opened open() {
    if (opened.isEmpty()) {
      opened = Optional.of(NetworkNamespaces.callIn(inside, this::openHere));
    }
    return opened.get();
  }

  private Opened openHere() {
    var monitor = NftablesMonitor.open(TABLE);
    try {
      watched.accept(monitor.descriptor());
      return new Opened(Nftables.open(), monitor);
    } catch (RuntimeException e) {
      monitor.close();
      throw e;
    }
  }

  @Override
  public void close() {
    opened.ifPresent(
        both -> {
          both.nftables().close();
          both.monitor().close();
        });
    opened = Optional.empty();
  }

  private static Table table() {
    var in = new ArrayList<Rule>();
    var out = new ArrayList<Rule>();
    for (var name : DeviceNames.TUNNELS) {
      var from = link(MetaKey.INPUT_NAME, name);
      in.add(from.then(igmpQuery()).then(DROP).because("asked by another node's bridge"));
      in.add(from.then(icmpv6(MLD[0])).then(DROP));
      var to = link(MetaKey.OUTPUT_NAME, name);
      out.add(to.then(protocol(IGMP)).then(DROP).because("said by this bridge itself"));
      for (int type : MLD) {
        out.add(to.then(icmpv6(type)).then(DROP));
      }
    }
    return new Table(
        Table.Family.BRIDGE,
        TABLE,
        List.of(
            new Chain("prerouting", false, Hook.PREROUTING, Chain.FILTER, in),
            new Chain("output", false, Hook.OUTPUT, Chain.FILTER, out)));
  }

  private static Rule igmpQuery() {
    return protocol(IGMP).then(new Expression.Payload(Base.TRANSPORT, 0, 1), equal(IGMP_QUERY));
  }

  private static Rule link(MetaKey key, String begin) {
    var name = Octets.of(begin.getBytes(StandardCharsets.US_ASCII));
    return Rule.of(new Expression.Meta(key), new Expression.Compare(false, name));
  }

  private static Rule protocol(int number) {
    return Rule.of(new Expression.Meta(MetaKey.PROTOCOL), equal(number));
  }

  private static Rule icmpv6(int type) {
    return protocol(ICMPV6).then(new Expression.Payload(Base.TRANSPORT, 0, 1), equal(type));
  }

  private static Expression equal(int octet) {
    return new Expression.Compare(false, Octets.of(new byte[] {(byte) octet}));
  }
}
