package io.weft.agent.bgp;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.EvpnRoute.InclusiveMulticast;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.PathAttributes;
import io.weft.net.AutonomousSystem;
import io.weft.net.Ipv4Address;
import io.weft.net.OctetWriter;
import io.weft.net.RouteDistinguisher;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What is shared must be what each codec would have written itself. */
class SharedEncodingTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65000);
  private static final Ipv4Address SELF = Ipv4Address.parse("10.0.0.1");

  private final SharedEncoding encoding = new SharedEncoding();

  private static Message.Open open(AutonomousSystem as, Capability... more) {
    var capabilities = new ArrayList<Capability>(List.of(more));
    capabilities.add(new Capability.Multiprotocol(Family.L2VPN_EVPN));
    return new Message.Open(as, 90, SELF, capabilities);
  }

  /** One that has seen both OPENs. */
  private static MessageCodec codec(Message.Open theirs) {
    var codec = new MessageCodec();
    codec.encode(open(AS, new Capability.FourOctetAs(AS)));
    codec.decode(new MessageCodec().encode(theirs));
    return codec;
  }

  private static Message.Update update(int number) {
    return Message.Update.announce(
        PathAttributes.originated(SELF, List.of(), Optional.empty()),
        List.of(new InclusiveMulticast(RouteDistinguisher.of(SELF, number), 0, SELF)));
  }

  private byte[] encode(MessageCodec codec, Message message) {
    var out = new OctetWriter();
    encoding.encode(codec, message, out);
    return out.toArray();
  }

  @Test
  void eachConnectionGetsTheOctetsOfItsOwnLayout() {
    var alike = List.of(codec(open(AS, new Capability.FourOctetAs(AS))), codec(open(AS)));
    var external = codec(open(new AutonomousSystem(65001)));
    for (int i = 0; i < 3; i++) {
      var update = update(i);
      for (var codec : List.of(alike.getFirst(), alike.getLast(), external, alike.getFirst())) {
        assertThat(encode(codec, update)).isEqualTo(codec.encode(update));
      }
    }
    assertThat(encode(external, update(0))).isNotEqualTo(encode(alike.getFirst(), update(0)));
  }

  @Test
  void moreThanIsRememberedIsEncodedAllTheSame() {
    var codec = codec(open(AS, new Capability.FourOctetAs(AS)));
    int longEnough = 3 * SharedEncoding.MAX_OCTETS / encode(codec, update(0)).length;
    for (int i = 0; i < longEnough; i++) {
      var update = update(i % 60_000);
      assertThat(encode(codec, update)).isEqualTo(codec.encode(update));
    }
  }

  @Test
  void otherMessagesAreNotShared() {
    var codec = new MessageCodec();
    var open = open(AS, new Capability.FourOctetAs(AS));
    assertThat(encode(codec, open)).isEqualTo(new MessageCodec().encode(open));
    codec.decode(new MessageCodec().encode(open));
    assertThat(codec.peering().internal()).as("it learned from the OPEN").isTrue();
    assertThat(codec.peering().families()).containsExactly(Family.L2VPN_EVPN);
  }
}
