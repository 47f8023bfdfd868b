package io.weft.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.TestNamespaces;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the real kernel: what another socket does is heard. */
class NetlinkMonitorTest {
  private static final MacAddress MAC = MacAddress.parse("02:aa:00:00:00:01");
  private static final IpAddress VTEP = IpAddress.parse("10.0.0.2");

  private TestNamespaces namespaces;
  private String namespace;
  private Rtnetlink links;
  private Link bridge;
  private Link vxlan;

  @BeforeEach
  void open() {
    namespaces = new TestNamespaces();
    namespace = namespaces.create();
    links = namespaces.links(namespace);
    bridge = links.createBridge("br100", LinkSettings.UP);
    vxlan =
        links.createVxlan(
            "vx100",
            Vxlan.of(new Vni(100), IpAddress.parse("10.0.0.1")),
            LinkSettings.UP.withMaster(bridge.index()));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /** Drains until the notice has come, or a minute has passed. */
  private static KernelNotice awaitNotice(NetlinkMonitor monitor, Predicate<KernelNotice> wanted) {
    long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    var heard = new ArrayList<KernelNotice>();
    while (System.nanoTime() < deadline) {
      var notices = monitor.drain();
      heard.addAll(notices);
      for (var notice : notices) {
        if (wanted.test(notice)) {
          return notice;
        }
      }
      monitor.await(Duration.ofMillis(100));
    }
    throw new AssertionError("not heard among " + heard);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "ipv4/conf/br100/forwarding=1",
        "ipv4/conf/br100/rp_filter=2",
        "ipv6/conf/br100/forwarding=1",
        "ipv6/conf/br100/force_forwarding=1"
      })
  void hearsASettingOfALink(String deed) throws Exception {
    assumeTrue(Files.exists(Path.of("/proc/sys/net", file(deed).replace("br100", "lo"))));
    try (var monitor = NetlinkMonitor.openWithRoutesIn(namespace)) {
      set(deed);
      awaitNotice(monitor, new KernelNotice.SettingChanged(bridge.index())::equals);
    }
  }

  @Test
  void hearsASettingOfAllLinks() throws Exception {
    try (var monitor = NetlinkMonitor.openWithRoutesIn(namespace)) {
      set("ipv6/conf/all/forwarding=1");
      awaitNotice(monitor, new KernelNotice.SettingChanged(-1)::equals);
    }
  }

  private static String file(String deed) {
    return deed.substring(0, deed.indexOf('='));
  }

  private void set(String deed) throws IOException {
    var file = Path.of("/proc/sys/net", file(deed));
    var value = deed.substring(deed.indexOf('=') + 1);
    NetworkNamespaces.<Path, IOException>callIn(namespace, () -> Files.writeString(file, value));
  }

  @Test
  void hearsAForeignDelete() {
    var entry = FdbEntry.remote(vxlan.index(), MAC, VTEP);
    links.execute(new Request.PutFdb(entry));
    try (var monitor = NetlinkMonitor.openIn(namespace)) {
      assertThat(monitor.drain()).isEmpty();
      try (var foreign = Rtnetlink.openIn(namespace)) {
        foreign.execute(new Request.DeleteFdb(entry.in(FdbTable.MASTER)));
      }
      awaitNotice(
          monitor,
          notice -> notice.equals(new KernelNotice.FdbChanged(entry.in(FdbTable.MASTER), true)));
    }
  }

  @Test
  void hearsEveryKindOfChange() {
    try (var monitor = NetlinkMonitor.openWithRoutesIn(namespace)) {
      var made = links.createBridge("br200", LinkSettings.UP.withAlias("x"));
      awaitNotice(
          monitor,
          notice ->
              notice instanceof KernelNotice.LinkChanged(Link link)
                  && link.name().equals("br200")
                  && link.alias().isPresent());
      links.setBridgePort(vxlan.index(), BridgePort.TUNNEL);
      awaitNotice(
          monitor,
          notice ->
              notice.equals(new KernelNotice.BridgePortChanged(vxlan.index(), BridgePort.TUNNEL)));
      var address = Address.of(bridge.index(), IpAddress.parse("192.168.1.1"), 24);
      links.execute(new Request.AddAddress(address));
      awaitNotice(
          monitor, notice -> notice.equals(new KernelNotice.AddressChanged(address, false)));
      var neighbour =
          Neighbour.remote(bridge.index(), IpAddress.parse("192.168.1.5"), MAC, Route.BGP);
      links.execute(new Request.PutNeighbour(neighbour));
      awaitNotice(
          monitor, notice -> notice.equals(new KernelNotice.NeighbourChanged(neighbour, false)));
      var route = Route.of(IpPrefix.parse("10.5.0.0/16"), NextHop.on(bridge.index()));
      links.execute(new Request.AddRoute(route));
      awaitNotice(monitor, notice -> notice.equals(new KernelNotice.RouteChanged(route, false)));
      links.deleteLink(made.index());
      awaitNotice(
          monitor, notice -> notice.equals(new KernelNotice.LinkGone(made.index(), "br200")));
    }
  }

  @Test
  void leavingABridgeIsNoEndOfALink() {
    try (var monitor = NetlinkMonitor.openIn(namespace)) {
      links.setLink(vxlan.index(), LinkSettings.NONE.withMaster(0));
      var heard = new ArrayList<KernelNotice>();
      awaitNotice(
          monitor,
          notice -> {
            heard.add(notice);
            return notice instanceof KernelNotice.LinkChanged(Link link)
                && link.index() == vxlan.index()
                && link.master().isEmpty();
          });
      heard.addAll(monitor.drain());
      assertThat(heard).noneMatch(notice -> notice instanceof KernelNotice.LinkGone);
    }
  }

  @Test
  void anOverrunIsToldAndTheMonitorGoesOn() {
    try (var monitor = NetlinkMonitor.openIn(namespace, false, 4096)) {
      var requests = new ArrayList<Request>();
      for (int i = 0; i < 2_000; i++) {
        requests.add(
            new Request.PutFdb(
                FdbEntry.remote(vxlan.index(), new MacAddress(0x02aa_0000_0000L + i), VTEP)));
      }
      assertThat(links.execute(requests)).allMatch(java.util.Optional::isEmpty);
      awaitNotice(monitor, notice -> notice instanceof KernelNotice.Overrun);
      while (!monitor.drain().isEmpty()) {
        // until everything that was kept is read
      }
      var flood = FdbEntry.flood(vxlan.index(), VTEP);
      links.execute(new Request.AppendFdb(flood));
      awaitNotice(monitor, notice -> notice.equals(new KernelNotice.FdbChanged(flood, false)));
    }
  }

  @Test
  void aBurstFitsIntoTheUsualQueue() {
    try (var monitor = NetlinkMonitor.openIn(namespace)) {
      var requests = new ArrayList<Request>();
      for (int i = 0; i < 5_000; i++) {
        requests.add(
            new Request.PutFdb(
                FdbEntry.remote(vxlan.index(), new MacAddress(0x02aa_0000_0000L + i), VTEP)
                    .in(FdbTable.SELF)));
      }
      links.execute(requests);
      List<KernelNotice> notices = monitor.drain();
      assertThat(notices).hasSizeGreaterThanOrEqualTo(5_000);
      assertThat(notices).noneMatch(notice -> notice instanceof KernelNotice.Overrun);
    }
  }

  @Test
  void followsOnAThreadAndEndsWithClose() throws Exception {
    var queue = new ArrayBlockingQueue<KernelNotice>(1_000);
    var flood = FdbEntry.flood(vxlan.index(), VTEP);
    try (var monitor = NetlinkMonitor.openIn(namespace)) {
      monitor.follow("monitor of " + namespace, queue::add);
      links.execute(new Request.AppendFdb(flood));
      var wanted = new KernelNotice.FdbChanged(flood, false);
      KernelNotice heard;
      do {
        heard = queue.poll(60, TimeUnit.SECONDS);
        assertThat(heard).isNotNull();
      } while (!heard.equals(wanted));
    }
    assertThat(Thread.getAllStackTraces().keySet())
        .noneMatch(thread -> thread.getName().equals("monitor of " + namespace));
  }
}
