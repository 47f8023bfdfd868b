package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.overlay.node.NodeEvent.UnderlayChanged;
import io.weft.overlay.node.Underlay;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Which of a machine's addresses are its VTEPs, by what the Fabric says (decisions/0023). */
final class UnderlayWatchTest {
  private static final IpAddress V4 = IpAddress.parse("10.255.0.1");
  private static final IpAddress V6 = IpAddress.parse("fd00:255::1");
  private static final Ipv4Address ROUTER = Ipv4Address.parse("10.255.0.1");
  private static final String BY_PREFIX =
      "{families: [ipv4, ipv6], cidrs: [10.255.0.0/16, 'fd00:255::/64']}";

  @TempDir private Path directory;

  private TestNamespaces namespaces;
  private String underlay;
  private Rtnetlink links;
  private int loopback;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    underlay = namespaces.create("underlay");
    links = namespaces.links(underlay);
    loopback = links.requireLink("lo").index();
    links.execute(new Request.SetLink(loopback, LinkSettings.UP));
  }

  @AfterEach
  void close() throws Exception {
    namespaces.close();
  }

  private void add(IpAddress address) {
    links.execute(new Request.AddAddress(Address.of(loopback, address, address.bits())));
  }

  private void remove(IpAddress address) {
    links.execute(new Request.DeleteAddress(Address.of(loopback, address, address.bits())));
  }

  private FabricSpec fabric(String vtep) throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec: {vtep: " + vtep + "}\n");
    try (var opened = IntentDirectory.open(directory)) {
      assertThat(opened.reading().problems()).isEmpty();
      return opened.reading().intent().fabric().spec();
    }
  }

  private UnderlayWatch watch(String vtep) throws IOException {
    var spec = fabric(vtep);
    return NetworkNamespaces.callIn(underlay, () -> new UnderlayWatch(spec));
  }

  private UnderlayChanged look(String vtep) throws IOException {
    try (var watch = watch(vtep)) {
      return watch.discover();
    }
  }

  @Test
  void oneOfEachFamilyIsFoundWhereTheFabricWantsBoth() throws IOException {
    add(V4);
    add(V6);
    for (var vtep : List.of(BY_PREFIX, "{families: [ipv6, ipv4], interface: lo}")) {
      var found = look(vtep);
      assertThat(found.reason()).isEmpty();
      assertThat(found.underlay().orElseThrow())
          .as(vtep)
          .isEqualTo(new Underlay(List.of(V4, V6), ROUTER, 65_536, true));
    }
    assertThat(look("{families: [ipv6], interface: lo}").underlay().orElseThrow().vteps())
        .containsExactly(V6);
    assertThat(look("{interface: lo}").underlay().orElseThrow())
        .as("as ever")
        .isEqualTo(new Underlay(V4, ROUTER, 65_536));
  }

  @Test
  void whatIsMissingIsSaidAndTheOtherGoesOn() throws IOException {
    add(V6);
    var found = look(BY_PREFIX);
    assertThat(found.underlay().orElseThrow().vteps()).containsExactly(V6);
    assertThat(found.underlay().orElseThrow().dual()).isTrue();
    assertThat(found.reason())
        .isEqualTo("no address of this machine is inside 10.255.0.0/16 (Fabric vtep.cidrs)");
    remove(V6);
    var nothing = look("{families: [ipv4, ipv6], interface: lo}");
    assertThat(nothing.underlay()).isEmpty();
    assertThat(nothing.reason())
        .contains("interface 'lo' has no global address of IPv4")
        .contains("interface 'lo' has no global address of IPv6");
  }

  /** A new router ID would end all sessions. */
  @Test
  void theRouterIdStaysAsLongAsOneVtepDoes() throws IOException {
    add(V4);
    add(V6);
    try (var watch = watch(BY_PREFIX)) {
      assertThat(watch.check().orElseThrow().underlay().orElseThrow().routerId()).isEqualTo(ROUTER);
      remove(V4);
      watch.change(fabric(BY_PREFIX));
      var without = watch.check().orElseThrow().underlay().orElseThrow();
      assertThat(without.vteps()).containsExactly(V6);
      assertThat(without.routerId()).isEqualTo(ROUTER);
      add(V4);
      watch.change(fabric(BY_PREFIX));
      assertThat(watch.check().orElseThrow().underlay().orElseThrow())
          .isEqualTo(new Underlay(List.of(V4, V6), ROUTER, 65_536, true));
    }
    remove(V4);
    assertThat(look(BY_PREFIX).underlay().orElseThrow().routerId()).isNotEqualTo(ROUTER);
  }
}
