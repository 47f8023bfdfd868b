package io.weft.agent.kernel;

import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Expression.Base;
import io.weft.linux.nftables.Expression.MetaKey;
import io.weft.linux.nftables.Rule;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Octets;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;

/** Beginnings of rules of nftables: which packets they are of. */
final class PacketMatch {
  private static final int ICMPV6 = 58;
  private static final int NFPROTO_IPV4 = 2;
  private static final int NFPROTO_IPV6 = 10;
  private static final int INTERFACE_NAME = 16;

  private PacketMatch() {}

  static Rule link(MetaKey key, boolean not, Octets name) {
    return Rule.of(new Expression.Meta(key), new Expression.Compare(not, name));
  }

  /** A name with the zeros behind it. */
  static Octets exactly(String name) {
    return Octets.of(
        ByteBuffer.allocate(INTERFACE_NAME).put(name.getBytes(StandardCharsets.US_ASCII)).array());
  }

  /** How a name begins. */
  static Octets prefix(String name) {
    return Octets.of(name.getBytes(StandardCharsets.US_ASCII));
  }

  static Rule state(int bits) {
    return bits(new Expression.ConnectionState(), bits);
  }

  static Rule status(int bits) {
    return bits(new Expression.ConnectionStatus(), bits);
  }

  static Rule bits(Expression loaded, int bits) {
    return Rule.of(
        loaded,
        new Expression.Mask(machineOrder(bits)),
        new Expression.Compare(true, machineOrder(0)));
  }

  static Octets machineOrder(int value) {
    return Octets.of(ByteBuffer.allocate(4).order(ByteOrder.nativeOrder()).putInt(value).array());
  }

  static Rule from(IpPrefix range, boolean not) {
    return address(range, not, range.address().isIpv4() ? 12 : 8);
  }

  static Rule to(IpPrefix range) {
    return address(range, false, range.address().isIpv4() ? 16 : 24);
  }

  /** RFC 791 §3.1, RFC 8200 §3: where the address is in the header. */
  static Rule address(IpPrefix range, boolean not, int offset) {
    var address = range.address();
    int length = address.bits() / 8;
    var mask = new byte[length];
    for (int bit = 0; bit < range.length(); bit++) {
      mask[bit / 8] |= (byte) (0x80 >> bit % 8);
    }
    return family(address)
        .then(
            new Expression.Payload(Base.NETWORK, offset, length),
            new Expression.Mask(Octets.of(mask)),
            new Expression.Compare(not, Octets.of(address.octets())));
  }

  static Rule family(IpAddress address) {
    return family(address.isIpv4());
  }

  static Rule family(boolean ipv4) {
    return Rule.of(new Expression.Meta(MetaKey.FAMILY), equal(ipv4 ? NFPROTO_IPV4 : NFPROTO_IPV6));
  }

  static Rule protocol(int number) {
    return Rule.of(new Expression.Meta(MetaKey.PROTOCOL), equal(number));
  }

  static Rule port(int protocol, int destination) {
    return protocol(protocol)
        .then(
            new Expression.Payload(Base.TRANSPORT, 2, 2),
            new Expression.Compare(
                false, Octets.of(new byte[] {(byte) (destination >> 8), (byte) destination})));
  }

  static Rule icmpv6(int type) {
    return protocol(ICMPV6).then(new Expression.Payload(Base.TRANSPORT, 0, 1), equal(type));
  }

  static Expression equal(int octet) {
    return new Expression.Compare(false, Octets.of(new byte[] {(byte) octet}));
  }
}
