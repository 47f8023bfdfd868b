package io.weft.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.TestNamespaces;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the real kernel: a changed setting shows in the checksum of its link, in no other. */
class LinkChecksumsTest {
  private static final List<String> DEEDS =
      List.of(
          "ipv4/conf/br100/forwarding=1",
          "ipv4/conf/br100/rp_filter=2",
          "ipv4/conf/br100/arp_ignore=1",
          "ipv4/conf/br100/accept_local=1",
          "ipv4/conf/br100/send_redirects=0",
          "ipv6/conf/br100/forwarding=1",
          "ipv6/conf/br100/accept_ra=0",
          "ipv6/conf/br100/addr_gen_mode=3");

  private TestNamespaces namespaces;
  private String namespace;
  private Rtnetlink links;

  @BeforeEach
  void open() {
    namespaces = new TestNamespaces();
    namespace = namespaces.create();
    links = namespaces.links(namespace);
    var bridge = links.createBridge("br100", LinkSettings.UP.withLinkLocal(false));
    links.createVxlan(
        "vx100",
        Vxlan.of(new Vni(100), IpAddress.parse("10.0.0.1")),
        LinkSettings.UP.withLinkLocal(false).withMaster(bridge.index()));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /** Once addresses of IPv6 are formed and carriers told, which the kernel does once a second. */
  private List<Integer> settled() throws InterruptedException {
    long until = System.nanoTime() + 60_000_000_000L;
    var before = checksums();
    while (System.nanoTime() < until) {
      Thread.sleep(1_200);
      var now = checksums();
      if (now.equals(before)) {
        return now;
      }
      before = now;
    }
    throw new AssertionError("the checksums change all the while");
  }

  private List<Integer> checksums() {
    return links.links().stream()
        .map(link -> links.linkChecksum(link.index()).orElseThrow())
        .toList();
  }

  /** Sets it to another value, and gives the one that it had. */
  private String set(String setting, String value) throws IOException {
    return NetworkNamespaces.<String, IOException>callIn(
        namespace,
        () -> {
          var file = Path.of("/proc/sys/net", setting);
          var before = Files.readString(file).strip();
          Files.writeString(file, value);
          return before;
        });
  }

  /** To and fro: what the kernel tells late of another link meanwhile, it does not tell twice. */
  @Test
  void aSettingShows() throws Exception {
    settled();
    for (var deed : DEEDS) {
      var value = deed.substring(deed.indexOf('=') + 1);
      var always = new TreeSet<>(List.of("br100", "vx100", "lo"));
      for (int i = 0; i < 4; i++) {
        var before = checksums();
        value = set(deed.substring(0, deed.indexOf('=')), value);
        always.retainAll(changed(before));
      }
      assertThat(always).as(deed).containsExactly("br100");
    }
  }

  private List<String> changed(List<Integer> before) {
    var after = checksums();
    var names = new ArrayList<String>();
    var all = links.links();
    for (int i = 0; i < all.size(); i++) {
      if (!before.get(i).equals(after.get(i))) {
        names.add(all.get(i).name());
      }
    }
    return names;
  }

  @Test
  void anAliasOfALinkThatIsDownShows() throws Exception {
    var before = settled();
    int loopback = links.requireLink("lo").index();
    links.execute(new Request.SetLink(loopback, LinkSettings.NONE.withAlias("mine")));
    assertThat(checksums()).isNotEqualTo(before).hasSameSizeAs(before);
    assertThat(new HashSet<>(before)).as("each its own").hasSameSizeAs(before);
  }
}
