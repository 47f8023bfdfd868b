package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.NftablesMonitor;
import io.weft.linux.nftables.Table;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.BiFunction;
import java.util.function.Consumer;
import java.util.function.Function;

/**
 * The one table of nftables that is ours in a namespace, watched while it stands. One thread owns
 * it.
 */
final class PacketFilter implements AutoCloseable {
  private final String namespace;
  private final Descriptor inside;
  private final Consumer<Descriptor> watched;
  private final String table;
  private final Function<EgressFilter, Table> wanted;
  private final BiFunction<Table, Set<Element>, EgressFilter> reader;
  private Optional<Opened> opened = Optional.empty();

  /** What is in sets that no object tells of; nothing is said of the others. */
  private Map<ElementSet, Filling> filled = Map.of();

  /** Nothing else is in the sets, unless somebody has been there. */
  private boolean settled;

  /** The generation of the rules that our last change of the sets made. */
  private int own;

  /** Somebody else's change was heard of. */
  private boolean touched;

  /**
   * What is to be in a set.
   *
   * @param whole false: what else is in it stays
   */
  record Filling(Set<Element> elements, boolean whole) {
    Filling {
      elements = Set.copyOf(elements);
    }
  }

  private record Opened(Nftables nftables, NftablesMonitor monitor) {}

  /**
   * @param namespace by name; empty: that of the underlay
   * @param inside the same, open
   * @param watched is told of what has something to read when {@link #drain} has something to say
   * @param table its name
   * @param wanted what it shall be now
   * @param reader what one that stands was made of, as far as it and what is in its set tell
   */
  PacketFilter(
      String namespace,
      Descriptor inside,
      Consumer<Descriptor> watched,
      String table,
      Function<EgressFilter, Table> wanted,
      BiFunction<Table, Set<Element>, EgressFilter> reader) {
    this.namespace = namespace;
    this.inside = inside;
    this.watched = watched;
    this.table = table;
    this.wanted = wanted;
    this.reader = reader;
  }

  /** What stands; nothing is kept open where nothing does. */
  Optional<EgressFilter> read() {
    try {
      var standing = open().nftables().table(table);
      if (standing.isEmpty()) {
        close();
      }
      return standing.map(this::filter);
    } catch (LinuxException e) {
      close();
      if (e.errno().equals(Errno.EPROTONOSUPPORT)) {
        return Optional.empty(); // a kernel without netfilter
      }
      throw e;
    }
  }

  private EgressFilter filter(Table found) {
    var elements = elements(found);
    var whole = reader.apply(found, elements);
    return found.equals(wanted.apply(whole)) && elements.equals(SharedPorts.elements(whole))
        ? whole
        : new EgressFilter(namespace, false, whole.node(), whole.shared());
  }

  /** What is in the set of the one that stands. */
  private Set<Element> elements(Table found) {
    return elements(found, SharedPorts.SET);
  }

  private Set<Element> elements(Table found, ElementSet set) {
    return found.sets().contains(set)
        ? new LinkedHashSet<>(open().nftables().elements(Table.Family.INET, table, set))
        : Set.of();
  }

  /**
   * From now on these are in the sets, whatever the filter says.
   *
   * @throws LinuxException where the kernel refuses it; {@link #refill} tries again
   */
  void fill(Map<ElementSet, Filling> sets) {
    if (!filled.equals(sets)) {
      var before = filled;
      filled = Map.copyOf(sets);
      if (settled && opened.isPresent() && before.keySet().equals(sets.keySet())) {
        var changes = new ArrayList<ElementChange>();
        sets.forEach(
            (set, wanted) ->
                Optional.ofNullable(before.get(set))
                    .map(former -> difference(set, former.elements(), wanted.elements()))
                    .ifPresent(changes::addAll));
        change(changes);
      } else {
        refill();
      }
    }
  }

  /** Thousands of elements are not read again for one that is new. */
  private void change(List<ElementChange> changes) {
    settled = false;
    if (!changes.isEmpty()) {
      int before = open().nftables().generation();
      touched |= open().monitor().drain();
      open().nftables().change(Table.Family.INET, table, changes);
      own = before + 1;
    }
    settled = filled.values().stream().allMatch(Filling::whole);
  }

  /** Mends what is in the sets where the table stands as it shall. */
  void refill() {
    if (opened.isPresent()) {
      settled = false;
      var found = open().nftables().table(table);
      if (found.isPresent() && found.get().sets().containsAll(filled.keySet())) {
        var changes = new ArrayList<ElementChange>();
        filled.forEach(
            (set, wanted) ->
                difference(set, elements(found.get(), set), wanted.elements()).stream()
                    .filter(change -> change.add() || wanted.whole())
                    .forEach(changes::add));
        change(changes);
      }
    }
  }

  private static List<ElementChange> difference(
      ElementSet set, Set<Element> standing, Set<Element> wanted) {
    var changes = new ArrayList<ElementChange>();
    for (var element : standing) {
      if (!wanted.contains(element)) {
        changes.add(new ElementChange(set.name(), false, element));
      }
    }
    for (var element : wanted) {
      if (!standing.contains(element)) {
        changes.add(new ElementChange(set.name(), true, element));
      }
    }
    return changes;
  }

  /** What a set of counters has counted since the table was made; nothing while none stands. */
  Collection<Element> counted(ElementSet counters) {
    try {
      return opened.isPresent()
          ? open().nftables().elements(Table.Family.INET, table, counters)
          : List.of();
    } catch (LinuxException e) {
      return List.of(); // somebody took the table away, and is heard of
    }
  }

  /** Where only what is in the sets differs, only that is written. */
  void put(EgressFilter filter) {
    var whole = wanted.apply(filter);
    try {
      var nftables = open().nftables();
      if (!nftables.table(table).equals(Optional.of(whole))) {
        nftables.replace(whole);
      }
      nftables.change(
          Table.Family.INET,
          table,
          difference(SharedPorts.SET, elements(whole), SharedPorts.elements(filter)));
      refill();
    } catch (LinuxException e) {
      throw new IllegalArgumentException(
          "egress needs nftables with connection tracking, NAT and fib in the kernel"
              + " (CONFIG_NF_TABLES_INET, CONFIG_NFT_CT, CONFIG_NFT_MASQ, CONFIG_NFT_FIB_INET): "
              + e.getMessage(),
          e);
    }
  }

  void remove() {
    open().nftables().delete(table);
    close();
  }

  /** True when somebody changed it since the last call; or we did, all but what is in the sets. */
  boolean drain() {
    if (opened.isEmpty()) {
      return false;
    }
    boolean heard = opened.get().monitor().drain() && opened.get().nftables().generation() != own;
    heard |= touched;
    touched = false;
    return heard;
  }

  private Opened open() {
    if (opened.isEmpty()) {
      opened = Optional.of(NetworkNamespaces.callIn(inside, this::openHere));
    }
    return opened.get();
  }

  private Opened openHere() {
    var monitor = NftablesMonitor.open(table);
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
    settled = false;
    touched = false;
  }
}
