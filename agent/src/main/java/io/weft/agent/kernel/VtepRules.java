package io.weft.agent.kernel;

import io.weft.linux.netlink.Vxlan;
import io.weft.linux.nftables.Chain;
import io.weft.linux.nftables.Chain.Hook;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Field;
import io.weft.linux.nftables.ElementSet.Use;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Expression.Base;
import io.weft.linux.nftables.Expression.MetaKey;
import io.weft.linux.nftables.Rule;
import io.weft.linux.nftables.Table;
import io.weft.net.Octets;
import java.util.List;

/**
 * Whose VXLAN packets come in: in a VNI of this node only those of a VTEP that BGP told of (RFC
 * 7348 §7). Packets of other VNIs are somebody else's: the kernel gives them to whom they belong.
 * To the port of devices that only send none come in.
 */
final class VtepRules {
  /** Addresses that were no VTEP's and are counted each for itself. */
  static final int MAX_STRANGERS = 1024;

  static final ElementSet VNIS = new ElementSet("vnis", List.of(Field.VNI), Use.MEMBERS, 0);
  static final ElementSet IPV4 = new ElementSet("vteps4", List.of(Field.IPV4), Use.MEMBERS, 0);
  static final ElementSet IPV6 = new ElementSet("vteps6", List.of(Field.IPV6), Use.MEMBERS, 0);

  /** All that was stopped, under one key. */
  static final ElementSet STOPPED =
      new ElementSet("stopped", List.of(Field.NUMBER), Use.COUNTERS, 1);

  /** The same by source, while there is room. */
  static final ElementSet STRANGERS4 =
      new ElementSet("strangers4", List.of(Field.IPV4), Use.COUNTERS, MAX_STRANGERS);

  static final ElementSet STRANGERS6 =
      new ElementSet("strangers6", List.of(Field.IPV6), Use.COUNTERS, MAX_STRANGERS);

  private static final int UDP = 17;
  private static final int NFPROTO_IPV4 = 2;
  private static final int NFPROTO_IPV6 = 10;
  private static final Expression ACCEPT = new Expression.Verdict(true);

  private VtepRules() {}

  /** The table of the underlay's namespace. */
  static Table table(String name) {
    var vxlan = udp(Vxlan.PORT).then(new Expression.Goto("vxlan"));
    var sending =
        udp(Vxlan.SENDING_PORT)
            .then(new Expression.Verdict(false))
            .because("of devices that only send: no VTEP sends there");
    var ofOthers =
        Rule.of(
            new Expression.Payload(Base.TRANSPORT, 12, 3),
            new Expression.Lookup(VNIS.name(), true),
            ACCEPT);
    return new Table(
        Table.Family.INET,
        name,
        List.of(
            new Chain("input", false, Hook.INPUT, Chain.BEFORE_TRACKING, List.of(vxlan, sending)),
            Chain.called(
                "vxlan",
                List.of(
                    ofOthers.because("not a VNI of this node's networks"),
                    source4(new Expression.Lookup(IPV4.name(), false)).then(ACCEPT),
                    source6(new Expression.Lookup(IPV6.name(), false)).then(ACCEPT),
                    Rule.of(
                        new Expression.Load(Octets.of(new byte[4])),
                        new Expression.CountIn(STOPPED.name())),
                    source4(new Expression.CountIn(STRANGERS4.name())),
                    source6(new Expression.CountIn(STRANGERS6.name())),
                    Rule.of(new Expression.Verdict(false))))),
        List.of(VNIS, IPV4, IPV6, STOPPED, STRANGERS4, STRANGERS6));
  }

  private static Rule udp(int port) {
    return Rule.of(
        new Expression.Meta(MetaKey.PROTOCOL),
        octet(UDP),
        new Expression.Payload(Base.TRANSPORT, 2, 2),
        new Expression.Compare(false, Octets.of(new byte[] {(byte) (port >> 8), (byte) port})));
  }

  private static Rule source4(Expression what) {
    return family(NFPROTO_IPV4).then(new Expression.Payload(Base.NETWORK, 12, 4), what);
  }

  private static Rule source6(Expression what) {
    return family(NFPROTO_IPV6).then(new Expression.Payload(Base.NETWORK, 8, 16), what);
  }

  private static Rule family(int number) {
    return Rule.of(new Expression.Meta(MetaKey.FAMILY), octet(number));
  }

  private static Expression octet(int value) {
    return new Expression.Compare(false, Octets.of(new byte[] {(byte) value}));
  }
}
