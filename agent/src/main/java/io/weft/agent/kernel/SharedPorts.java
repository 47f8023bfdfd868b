package io.weft.agent.kernel;

import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.ElementSet.Field;
import io.weft.linux.nftables.ElementSet.Use;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Expression.Base;
import io.weft.linux.nftables.Expression.MetaKey;
import io.weft.linux.nftables.Rule;
import io.weft.net.Octets;
import io.weft.overlay.forwarding.EgressObject.EgressFilter;
import io.weft.overlay.forwarding.EgressObject.EgressFilter.Shared;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** What tenants reach of each other by services: a set, so that one rule is enough for many. */
final class SharedPorts {
  /** Link of the tenant, protocol, port; there may be as many as tenants declare. */
  static final ElementSet SET =
      new ElementSet(
          "shared", List.of(Field.LINK_NAME, Field.PROTOCOL, Field.PORT), Use.MEMBERS, 0);

  private static final int LINK_NAME = 16;
  private static final int KEY = LINK_NAME + 8;
  private static final int TCP = 6;
  private static final int UDP = 17;

  private SharedPorts() {}

  /** Goes on when the packet leaves to one of them. */
  static Rule rule() {
    return Rule.of(
        new Expression.Meta(MetaKey.OUTPUT_NAME),
        new Expression.Meta(MetaKey.PROTOCOL, LINK_NAME / 4),
        new Expression.Payload(Base.TRANSPORT, 2, 2, LINK_NAME / 4 + 1),
        new Expression.Lookup(SET.name(), false));
  }

  /** What is in the set where this is wanted. */
  static Set<Element> elements(EgressFilter filter) {
    var elements = new LinkedHashSet<Element>();
    filter.shared().forEach(port -> elements.add(element(port)));
    return elements;
  }

  private static Element element(Shared port) {
    return new Element(
        Octets.of(
            ByteBuffer.allocate(KEY)
                .put(port.port().getBytes(StandardCharsets.US_ASCII))
                .position(LINK_NAME)
                .put((byte) (port.udp() ? UDP : TCP))
                .position(LINK_NAME + 4)
                .putShort((short) port.number())
                .array()));
  }

  /** What elements of the set say; nothing of one that is not ours. */
  static List<Shared> read(Collection<Element> elements) {
    return elements.stream()
        .map(element -> read(element.key().toArray()))
        .flatMap(Optional::stream)
        .toList();
  }

  private static Optional<Shared> read(byte[] key) {
    if (key.length != KEY) {
      return Optional.empty();
    }
    int end = 0;
    while (end < LINK_NAME && key[end] != 0) {
      end++;
    }
    var name = new String(key, 0, end, StandardCharsets.US_ASCII);
    int protocol = key[LINK_NAME] & 0xff;
    int number = Short.toUnsignedInt(ByteBuffer.wrap(key).getShort(LINK_NAME + 4));
    return protocol == UDP || protocol == TCP
        ? Optional.of(new Shared(name, protocol == UDP, number))
        : Optional.empty();
  }
}
