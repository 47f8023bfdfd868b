package io.weft.simulation;

import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.Bridge;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.NeighbourEntry;
import io.weft.overlay.forwarding.ForwardingObject.TenantRoute;
import io.weft.overlay.forwarding.ForwardingObject.VxlanFdbEntry;
import io.weft.overlay.forwarding.ForwardingObject.VxlanPort;
import io.weft.overlay.forwarding.TenantHop;
import java.util.List;
import java.util.Optional;

/** What someone else may write into a kernel: wrong values, and rows that nobody wants. */
final class Alterations {
  /** Nobody has it (RFC 5737). */
  private static final IpAddress NOWHERE = new Ipv4Address(192 << 24 | 2 << 8 | 1);

  private static final MacAddress NOBODY = new MacAddress(0x0200_0000_0099L);

  private Alterations() {}

  /** The object with another value under the same key; empty for kinds that are not altered. */
  static Optional<ForwardingObject> altered(ForwardingObject object) {
    return switch (object) {
      case VxlanFdbEntry row ->
          Optional.of(
              new VxlanFdbEntry(
                  row.namespace(), row.vni(), row.mac(), row.vtep(), other(row.destinationVni())));
      case FloodEntry row ->
          Optional.of(
              new FloodEntry(row.namespace(), row.vni(), row.vtep(), other(row.destinationVni())));
      case NeighbourEntry row ->
          Optional.of(new NeighbourEntry(row.namespace(), row.vni(), row.ip(), NOBODY));
      case TenantRoute route when route.prefix().address().isIpv4() ->
          Optional.of(
              new TenantRoute(
                  route.namespace(),
                  route.prefix(),
                  List.of(TenantHop.over(route.hops().getFirst().vni(), NOWHERE))));
      case VxlanPort port ->
          Optional.of(
              new VxlanPort(
                  port.namespace(),
                  port.vni(),
                  port.local(),
                  port.mac(),
                  port.mtu() - 1,
                  port.dual()));
      case Bridge bridge ->
          Optional.of(
              new Bridge(
                  bridge.namespace(),
                  bridge.vni(),
                  bridge.mac(),
                  bridge.mtu() - 1,
                  bridge.routed(),
                  bridge.snooping()));
      default -> Optional.empty();
    };
  }

  /** The next one, which is another network's, or nobody's. */
  private static Vni other(Vni vni) {
    return new Vni(vni.value() ^ 1);
  }

  /** An object under this key that nobody has a reason for; empty for other kinds. */
  static Optional<ForwardingObject> planted(ForwardingKey key) {
    var space = key.namespace();
    return switch (key.kind()) {
      case VXLAN_FDB ->
          Optional.of(
              new VxlanFdbEntry(
                  space,
                  new Vni(key.vni()),
                  MacAddress.parse(key.discriminator()),
                  NOWHERE,
                  new Vni(key.vni())));
      case FLOOD ->
          Optional.of(
              new FloodEntry(
                  space,
                  new Vni(key.vni()),
                  IpAddress.parse(key.discriminator()),
                  new Vni(key.vni())));
      case NEIGHBOUR ->
          Optional.of(
              new NeighbourEntry(
                  space, new Vni(key.vni()), IpAddress.parse(key.discriminator()), NOBODY));
      default -> Optional.empty();
    };
  }

  /** A key for {@link #planted} in a network: {@code number} from 0 to 99 chooses among many. */
  static ForwardingKey key(Bridge bridge, int number) {
    int last = 1 + number / 3;
    var address = new Ipv4Address(192 << 24 | 2 << 8 | 100 + last);
    return switch (number % 3) {
      case 0 ->
          ForwardingKey.vxlanRow(
              bridge.namespace(), bridge.vni(), new MacAddress(0x0200_0001_0000L + last), NOWHERE);
      case 1 -> ForwardingKey.of(Kind.FLOOD, bridge.namespace(), bridge.vni(), address);
      default -> ForwardingKey.of(Kind.NEIGHBOUR, bridge.namespace(), bridge.vni(), address);
    };
  }
}
