package io.weft.lab.check;

import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.KernelNotice;
import io.weft.linux.netlink.NetlinkMonitor;
import io.weft.net.MacAddress;
import java.io.IOException;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;

/**
 * When a MAC appears in, or vanishes from, the forwarding tables of several namespaces: in the
 * VXLAN device's and in the bridge's. Times are of the receipt of the kernel's notice.
 */
final class RemoteRows implements AutoCloseable {
  private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(5);

  private final Map<String, NetlinkMonitor> monitors = new TreeMap<>();
  private final Map<String, Long> seen = new TreeMap<>();
  private Optional<MacAddress> awaited = Optional.empty();
  private boolean gone;
  private boolean overrun;

  RemoteRows(Collection<String> namespaces) {
    for (var namespace : namespaces) {
      var monitor = NetlinkMonitor.openIn(namespace);
      monitors.put(namespace, monitor);
      monitor.follow("monitor " + namespace, notice -> notice(namespace, notice));
    }
  }

  /** Begins to look for the MAC, or for its end. */
  synchronized void expect(MacAddress mac, boolean end) {
    awaited = Optional.of(mac);
    gone = end;
    seen.clear();
  }

  private synchronized void notice(String namespace, KernelNotice notice) {
    long now = System.nanoTime();
    if (notice instanceof KernelNotice.Overrun) {
      overrun = true;
    }
    if (notice instanceof KernelNotice.FdbChanged(var row, var end)
        && end == gone
        && awaited.filter(row.mac()::equals).isPresent()) {
      boolean device = row.table() == FdbTable.SELF;
      seen.putIfAbsent(namespace + (device ? " device" : " bridge"), now);
      notifyAll();
    }
  }

  /** When the last of the rows was seen, {@link System#nanoTime}. */
  synchronized long await() throws IOException, InterruptedException {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (seen.size() < 2 * monitors.size()) {
      long left = deadline - System.nanoTime();
      if (left <= 0 || overrun) {
        throw new IOException(
            awaited.orElseThrow()
                + (gone ? " has not vanished" : " has not appeared")
                + " everywhere within 5 s, only: "
                + seen.keySet());
      }
      TimeUnit.NANOSECONDS.timedWait(this, left);
    }
    return seen.values().stream().mapToLong(Long::longValue).max().orElseThrow();
  }

  @Override
  public void close() {
    monitors.values().forEach(NetlinkMonitor::close);
  }
}
