package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.attributes;
import static io.weft.overlay.node.OneNode.request;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.MacAddress;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import java.util.Optional;
import java.util.function.LongFunction;
import org.junit.jupiter.api.Test;

/** A peer that chooses what it announces so that a node should have much work with it. */
final class HostileRoutesTest {
  private static final NetworkIntent WEB = OneNode.network("web", "red", 100);
  private static final String VTEP = "10.0.0.2";
  private static final int ROUTES = 20_000;

  /** Where each is compared with all before, it is thirty times as long. */
  private static final int MOST_TIMES = 8;

  @Test
  void macsThatHashAlikeBeforehandCostWhatOthersDo() {
    // The halves of each, one over the other, are the same: what a hash of 64 bits often is.
    LongFunction<MacAddress> alike = i -> new MacAddress(half(i) << 32 | 0x0200_0000 | half(i));
    LongFunction<MacAddress> ordinary = i -> new MacAddress(0x0200_0000_0000L + i);
    nanos(ordinary); // compiles
    long usual = nanos(ordinary);
    long chosen = nanos(alike);
    assertThat(chosen)
        .as("%,d us, and %,d us for others", chosen / 1_000, usual / 1_000)
        .isLessThan(MOST_TIMES * usual);
  }

  /** 16 bits, without the one that marks a MAC as that of a group. */
  private static long half(long number) {
    return (number & 0x7f00) << 1 | number & 0xff;
  }

  private static long nanos(LongFunction<MacAddress> mac) {
    var one = new OneNode();
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    long began = System.nanoTime();
    for (int i = 0; i < ROUTES; i++) {
      var route = OneNode.macRoute(VTEP, 100, mac.apply(i), Optional.empty());
      one.say(route, attributes(VTEP, 100));
    }
    long took = System.nanoTime() - began;
    assertThat(one.kernel(Kind.VXLAN_FDB)).hasSize(ROUTES);
    return took;
  }
}
