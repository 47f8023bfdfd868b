package io.weft.agent.kernel;

import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.Link;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Supplier;

/**
 * Names of the links in the namespace of the underlay, to tell when one comes: made, moved there,
 * or renamed. A link that only changes does not come; so to try something with it and to put it
 * back is no reason to try again.
 */
final class LinkNames {
  private final TreeMap<Integer, String> byIndex = new TreeMap<>();
  private TreeSet<String> appeared = new TreeSet<>();

  /**
   * Takes a notice.
   *
   * @param all gives all links, for when notices were lost
   */
  void see(KernelNotice notice, Supplier<List<Link>> all) {
    switch (notice) {
      case KernelNotice.LinkChanged(var link) -> put(link);
      case KernelNotice.LinkGone(int index, _) -> byIndex.remove(index);
      case KernelNotice.Overrun() -> replace(all.get());
      case KernelNotice.BridgePortChanged _,
          KernelNotice.AddressChanged _,
          KernelNotice.FdbChanged _,
          KernelNotice.MdbChanged _,
          KernelNotice.RuleChanged _,
          KernelNotice.SettingChanged _,
          KernelNotice.NeighbourChanged _,
          KernelNotice.RouteChanged _ -> {}
    }
  }

  private void replace(List<Link> links) {
    var gone = new TreeSet<>(byIndex.keySet());
    for (var link : links) {
      gone.remove(link.index());
      put(link);
    }
    gone.forEach(byIndex::remove);
  }

  private void put(Link link) {
    if (!link.name().equals(byIndex.put(link.index(), link.name()))) {
      appeared.add(link.name());
    }
  }

  /** Those that came since the last call; a link that was there before may be among them once. */
  SortedSet<String> takeAppeared() {
    var taken = appeared;
    appeared = new TreeSet<>();
    return taken;
  }
}
