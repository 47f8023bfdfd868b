package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.tuple;

import io.weft.linux.ffi.Errno;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Request;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.forwarding.EgressObject.EgressAddress;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.EgressObject.EgressPort;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.node.NodeEvent.Observation;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Against the real kernel: what is looked at each second of the tenants' ways out. */
class EgressLookTest extends TenantKernel {
  private EgressPort port() {
    return new EgressPort(AddressPlan.egressPortName(tenant), tenant, 1450);
  }

  private EgressAddress outside() {
    return new EgressAddress("", port().port(), AddressPlan.egressAddress(7, true), 31);
  }

  @Override
  List<ForwardingObject> everything() {
    return List.of(
        new TenantNamespace(tenant),
        new EgressFilter("", true),
        new EgressFilter(tenant, true),
        new EgressLink(tenant, 1450, port().port()),
        port(),
        outside());
  }

  private EgressPorts ports(int files) {
    var ports =
        new EgressPorts(
            namespaces.prefix(), namespaces.links(underlay), new DescriptorBudget(files));
    assertThat(ports.dump()).contains(port(), outside());
    return ports;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 100})
  void aSettingShowsWithFilesOrWithout(int files) throws Exception {
    standing();
    try (var ports = ports(files)) {
      assertThat(ports.lookAround()).isEmpty();
      assertThat(ports.lookAround()).isEmpty();
      var setting = Path.of("/proc/sys/net/ipv4/conf", port().port(), "accept_local");
      NetworkNamespaces.<Path, IOException>callIn(underlay, () -> Files.writeString(setting, "1"));
      assertThat(ports.lookAround()).extracting(Observation::key).containsExactly(port().key());
      assertThat(ports.lookAround()).as("known").isEmpty();
    }
  }

  /** The rest would be read each second where files are too many to stay open. */
  @Test
  void withoutFilesOnlyLinksAreRead() {
    standing();
    try (var ports = ports(0)) {
      var kernel = namespaces.links(underlay);
      var address = outside();
      int link = kernel.requireLink(address.device()).index();
      kernel.execute(
          new Request.DeleteAddress(Address.of(link, address.address(), address.prefixLength())));
      assertThat(ports.lookAround()).isEmpty();
      assertThat(ports.drain()).contains(new Observation(address.key(), Optional.empty(), false));
    }
  }

  /** A dump of links is a request of 40 octets (struct ifinfomsg, IFLA_EXT_MASK). */
  @Test
  void whatCannotBeReadNowIsReadLater() throws Exception {
    standing();
    var kernel = namespaces.links(underlay);
    var address = outside();
    int link = kernel.requireLink(address.device()).index();
    kernel.execute(
        new Request.DeleteAddress(Address.of(link, address.address(), address.prefixLength())));
    var refused = RefusedCalls.sending(40, Errno.ENOBUFS);
    assertThat(refused.during(() -> tables.drain(true))).isEmpty();
    assertThat(tables.drain(true))
        .extracting(Observation::key, Observation::object)
        .containsExactly(tuple(address.key(), Optional.empty()));
  }
}
