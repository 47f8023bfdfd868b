package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.NetlinkSocket;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Content;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.ElementSet.Use;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.NftablesMonitor;
import io.weft.linux.nftables.Table;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A table of nftables with constant rules whose sets are filled element by element: it is made when
 * the first comes, found again by a new agent, and mended when somebody else changed it. What the
 * kernel refuses is a {@link #problem}, not a failure of who asked. One thread owns it.
 */
final class GuardTable implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(GuardTable.class);

  private final String namespace;
  private final Descriptor inside;
  private final NetlinkSocket.Buffers buffers;
  private final Table wanted;
  private final Function<Element, String> owner;
  private final String purpose;

  /** What stands in the sets, by whose it is. */
  private final TreeMap<String, Set<ElementChange>> standing = new TreeMap<>();

  private Optional<Nftables> nftables = Optional.empty();

  /** Hears of changes, our own among them; open as long as the other socket. */
  private Optional<NftablesMonitor> monitor = Optional.empty();

  private Optional<String> problem = Optional.empty();
  private boolean stands;

  /** It does not stand, or not as we think, against our will: to be looked at again. */
  private boolean lost;

  /** The kernel cannot: tried again only when there is something to write. */
  private boolean unable;

  private int generation;
  private int made;
  private long repairs;

  /**
   * @param namespace by name, for people; empty: that of the underlay
   * @param inside the same, open
   * @param buffers shared by all tables of one thread
   * @param wanted the table
   * @param owner whose an element is
   * @param purpose what does not happen while the kernel refuses it, in words
   */
  GuardTable(
      String namespace,
      Descriptor inside,
      NetlinkSocket.Buffers buffers,
      Table wanted,
      Function<Element, String> owner,
      String purpose) {
    this.namespace = namespace;
    this.inside = inside;
    this.buffers = buffers;
    this.wanted = wanted;
    this.owner = owner;
    this.purpose = purpose;
  }

  /** What the kernel refuses, and what does not happen therefore. */
  Optional<String> problem() {
    return problem;
  }

  /** How often what somebody else had changed was mended. */
  long repairs() {
    return repairs;
  }

  /** The kernel cannot do it, and will not tomorrow. */
  boolean isUnable() {
    return unable;
  }

  Collection<String> owners() {
    return List.copyOf(standing.keySet());
  }

  /** How often the table was made: its counters began anew each time. */
  int made() {
    return made;
  }

  /**
   * From now on these have these elements.
   *
   * @return false when the kernel refuses it
   */
  boolean write(Map<String, Set<ElementChange>> elements) {
    try {
      attempt(elements);
      return true;
    } catch (LinuxException e) {
      stands = false; // what stands is not what we think: it is read anew, at once
      try {
        attempt(elements);
        return true;
      } catch (LinuxException again) {
        fail(again);
        return false;
      }
    }
  }

  /** Makes it stand, with nothing in it, where it does not: what is written next comes at once. */
  void prepare() {
    try {
      settle(true);
    } catch (LinuxException e) {
      fail(e);
    }
  }

  /** Finds what an earlier agent left, or a failure did; makes nothing. */
  void find() {
    try {
      settle(false);
    } catch (LinuxException e) {
      fail(e);
    }
  }

  private void attempt(Map<String, Set<ElementChange>> elements) {
    settle(elements.values().stream().anyMatch(each -> !each.isEmpty()));
    var changes = new ArrayList<ElementChange>();
    elements.forEach((whose, each) -> changes.addAll(difference(whose, each)));
    if (!changes.isEmpty()) {
      change(changes);
      elements.forEach(this::stand);
    }
    if (stands) {
      problem = Optional.empty();
      unable = false;
    }
  }

  private void settle(boolean needed) {
    if (stands) {
      return;
    }
    if (needed || isWhole()) {
      adopt();
    } else {
      standing.clear();
      close(); // until there is something to write
    }
    lost = false;
  }

  private void change(List<ElementChange> changes) {
    nftables().change(wanted.family(), wanted.name(), changes);
    generation++;
  }

  private void stand(String whose, Set<ElementChange> elements) {
    if (elements.isEmpty()) {
      standing.remove(whose);
    } else {
      standing.put(whose, elements);
    }
  }

  /** What goes first, the last put in before the others. */
  private List<ElementChange> difference(String whose, Set<ElementChange> elements) {
    var before = standing.getOrDefault(whose, Set.of());
    var changes = new ArrayList<ElementChange>();
    for (var element : before) {
      if (!elements.contains(element)) {
        changes.addFirst(new ElementChange(element.set(), false, element.element()));
      }
    }
    elements.stream().filter(element -> !before.contains(element)).forEach(changes::add);
    return changes;
  }

  /**
   * Makes the table where it does not stand as it shall, and reads what is in it.
   *
   * @return false when it was made
   */
  private boolean adopt() {
    int now = nftables().generation();
    boolean whole = isWhole();
    if (!whole) {
      make();
      now = nftables().generation();
    }
    var found = readSets();
    standing.clear();
    standing.putAll(found);
    generation = now;
    stands = true;
    return whole;
  }

  private void make() {
    try {
      nftables().replace(wanted);
    } catch (LinuxException e) {
      unable = Nftables.isLacking(e);
      throw e;
    }
    made++;
  }

  private boolean isWhole() {
    return nftables().table(wanted.family(), wanted.name()).equals(Optional.of(wanted));
  }

  private Map<String, Set<ElementChange>> readSets() {
    var found = new TreeMap<String, Set<ElementChange>>();
    for (var set : wanted.sets()) {
      if (set.use() != Use.COUNTERS) {
        for (var element : elements(set)) {
          found
              .computeIfAbsent(owner.apply(element), _ -> new LinkedHashSet<>())
              .add(new ElementChange(set.name(), true, element));
        }
      }
    }
    return found;
  }

  private List<Element> elements(ElementSet set) {
    return nftables().elements(wanted.family(), wanted.name(), set);
  }

  private void lose() {
    stands = false;
    lost = true;
  }

  private void fail(LinuxException e) {
    lose();
    unable |= e.errno().equals(Errno.EPROTONOSUPPORT);
    var text = purpose + ": " + e.getMessage();
    if (!Optional.of(text).equals(problem)) {
      LOG.warn("{}{}", place(), text);
    }
    problem = Optional.of(text);
  }

  private String place() {
    return namespace.isEmpty() ? "" : "network namespace " + namespace + ": ";
  }

  /**
   * Looks whether somebody else changed it since the last look.
   *
   * @return true when all elements are to be written again, what stands of {@link #owners} that
   *     have none any more among them
   */
  boolean check() {
    try {
      if (stands && isTold() && nftables().generation() != generation) {
        return isChanged();
      }
    } catch (LinuxException e) {
      fail(e);
    }
    if (!lost || unable) {
      return false;
    }
    find();
    return true;
  }

  private boolean isTold() {
    return monitor.isEmpty() || monitor.get().drain();
  }

  private boolean isChanged() {
    var expected = new TreeMap<>(standing);
    if (adopt() && expected.equals(standing)) {
      return false;
    }
    repairs++;
    LOG.warn("{}somebody changed nftables table {}; mended", place(), wanted.name());
    return true;
  }

  /** What a set of counters has counted; nothing while the table does not stand. */
  List<Element> counted(ElementSet set) {
    try {
      return stands ? elements(set) : List.of();
    } catch (LinuxException e) {
      lose(); // somebody took the table away
      return List.of();
    }
  }

  /** Counters begin anew when they count again. */
  void forget(ElementSet set, Collection<Element> counters) {
    var gone = new ArrayList<ElementChange>();
    for (var element : counters) {
      var bare = new Element(element.key(), new Content.Nothing());
      gone.add(new ElementChange(set.name(), false, bare));
    }
    if (!gone.isEmpty()) {
      try {
        change(gone);
      } catch (LinuxException e) {
        lose(); // somebody was there: it is read anew
      }
    }
  }

  /** The table goes, whether it stood or not. */
  void remove() {
    try {
      nftables().delete(wanted.family(), wanted.name());
    } catch (LinuxException e) {
      fail(e);
    }
    standing.clear();
    stands = false;
    lost = false;
  }

  private Nftables nftables() {
    if (nftables.isEmpty()) {
      nftables = Optional.of(NetworkNamespaces.callIn(inside, this::openHere));
    }
    return nftables.get();
  }

  private Nftables openHere() {
    var hearing = NftablesMonitor.open(wanted.name());
    try {
      var opened = Nftables.open(buffers);
      monitor = Optional.of(hearing);
      return opened;
    } catch (RuntimeException e) {
      hearing.close();
      throw e;
    }
  }

  @Override
  public void close() {
    monitor.ifPresent(NftablesMonitor::close);
    monitor = Optional.empty();
    nftables.ifPresent(Nftables::close);
    nftables = Optional.empty();
    stands = false;
  }
}
