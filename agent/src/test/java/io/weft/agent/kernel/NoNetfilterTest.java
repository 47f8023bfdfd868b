package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.linux.ffi.Errno;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.MovedMac;
import java.util.List;
import org.junit.jupiter.api.Test;

/** On a kernel that has no nftables at all, and on one that refuses it for a moment. */
class NoNetfilterTest extends SegmentKernel {
  private static final RefusedCalls WITHOUT = RefusedCalls.netfilter(Errno.EPROTONOSUPPORT);

  private Bridge snooping() {
    return new Bridge(tenant, VNI, BRIDGE_MAC, 1450, false, true);
  }

  @Test
  void endpointsAreAttachedUnguardedAndThatIsSaid() throws Exception {
    assertThat(WITHOUT.during(() -> put(everything()))).isEmpty();
    assertThat(WITHOUT.during(() -> put(List.of(snooping())))).isEmpty();
    assertThat(WITHOUT.during(() -> tables.drain(true))).isEmpty();
    assertThat(WITHOUT.during(() -> tables.lookAround())).isEmpty();
    assertThat(tables.guards().problems().toString()).contains("EPROTONOSUPPORT");
  }

  @Test
  void nothingIsSentOnForWhoHasMovedAndThatIsSaid() throws Exception {
    standing();
    var moved = new MovedMac(tenant, VNI, REMOTE, false);
    assertThat(WITHOUT.during(() -> put(List.of(moved)))).isEmpty();
    assertThat(tables.guards().problems().toString()).contains("moved away", "CONFIG_NFT_FWD");
    assertThat(WITHOUT.during(() -> tables.dump())).contains(moved);
    assertThat(WITHOUT.during(() -> remove(List.of(moved)))).isEmpty();
    assertThat(WITHOUT.during(() -> tables.dump())).doesNotContain(moved);
  }

  @Test
  void aNewAgentAdoptsWhatStands() throws Exception {
    standing();
    try (var restarted = agent()) {
      assertThat(WITHOUT.during(restarted::dump))
          .containsExactlyInAnyOrderElementsOf(observable(everything()));
    }
  }

  @Test
  void whatPassesIsTriedAgain() throws Exception {
    standing();
    try (var inside = NetworkNamespaces.open(tenant);
        var queries = new QueryFilter(tenant, inside, _ -> {})) {
      var busy = RefusedCalls.netfilter(Errno.ENOBUFS);
      assertThatThrownBy(
              () ->
                  busy.during(
                      () -> {
                        queries.put();
                        return true;
                      }))
          .hasCauseInstanceOf(LinuxException.class);
      assertThat(queries.isKept()).isFalse();
      queries.put();
      assertThat(queries.isKept()).isTrue();
      try (var nftables = Nftables.openIn(tenant)) {
        assertThat(nftables.table(Table.Family.BRIDGE, QueryFilter.TABLE)).isPresent();
      }
    }
  }
}
