package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.GatewayAddress;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.forwarding.PodInterface;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/**
 * What it takes of the processor to look after many tenants for a second in which nothing happens,
 * in the test's output; the limit only notices what grows out of all proportion. {@code
 * -Dweft.scale.full=true} asks for 100 tenants.
 */
class LookCostTest {
  private static final boolean FULL = Boolean.getBoolean("weft.scale.full");
  private static final int TENANTS = FULL ? 100 : 8;
  private static final int NETWORKS = Integer.getInteger("weft.networks", 2);
  private static final int SECONDS = FULL ? 60 : 20;
  private static final int ROUNDS = 5;
  private static final IpAddress VTEP = IpAddress.parse("127.0.0.2");

  private TestNamespaces namespaces;
  private KernelTables tables;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    var underlay = namespaces.create("underlay");
    tables =
        namespaces.closing(
            NetworkNamespaces.callIn(underlay, () -> new KernelTables(namespaces.prefix())));
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private List<ForwardingObject> tenant(int number) {
    var tenant = namespaces.prefix() + "t" + number;
    var pod = namespaces.create("p" + number);
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new TenantNamespace(tenant));
    for (int network = 0; network <= NETWORKS; network++) {
      int each = number * 100 + network;
      var vni = new Vni(1 + each);
      objects.add(new Bridge(tenant, vni, new MacAddress(0x0200_0000_0000L + each), 1450, true));
      var mac = new MacAddress(0x0201_0000_0000L + each);
      objects.add(new VxlanPort(tenant, vni, VTEP, mac, 1450));
      if (network < NETWORKS) {
        var address = IpAddress.parse("10.0.%d.2".formatted(network));
        objects.add(new GatewayAddress(tenant, vni, address.plus(-1), 24));
        objects.add(
            new EndpointPort(
                tenant,
                "ep%012x".formatted(each),
                vni,
                "e" + each,
                "n" + network,
                new MacAddress(0x0a00_0000_0000L + each),
                List.of(address),
                false,
                1450,
                Optional.of(new PodInterface(pod, "eth" + network, List.of(24)))));
      }
    }
    return objects;
  }

  @Test
  void aSecondIsCheapWhileNothingHappens() {
    for (int number = 0; number < TENANTS; number++) {
      var changes = tenant(number).stream().<KernelChange>map(KernelChange.Put::new).toList();
      assertThat(tables.apply(changes)).isEmpty();
    }
    long until = System.nanoTime() + 20_000_000_000L;
    do { // what was just done comes back as notices
      assertThat(System.nanoTime()).isLessThan(until);
      tables.lookAround();
    } while (!tables.drain(true).isEmpty());
    var clock = ManagementFactory.getThreadMXBean();
    double look = Double.MAX_VALUE;
    double notices = Double.MAX_VALUE;
    for (int round = 0; round < ROUNDS; round++) {
      long looking = 0;
      long draining = 0;
      for (int second = 0; second < SECONDS; second++) {
        long begin = clock.getCurrentThreadCpuTime();
        assertThat(tables.lookAround()).isEmpty();
        long between = clock.getCurrentThreadCpuTime();
        for (int time = 0; time < 1000 / KernelShell.WATCH_MILLIS; time++) {
          assertThat(tables.drain(true)).isEmpty();
          assertThat(tables.groups()).isEmpty();
        }
        looking += between - begin;
        draining += clock.getCurrentThreadCpuTime() - between;
      }
      look = Math.min(look, looking / 1e6 / SECONDS);
      notices = Math.min(notices, draining / 1e6 / SECONDS);
    }
    System.out.printf(
        "idle      %d tenants of %d links: the look of a second %.2f ms of a processor, notices"
            + " %.2f ms%n",
        TENANTS, 3 + 3 * NETWORKS, look, notices);
    assertThat(look + notices).as("milliseconds each second").isLessThan(TENANTS);
  }
}
