package io.weft.agent.kernel;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.BridgeFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.EndpointPort;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.LocalFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantNamespace;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.PodInterface;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeEach;

/** A segment of a tenant with one endpoint here, and others elsewhere. */
abstract class SegmentKernel extends TenantKernel {
  static final Vni VNI = new Vni(100);
  static final MacAddress BRIDGE_MAC = MacAddress.parse("02:00:00:00:00:01");
  static final MacAddress VXLAN_MAC = MacAddress.parse("02:00:00:00:00:02");
  static final MacAddress LOCAL = MacAddress.parse("0a:58:c0:a8:01:0a");
  static final MacAddress REMOTE = MacAddress.parse("0a:58:c0:a8:01:14");
  static final IpAddress ADDRESS = IpAddress.parse("192.168.1.10");
  static final IpAddress ADDRESS6 = IpAddress.parse("fd00:1::a");
  static final IpAddress VTEP = IpAddress.parse("127.0.0.2");
  static final IpAddress FAR = IpAddress.parse("127.0.0.3");
  static final IpAddress FARTHER = IpAddress.parse("127.0.0.4");
  static final String PORT = "ep0123456789ab";

  String pod;

  @BeforeEach
  void makePod() {
    pod = namespaces.create("pod");
  }

  Bridge bridge() {
    return new Bridge(tenant, VNI, BRIDGE_MAC, 1450, false);
  }

  VxlanPort vxlan(IpAddress local) {
    return new VxlanPort(tenant, VNI, local, VXLAN_MAC, 1450);
  }

  EndpointPort port(String podNamespace, String interfaceName) {
    return new EndpointPort(
        tenant,
        PORT,
        VNI,
        "web-1",
        "red-web",
        LOCAL,
        List.of(ADDRESS, ADDRESS6),
        true,
        1450,
        Optional.of(new PodInterface(podNamespace, interfaceName, List.of(24, 64))));
  }

  List<ForwardingObject> rows() {
    return List.of(
        new LocalFdbEntry(tenant, VNI, LOCAL, PORT),
        new VxlanFdbEntry(tenant, VNI, REMOTE, FAR, VNI),
        new BridgeFdbEntry(tenant, VNI, REMOTE),
        new FloodEntry(tenant, VNI, FAR, VNI),
        new FloodEntry(tenant, VNI, FARTHER, new Vni(7)),
        new NeighbourEntry(tenant, VNI, IpAddress.parse("192.168.1.20"), REMOTE),
        new NeighbourEntry(tenant, VNI, IpAddress.parse("fd00:1::14"), REMOTE));
  }

  @Override
  List<ForwardingObject> everything() {
    var objects = new ArrayList<ForwardingObject>();
    objects.add(new TenantNamespace(tenant));
    objects.add(bridge());
    objects.add(vxlan(VTEP));
    objects.add(port(pod, "eth0"));
    objects.addAll(rows());
    return objects;
  }

  static List<ForwardingObject> observable(List<ForwardingObject> objects) {
    return objects.stream()
        .map(ForwardingObject::observable)
        .sorted(Comparator.comparing(ForwardingObject::key))
        .toList();
  }

  ForwardingKey key(ForwardingKey.Kind kind, String discriminator) {
    return new ForwardingKey(
        kind, tenant, kind == ForwardingKey.Kind.PORT ? 0 : 100, discriminator);
  }
}
