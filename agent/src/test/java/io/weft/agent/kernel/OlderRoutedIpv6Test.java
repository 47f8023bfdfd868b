package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rule;
import org.junit.jupiter.api.Test;

/** The same on kernels that route IPv6 for a whole namespace only. */
class OlderRoutedIpv6Test extends RoutedIpv6Test {
  @Override
  RoutedNodes fabric(TestNamespaces spaces) {
    return RoutedNodes.older(spaces);
  }

  /** The namespace does route; it is the rules that keep out who must not. */
  @Test
  void withoutTheRulesTheIntruderGetsThrough() throws Exception {
    var intruder = intruder();
    var web = one.attach(WEB, 10);
    assertThat(isSeen(intruder, web)).isFalse();
    one.links().execute(new Request.DeleteRule(Rule.unreachable(false, 201)));
    assertThat(isSeen(intruder, web)).isTrue();
  }
}
