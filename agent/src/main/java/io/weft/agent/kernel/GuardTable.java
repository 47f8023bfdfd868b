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
import io.weft.linux.nftables.Table;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
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
  private Optional<String> problem = Optional.empty();
  private boolean stands;

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
      stands = false; // what stands is not what we think: it is read anew
      try {
        attempt(elements);
        return true;
      } catch (LinuxException again) {
        fail(again);
        return false;
      }
    }
  }

  private void attempt(Map<String, Set<ElementChange>> elements) {
    if (!stands && elements.values().stream().anyMatch(each -> !each.isEmpty())) {
      adopt();
    }
    var changes = new ArrayList<ElementChange>();
    elements.forEach((whose, each) -> changes.addAll(difference(whose, each)));
    if (!changes.isEmpty()) {
      change(changes);
      elements.forEach(this::stand);
    }
    problem = Optional.empty();
    unable = false;
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

  /** Makes the table where it does not stand as it shall, and reads what is in it. */
  private void adopt() {
    if (!isWhole()) {
      make();
    }
    stands = true;
    readSets();
    generation = nftables().generation();
  }

  private void make() {
    nftables().replace(wanted);
    made++;
  }

  private boolean isWhole() {
    return nftables().table(wanted.family(), wanted.name()).equals(Optional.of(wanted));
  }

  private void readSets() {
    standing.clear();
    for (var set : wanted.sets()) {
      if (set.use() != Use.COUNTERS) {
        for (var element : elements(set)) {
          standing
              .computeIfAbsent(owner.apply(element), _ -> new LinkedHashSet<>())
              .add(new ElementChange(set.name(), true, element));
        }
      }
    }
  }

  private List<Element> elements(ElementSet set) {
    return nftables().elements(wanted.family(), wanted.name(), set);
  }

  private void fail(LinuxException e) {
    stands = false;
    unable = e.errno().equals(Errno.EOPNOTSUPP) || e.errno().equals(Errno.ENOENT);
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
   * @return whose elements are to be written again; none when all is as it was
   */
  Collection<String> check() {
    try {
      if (stands && nftables().generation() != generation) {
        return compare();
      }
    } catch (LinuxException e) {
      fail(e);
    }
    return stands || unable ? List.of() : owners();
  }

  private Collection<String> compare() {
    int now = nftables().generation();
    boolean whole = isWhole();
    if (!whole) {
      make();
      now = nftables().generation();
    }
    var expected = new TreeMap<>(standing);
    readSets();
    generation = now;
    if (whole && expected.equals(standing)) {
      return List.of();
    }
    repairs++;
    LOG.warn("{}somebody changed nftables table {}; mended", place(), wanted.name());
    var all = new TreeSet<>(expected.keySet());
    all.addAll(standing.keySet());
    return all;
  }

  /** What a set of counters has counted; nothing while the table does not stand. */
  List<Element> counted(ElementSet set) {
    try {
      return stands ? elements(set) : List.of();
    } catch (LinuxException e) {
      stands = false; // somebody took the table away
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
        stands = false; // somebody was there: it is read anew
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
  }

  private Nftables nftables() {
    if (nftables.isEmpty()) {
      nftables = Optional.of(NetworkNamespaces.callIn(inside, () -> Nftables.open(buffers)));
    }
    return nftables.get();
  }

  @Override
  public void close() {
    nftables.ifPresent(Nftables::close);
    nftables = Optional.empty();
    stands = false;
  }
}
