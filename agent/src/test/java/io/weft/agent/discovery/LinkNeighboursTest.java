package io.weft.agent.discovery;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Two ends of one link that find each other. */
final class LinkNeighboursTest {
  private TestNamespaces namespaces;
  private Rtnetlink here;
  private Rtnetlink there;
  private int eth0;
  private final End us = new End();
  private final End them = new End();

  /** What one end was last told. */
  private static final class End {
    volatile SortedMap<String, IpAddress> found = Collections.emptySortedMap();

    void await(String what, Predicate<SortedMap<String, IpAddress>> condition)
        throws InterruptedException {
      long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
      while (!condition.test(found) && System.nanoTime() < until) {
        Thread.sleep(20);
      }
      assertThat(condition.test(found)).as("%s: %s", what, found).isTrue();
    }
  }

  @BeforeEach
  void build() throws Exception {
    namespaces = new TestNamespaces();
    var node = namespaces.create("node");
    var tor = namespaces.create("tor");
    here = namespaces.links(node);
    there = namespaces.links(tor);
    eth0 = here.createVeth("eth0", LinkSettings.UP, "port1", LinkSettings.UP, there).link().index();
    start(node, us).interfaces(List.of("eth0", "eth9"));
    start(tor, them).interfaces(List.of("port1"));
  }

  private LinkNeighbours start(String namespace, End end) {
    return namespaces.closing(
        NetworkNamespaces.callIn(namespace, () -> new LinkNeighbours(found -> end.found = found)));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private static IpAddress linkLocal(Rtnetlink of, String link) {
    return of.addresses(of.requireLink(link).index()).stream()
        .map(address -> address.address())
        .filter(IpAddress::isLinkLocal)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void bothFindEachOtherAndMissALinkThatGoes() throws Exception {
    us.await("found", found -> found.containsKey("eth0"));
    them.await("found", found -> found.containsKey("port1"));
    assertThat(us.found)
        .containsOnly(
            java.util.Map.entry(
                "eth0", IpAddress.parseWithZone(linkLocal(there, "port1") + "%eth0")));
    assertThat(them.found.get("port1").withoutZone()).isEqualTo(linkLocal(here, "eth0"));

    here.setLink(eth0, LinkSettings.NONE.withUp(false));
    us.await("the link is down", SortedMap::isEmpty);
    here.setLink(eth0, LinkSettings.UP);
    us.await("the link is back", found -> found.containsKey("eth0"));
    here.deleteLink(eth0);
    us.await("the link is gone", SortedMap::isEmpty);
    them.await("the link is gone", SortedMap::isEmpty);
  }
}
