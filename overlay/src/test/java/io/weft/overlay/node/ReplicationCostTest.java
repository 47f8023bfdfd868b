package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.attributes;
import static io.weft.overlay.node.OneNode.floodRoute;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import com.sun.management.ThreadMXBean;
import io.weft.bgp.wire.ExtendedCommunity;
import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.lang.management.ManagementFactory;
import java.util.Optional;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/**
 * What one route of another node costs a node that has very many groups: where all rows are made
 * anew, that shows in what is allocated.
 */
final class ReplicationCostTest {
  private static final NetworkIntent WEB =
      OneNode.network("web", "red", 100).withMulticast(Multicast.SELECTIVE);
  private static final ExtendedCommunity PROXY = ExtendedCommunity.multicastFlags(true, true);
  private static final int VTEPS = 300;
  private static final int SOURCES = 32;
  private static final int MEBIBYTE = 1 << 20;

  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final OneNode one = new OneNode();

  private static String vtep(int number) {
    return "10.0." + (1 + number / 200) + "." + (2 + number % 200);
  }

  private static Route joined(String vtep, int group) {
    return new SelectiveMulticast(
        RouteDistinguisher.of(Ipv4Address.parse(vtep), 100),
        0,
        Optional.empty(),
        Optional.of(IpAddress.parse("239.3.0.0").plus(group)),
        IpAddress.parse(vtep),
        0x0c);
  }

  private long cost(String what, Runnable action) {
    long before = threads.getCurrentThreadAllocatedBytes();
    long begin = System.nanoTime();
    action.run();
    long micros = (System.nanoTime() - begin) / 1_000;
    long octets = threads.getCurrentThreadAllocatedBytes() - before;
    System.out.printf("%s: %d us, %d KiB%n", what, micros, octets / 1024);
    return octets;
  }

  /** 54 groups are the most of which 300 VTEPs have rows; of 1,000 all are flooded. */
  @ParameterizedTest(name = "{0} groups")
  @CsvSource({"54, 16798", "1000, 0"})
  void aChangeOfOneVtepCostsWhatItHasJoined(int groups, int rows) {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    one.say(floodRoute(vtep(0), 100), attributes(vtep(0), 100, PROXY));
    for (int group = 0; group < groups; group++) {
      one.say(joined(vtep(0), group), attributes(vtep(0), 100));
    }
    for (int number = 1; number < VTEPS; number++) { // these get all groups
      one.say(floodRoute(vtep(number), 100), attributes(vtep(number), 100));
    }
    assertThat(one.kernel(Kind.MULTICAST)).hasSize(rows);
    var vtep = vtep(7);
    var flood = floodRoute(vtep, 100);
    var costs = new TreeSet<Long>();
    for (int round = 0; round < 3; round++) {
      costs.add(cost("a Type 3 goes", () -> one.unsay(flood)));
      costs.add(cost("a Type 3 comes", () -> one.say(flood, attributes(vtep, 100))));
      costs.add(cost("it asks", () -> one.say(flood, attributes(vtep, 100, PROXY))));
      costs.add(cost("a Type 6 comes", () -> one.say(joined(vtep, 7), attributes(vtep, 100))));
      costs.add(cost("a Type 6 goes", () -> one.unsay(joined(vtep, 7))));
      costs.add(cost("it asks no more", () -> one.say(flood, attributes(vtep, 100))));
    }
    assertThat(one.kernel(Kind.MULTICAST)).hasSize(rows);
    assertThat(costs.last()).isLessThan(MEBIBYTE);
  }

  /** The rows of a source are those of all who want its group from anywhere; here 300. */
  @Test
  void aSourceThatOneVtepWantsCostsItsOwnRows() {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    for (int number = 0; number < VTEPS; number++) {
      one.say(floodRoute(vtep(number), 100), attributes(vtep(number), 100, PROXY));
      one.say(joined(vtep(number), 1), attributes(vtep(number), 100));
    }
    var costs = new TreeSet<Long>();
    for (int source = 0; source < SOURCES; source++) {
      var route = from(vtep(0), source);
      costs.add(cost("a first (S,G) comes", () -> one.say(route, attributes(vtep(0), 100))));
    }
    assertThat(one.kernel(Kind.MULTICAST)).hasSize(2 + VTEPS * (1 + SOURCES));
    for (int source = 0; source < SOURCES; source++) {
      var other = from(vtep(1), source);
      costs.add(cost("a second (S,G) comes", () -> one.say(other, attributes(vtep(1), 100))));
    }
    costs.add(cost("a (*,G) goes", () -> one.unsay(joined(vtep(2), 1))));
    assertThat(one.kernel(Kind.MULTICAST)).hasSize(2 + (VTEPS - 1) * (1 + SOURCES));
    costs.add(cost("a (*,G) comes", () -> one.say(joined(vtep(2), 1), attributes(vtep(2), 100))));
    for (int source = 0; source < SOURCES; source++) {
      one.unsay(from(vtep(1), source));
      var last = from(vtep(0), source);
      costs.add(cost("a last (S,G) goes", () -> one.unsay(last)));
    }
    assertThat(one.kernel(Kind.MULTICAST)).hasSize(2 + VTEPS);
    assertThat(costs.last()).isLessThan(MEBIBYTE);
  }

  private static Route from(String vtep, int source) {
    return new SelectiveMulticast(
        RouteDistinguisher.of(Ipv4Address.parse(vtep), 100),
        0,
        Optional.of(IpAddress.parse("192.168.1.100").plus(source)),
        Optional.of(IpAddress.parse("239.3.0.0").plus(1)),
        IpAddress.parse(vtep),
        0x04);
  }
}
