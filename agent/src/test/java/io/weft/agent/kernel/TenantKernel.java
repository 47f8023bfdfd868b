package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingPlan.Refusal;
import io.weft.overlay.forwarding.KernelChange;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;

/**
 * A tenant of the real kernel, whose underlay is a namespace of the test: VNIs are unique in it.
 */
abstract class TenantKernel {
  TestNamespaces namespaces;
  String tenant;
  String underlay;
  KernelTables tables;

  /** What stands when all of the tenant's objects do, in the order of dependencies. */
  abstract List<ForwardingObject> everything();

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    tenant = namespaces.prefix() + "red";
    underlay = namespaces.create("underlay");
    tables = namespaces.closing(agent());
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /** As in a new agent. */
  KernelTables agent() {
    return NetworkNamespaces.callIn(underlay, () -> new KernelTables(namespaces.prefix()));
  }

  List<Refusal> put(List<? extends ForwardingObject> objects) {
    return tables.apply(objects.stream().<KernelChange>map(KernelChange.Put::new).toList());
  }

  /** Those on which others depend go last. */
  List<Refusal> remove(List<? extends ForwardingObject> objects) {
    return tables.apply(
        objects.reversed().stream().<KernelChange>map(KernelChange.Remove::new).toList());
  }

  void standing() {
    assertThat(put(everything())).isEmpty();
    assertThat(tables.drain(true)).as("what we did ourselves is no news").isEmpty();
  }

  Rtnetlink inTenant() {
    return namespaces.links(tenant);
  }
}
