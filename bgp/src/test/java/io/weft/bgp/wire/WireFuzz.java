package io.weft.bgp.wire;

import io.weft.bgp.wire.Capability.AddPathFamily;
import io.weft.bgp.wire.Capability.NextHopFamily;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.Update;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import java.util.List;
import java.util.stream.Stream;

/**
 * Any octets give a {@link Decoded}, and a good message written and read again is the same. An
 * input is {@code 1 kind of session | 1 message type | body}: the header is made here, so that a
 * fuzzer need not find it. {@code make fuzz} calls it with new inputs, {@link FuzzCorpusTest} with
 * those kept.
 */
public final class WireFuzz {
  /** Longer inputs are cut: nothing new is in them, and what is read may be written longer. */
  private static final int LONGEST = 1024;

  private static final List<Family> FAMILIES =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.ROUTE_TARGET);

  private WireFuzz() {}

  /** The entry that the fuzzer calls. */
  public static void fuzzerTestOneInput(byte[] input) {
    check(input);
  }

  static Decoded check(byte[] input) {
    if (input.length < 2) {
      return new MessageCodec().decode(input);
    }
    int body = Math.min(input.length - 2, LONGEST);
    var message = new byte[Message.HEADER_LENGTH + body];
    for (int i = 0; i < 16; i++) {
      message[i] = -1;
    }
    message[16] = (byte) (message.length >> 8);
    message[17] = (byte) message.length;
    System.arraycopy(input, 1, message, 18, body + 1);
    var codec = session(input[0] & 3);
    var decoded = codec.decode(message);
    switch (decoded) {
      case Decoded.Good(Update update) -> checkUpdate(update, session(input[0] & 3));
      case Decoded.Good(Message other) -> {
        var fresh = session(input[0] & 3);
        expectSame(other, fresh.decode(fresh.encode(other)));
        if (other instanceof Message.Notification notification) {
          NotificationText.describe(notification);
        }
      }
      case Decoded.Fatal(Message.Notification notification, String reason) -> {
        codec.encode(notification);
        if (reason.isBlank()) {
          throw new IllegalStateException("a fault without a reason");
        }
      }
    }
    return decoded;
  }

  private static void checkUpdate(Update update, MessageCodec codec) {
    if (update.attributes().isEmpty() != update.announced().isEmpty()) {
      throw new IllegalStateException("routes and attributes do not go together: " + update);
    }
    boolean empty = update.announced().isEmpty() && update.withdrawn().isEmpty();
    long families =
        update.withdrawn().stream()
            .map(Route::family)
            .filter(family -> !family.equals(Family.IPV4_UNICAST))
            .distinct()
            .count();
    if (empty && update.endOfRib().isEmpty() || families > 1) {
      return; // nothing to be said, or more than one UPDATE can say
    }
    var clean =
        new Update(
            update.withdrawn(),
            update.announced(),
            update.attributes(),
            update.endOfRib(),
            List.of(),
            update.withdrawnPathIds(),
            update.announcedPathIds());
    expectSame(clean, codec.decode(codec.encode(clean)));
  }

  private static void expectSame(Message message, Decoded again) {
    if (!again.equals(new Decoded.Good(message))) {
      throw new IllegalStateException(message + " came back as " + again);
    }
  }

  /** iBGP of EVPN alone; eBGP with an old speaker; everything agreed on; IPv4 without extras. */
  private static MessageCodec session(int kind) {
    return switch (kind) {
      case 0 -> codec(open(65000, List.of(evpn(), as4(65000))), 65000);
      case 1 -> codec(open(65001, List.of(evpn())), 65000);
      case 2 -> codec(open(65000, everything()), 65000);
      default -> codec(open(65001, families()), 65000);
    };
  }

  private static MessageCodec codec(Open theirs, long as) {
    var codec = new MessageCodec();
    codec.encode(open(as, Stream.concat(everything().stream(), Stream.of(as4(as))).toList()));
    codec.decode(new MessageCodec().encode(theirs));
    return codec;
  }

  private static Open open(long as, List<Capability> capabilities) {
    return new Open(new AutonomousSystem(as), 90, Ipv4Address.parse("10.0.0.1"), capabilities);
  }

  private static Capability evpn() {
    return new Capability.Multiprotocol(Family.L2VPN_EVPN);
  }

  private static Capability as4(long as) {
    return new Capability.FourOctetAs(new AutonomousSystem(as));
  }

  private static List<Capability> families() {
    return FAMILIES.stream().<Capability>map(Capability.Multiprotocol::new).toList();
  }

  private static List<Capability> everything() {
    var more =
        List.<Capability>of(
            as4(65000),
            new Capability.ExtendedMessage(),
            new Capability.ExtendedNextHop(List.of(new NextHopFamily(Family.IPV4_UNICAST, 2))),
            new Capability.AddPath(
                FAMILIES.stream().map(family -> new AddPathFamily(family, true, true)).toList()));
    return Stream.concat(families().stream(), more.stream()).toList();
  }
}
