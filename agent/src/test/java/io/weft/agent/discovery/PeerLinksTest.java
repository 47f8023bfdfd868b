package io.weft.agent.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.discovery.PeerLinks.LinkEnd;
import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Which end of which link leads to a neighbour, with links as a kernel tells them. */
final class PeerLinksTest {
  private final List<Link> links = new ArrayList<>();
  private TestNamespaces namespaces;

  @BeforeEach
  void makeLinks() throws Exception {
    namespaces = new TestNamespaces();
    var rtnetlink = namespaces.links(namespaces.create("node"));
    links.add(rtnetlink.createBridge("eth0", LinkSettings.UP));
    links.add(rtnetlink.createBridge("eth1", LinkSettings.UP));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private Address address(int link, String address, int length) {
    return Address.of(links.get(link).index(), IpAddress.parse(address), length);
  }

  private static IpAddress ip(String text) {
    return IpAddress.parseWithZone(text);
  }

  @Test
  void theNarrowestPrefixThatHoldsItAndTheLinkOfItsZone() {
    var ends =
        PeerLinks.NONE.look(
            List.of(
                ip("10.0.1.1"),
                ip("192.0.2.1"),
                ip("2001:db8::2"),
                ip("fe80::2%eth1"),
                ip("10.0.1.7")),
            links,
            List.of(
                address(0, "10.0.0.9", 16),
                address(1, "10.0.1.0", 31),
                address(0, "10.0.1.7", 32),
                address(0, "fe80::1", 64),
                address(1, "fe80::9", 64),
                address(1, "2001:db8::1", 64)));
    assertThat(ends.ends())
        .hasSize(4)
        .containsEntry(ip("10.0.1.1"), new LinkEnd("eth1", ip("10.0.1.0")))
        .containsEntry(ip("10.0.1.7"), new LinkEnd("eth0", ip("10.0.0.9")))
        .containsEntry(ip("2001:db8::2"), new LinkEnd("eth1", ip("2001:db8::1")))
        .containsEntry(ip("fe80::2%eth1"), new LinkEnd("eth1", ip("fe80::9%eth1")));
    assertThat(ends.byAddress()).containsEntry(ip("10.0.1.0"), List.of(ip("10.0.1.1")));
  }

  @Test
  void anEndStaysKnownWhileItsAddressIsAway() {
    var neighbour = ip("fe80::2%eth1");
    var before = PeerLinks.NONE.look(List.of(neighbour), links, List.of(address(1, "fe80::9", 64)));
    assertThat(before.look(List.of(neighbour), links, List.of())).isEqualTo(before);
    assertThat(before.look(List.of(), links, List.of()).ends()).isEmpty();
  }
}
