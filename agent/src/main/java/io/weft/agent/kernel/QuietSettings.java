package io.weft.agent.kernel;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.ffi.NumberFiles;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/**
 * What of the settings of links changes without a notice. The files stay open, because to enter
 * their namespace takes longer than to read them again; they show it to whoever reads them, and do
 * not keep it. For a platform thread.
 */
final class QuietSettings implements AutoCloseable {
  /**
   * Reading the first waits for whoever changes links, as the kernel has it. It tells what a link
   * does once it comes up, as after somebody wrote to its {@code stable_secret}.
   */
  private static final List<String> SETTINGS =
      List.of(
          "/proc/sys/net/ipv6/conf/%s/addr_gen_mode",
          "/proc/sys/net/ipv6/conf/%s/accept_ra",
          "/proc/sys/net/ipv4/conf/%s/arp_ignore",
          "/proc/sys/net/ipv4/conf/%s/accept_local");

  /**
   * A link whose settings count.
   *
   * @param addresses it has some, so all count; of others only whether they form any
   * @param group its group counts, too, of which the kernel tells nobody where sysfs sets it
   */
  record Followed(String name, boolean addresses, boolean group) {
    private List<String> files() {
      return SETTINGS.subList(0, count()).stream().map(file -> file.formatted(name)).toList();
    }

    private int count() {
      return addresses ? SETTINGS.size() : 1;
    }
  }

  private record Opened(Followed link, NumberFiles files) {}

  private final Rtnetlink rtnetlink;
  private final DescriptorBudget budget;
  private final TreeMap<Integer, Opened> links = new TreeMap<>();

  /** Values when all was well; empty since something may have changed. */
  private Optional<int[]> settled = Optional.empty();

  /** Of the namespace of the socket, which stays the caller's. */
  QuietSettings(Rtnetlink rtnetlink, DescriptorBudget budget) {
    this.rtnetlink = rtnetlink;
    this.budget = budget;
  }

  /** Something may be other than it was when all was well. */
  void doubt() {
    settled = Optional.empty();
  }

  /** True while nothing has changed since {@link #settle}. */
  boolean areSettled() {
    return settled.isPresent() && Arrays.equals(settled.get(), read());
  }

  /**
   * The links are about to be read.
   *
   * @param all those whose settings count, by index, as far as they are known
   * @return the values now, for {@link #settle}
   */
  int[] begin(Map<Integer, Followed> all) {
    settled = Optional.empty();
    links.entrySet().removeIf(known -> !isStill(known.getValue(), all.get(known.getKey())));
    if (!links.keySet().equals(all.keySet())) {
      try {
        NetworkNamespaces.callHereIn(rtnetlink.namespace(), () -> open(all));
      } catch (LinuxException _) {
        // Too many files are open already: nothing is settled until there is room again.
      }
    }
    return read();
  }

  /**
   * The links were read, and all is well. It is not known to be so where other links are found than
   * were thought, a value has changed meanwhile, or there are too many files to keep open: then
   * nothing is settled.
   */
  void settle(Map<Integer, Followed> all, int[] before) {
    boolean same =
        links.size() == all.size()
            && links.entrySet().stream()
                .allMatch(each -> each.getValue().link().equals(all.get(each.getKey())));
    settled =
        same ? Optional.of(read()).filter(now -> Arrays.equals(now, before)) : Optional.empty();
  }

  private int[] read() {
    int numbers = links.values().stream().mapToInt(link -> link.files().count() + 1).sum();
    var values = new int[numbers];
    int at = 0;
    for (var each : links.entrySet()) {
      var link = each.getValue();
      var read = link.files().read();
      System.arraycopy(read, 0, values, at, read.length);
      at += read.length;
      values[at++] = link.link().group() ? rtnetlink.linkChecksum(each.getKey()).orElse(0) : 0;
    }
    return values;
  }

  /** False, and closed, where the link is another now, or a file was missing or has gone. */
  private boolean isStill(Opened known, @Nullable Followed now) {
    boolean still =
        known.link().equals(now) && Arrays.stream(known.files().read()).allMatch(v -> v >= 0);
    if (!still) {
      close(known);
    }
    return still;
  }

  private boolean open(Map<Integer, Followed> all) {
    for (var each : all.entrySet()) {
      if (links.containsKey(each.getKey())) {
        continue;
      }
      int files = each.getValue().count();
      if (!budget.take(files)) {
        return false;
      }
      try {
        links.put(each.getKey(), open(each.getValue()));
      } catch (LinuxException e) {
        budget.give(files);
        throw e;
      }
    }
    return true;
  }

  private static Opened open(Followed link) {
    var files = new NumberFiles();
    files.open(link.files());
    return new Opened(link, files);
  }

  private void close(Opened link) {
    link.files().close();
    budget.give(link.link().count());
  }

  @Override
  public void close() {
    links.values().forEach(this::close);
    links.clear();
    settled = Optional.empty();
  }
}
