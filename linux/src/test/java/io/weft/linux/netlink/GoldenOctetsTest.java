package io.weft.linux.netlink;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.MalformedInput;
import io.weft.net.Vni;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Random;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Octets as they went over the netlink sockets of iproute2 6.1.0 (commands beside them) and came
 * back from Linux 6.18 on x86-64, recorded from sendmsg and recvmsg.
 */
class GoldenOctetsTest {
  private static final MacAddress MAC = MacAddress.parse("02:aa:00:00:00:01");
  private static final IpAddress VTEP = IpAddress.parse("10.0.0.2");

  private static final String MULTIPATH_ROW =
      "50000000180022004500046b3f66000002100000fe0300010000000008000f00fe000000080001000a06"
          + "000024000900100000000200000008000500c0a80102100000000200000008000500c0a80103";

  private static final String FLOOD_ROW =
      "440000001c0002004600046b2e6600000700000003000000c00002010a00020000000000000000000800"
          + "01000a0000021400030000000000010000000100000000000000";

  private static final String NEIGHBOUR_ROW =
      "540000001c0002004600046b4366000002000000020000004000100308000100c0a801050a00020002aa"
          + "0000000100000800040000000000140003000b0000000b0000000b0000000000000005000c00ba000000";

  private static final String ADDRESS_ROW =
      "4c000000140022004600046b37660000021880000200000008000100c0a8010108000200c0a8010108000300"
          + "62723000080008008000000014000600ffffffffffffffff401c0500401c0500";

  private static final String REFUSAL =
      "74000000020000004500046b41660000efffffff60000000100005064500046b0000000000000000000000000000"
          + "0000000000000a0003007678313030000000340012000900010076786c616e00000024000200080001006400"
          + "0000080004000a000001050007000100000006000f0012b50000";

  @BeforeAll
  static void littleEndian() {
    assumeTrue(
        ByteOrder.nativeOrder() == ByteOrder.LITTLE_ENDIAN, "recorded on a little-endian machine");
  }

  /** From the type on: length, sequence and the acknowledge flag are the socket's. */
  private static void assertEncodes(Request request, String recorded) {
    assertThat(encoded(request)).isEqualTo(normalized(recorded));
  }

  private static String encoded(Request request) {
    var buffer = ByteBuffer.allocate(4096);
    var writer = new MessageWriter(buffer);
    RequestCodec.write(writer, request, 0);
    var octets = new byte[writer.size()];
    buffer.get(0, octets);
    return normalized(HexFormat.of().formatHex(octets));
  }

  private static String normalized(String hex) {
    var octets = HexFormat.of().parseHex(hex);
    octets[6] &= ~Uapi.NLM_F_ACK;
    for (int i = 8; i < 12; i++) {
      octets[i] = 0;
    }
    return HexFormat.of().formatHex(octets);
  }

  private static Message message(String hex) throws MalformedInput {
    return Message.split(ByteBuffer.wrap(HexFormat.of().parseHex(hex))).getFirst();
  }

  /** bridge fdb replace 02:aa:00:00:00:01 dev vx100 dst 10.0.0.2 self master extern_learn. */
  @Test
  void remoteMacInBothTables() {
    // iproute2 gives NUD_NOARP|NUD_PERMANENT (c0) unless told, we NUD_NOARP|NUD_REACHABLE (42)
    assertEncodes(
        new Request.PutFdb(FdbEntry.remote(3, MAC, VTEP)),
        "300000001c0005054600046b000000000700000003000000420016000a00020002aa000000010000"
            + "080001000a000002");
  }

  /** bridge fdb append 00:00:00:00:00:00 dev vx100 dst 10.0.0.2 self permanent. */
  @Test
  void floodEntry() {
    // iproute2 adds NUD_NOARP to permanent (c0)
    assertEncodes(
        new Request.AppendFdb(FdbEntry.flood(3, VTEP)),
        "300000001c00050c4600046b000000000700000003000000800002000a0002000000000000000000"
            + "080001000a000002");
  }

  /** ip neigh replace 192.168.1.5 lladdr 02:aa:00:00:00:01 dev br0 nud noarp extern_learn. */
  @Test
  void suppressionNeighbour() {
    var neighbour = Neighbour.remote(2, IpAddress.parse("192.168.1.5"), MAC, 186);
    assertEncodes(
        new Request.PutNeighbour(neighbour),
        "380000001c0005054600046b0000000002000000020000004000100005000c00ba00000008000100"
            + "c0a801050a00020002aa000000010000");
  }

  /** ip link add link v0 name ep5 mtu 1450 type vlan id 100; v0 has index 3. */
  @Test
  void vlan() {
    var request = new Request.CreateVlan("ep5", 3, 100, LinkSettings.NONE.withMtu(1450));
    // iproute2 has the link before the name, no NLA_F_NESTED (80), and no NUL behind "vlan"
    assertThat(encoded(request))
        .contains("08000400aa050000", "0800050003000000", "0800030065703500")
        .contains("00128009000100766c616e00")
        .endsWith("0600010064000000");
  }

  /** ip addr add fd00::1/64 dev br0 nodad; ip addr add 192.168.1.1/24 dev br0. */
  @Test
  void addresses() {
    assertEncodes(
        new Request.AddAddress(Address.of(2, IpAddress.parse("fd00::1"), 64)),
        "40000000140005064500046b000000000a4002000200000014000200fd000000000000000000000000"
            + "00000114000100fd000000000000000000000000000001");
    assertEncodes(
        new Request.AddAddress(Address.of(2, IpAddress.parse("192.168.1.1"), 24)),
        "28000000140005064500046b00000000021800000200000008000200c0a8010108000100c0a80101");
  }

  /** ip route replace 10.5.0.0/16 via 10.9.9.9 dev br0 onlink proto bgp, and two more. */
  @Test
  void routes() {
    var onlink = NextHop.onlink(IpAddress.parse("10.9.9.9"), 2);
    assertEncodes(
        new Request.ReplaceRoute(
            Route.of(IpPrefix.parse("10.5.0.0/16"), onlink).withProtocol(Route.BGP)),
        "34000000180005054500046b0000000002100000feba000104000000080001000a050000"
            + "080005000a0909090800040002000000");
    // ip route add unreachable default; iproute2 says RTPROT_BOOT (3), we RTPROT_STATIC (4)
    assertEncodes(
        new Request.AddRoute(Route.unreachable(IpPrefix.parse("0.0.0.0/0"))),
        "1c000000180005064500046b0000000002000000fe04000700000000");
    // ip route add 10.6.0.0/16 nexthop via 192.168.1.2 dev br0 nexthop via 192.168.1.3 dev br0
    var route =
        Route.of(
            IpPrefix.parse("10.6.0.0/16"),
            NextHop.via(IpAddress.parse("192.168.1.2"), 2),
            NextHop.via(IpAddress.parse("192.168.1.3"), 2));
    assertEncodes(
        new Request.AddRoute(route),
        "48000000180005064500046b0000000002100000fe04000100000000080001000a060000240009001000"
            + "00000200000008000500c0a80102100000000200000008000500c0a80103");
  }

  /** The kernel's row of the route above, and of ip route add unreachable default. */
  @Test
  void readsRoutes() throws Exception {
    assertThat(RouteCodec.read(message(MULTIPATH_ROW)).orElseThrow())
        .isEqualTo(
            Route.of(
                    IpPrefix.parse("10.6.0.0/16"),
                    NextHop.via(IpAddress.parse("192.168.1.2"), 2),
                    NextHop.via(IpAddress.parse("192.168.1.3"), 2))
                .withProtocol(3));
    var unreachable = "24000000180022004500046b3f66000002000000fe0300070000000008000f00fe000000";
    assertThat(RouteCodec.read(message(unreachable)))
        .contains(Route.unreachable(IpPrefix.parse("0.0.0.0/0")).withProtocol(3));
  }

  /** bridge fdb show dev vx100: the bridge's row, the flood entry, the device's row. */
  @Test
  void readsFdb() throws Exception {
    var bridge =
        "4c0000001c0002004600046b2e6600000700000003000000020010000a00020002aa00000001000008"
            + "0009000200000008000f000000000014000300000000000100000001000000000000000000";
    var device =
        "440000001c0002004600046b2e6600000700000003000000c00012010a00020002aa00000001000008"
            + "0001000a0000021400030000000000010000000100000000000000";
    var remote = FdbEntry.remote(3, MAC, VTEP);
    assertThat(NeighbourCodec.readFdb(message(bridge))).contains(remote.in(FdbTable.MASTER));
    assertThat(NeighbourCodec.readFdb(message(FLOOD_ROW))).contains(FdbEntry.flood(3, VTEP));
    assertThat(NeighbourCodec.readFdb(message(device))).contains(remote.in(FdbTable.SELF));
  }

  /** ip neigh show. */
  @Test
  void readsNeighbour() throws Exception {
    assertThat(NeighbourCodec.readNeighbour(message(NEIGHBOUR_ROW)))
        .contains(Neighbour.remote(2, IpAddress.parse("192.168.1.5"), MAC, 186));
  }

  /** ip -4 addr show dev br0. */
  @Test
  void readsAddress() throws Exception {
    assertThat(AddressCodec.read(message(ADDRESS_ROW)))
        .contains(Address.of(2, IpAddress.parse("192.168.1.1"), 24));
  }

  /** ip link show vx100, of a VXLAN device that is a bridge port with learning off. */
  @Test
  void readsLink() throws Exception {
    var link = LinkCodec.read(message(resource("link-vx100.hex")));
    assertThat(link)
        .isEqualTo(
            new Link(
                3,
                "vx100",
                "vxlan",
                1450,
                Optional.of(MacAddress.parse("02:00:00:00:00:64")),
                true,
                true,
                OptionalInt.of(2),
                Optional.of("hello"),
                Optional.of(Vxlan.of(new Vni(100), IpAddress.parse("10.0.0.1"))),
                Optional.of(new BridgePort(false, true, false, false, false, true, 0)),
                Optional.empty(),
                OptionalInt.empty(),
                OptionalInt.empty(),
                new Ipv4Settings(false, 0, 0, false),
                false,
                false,
                true,
                true,
                0));
  }

  private static String resource(String name) throws IOException {
    try (var in = GoldenOctetsTest.class.getResourceAsStream(name)) {
      return new String(in.readAllBytes(), StandardCharsets.US_ASCII).replaceAll("\\s", "");
    }
  }

  /** ip link add vx100 type vxlan id 100 ... a second time: the request comes back uncapped. */
  @Test
  void readsRefusal() throws Exception {
    assertThat(message(REFUSAL).errno()).isEqualTo(17);
    assertThat(message(REFUSAL).extendedAck()).isEmpty();
  }

  /** Laid out after linux/netlink.h: NLM_F_CAPPED|NLM_F_ACK_TLVS, NLMSGERR_ATTR_MSG "no". */
  @Test
  void readsExtendedAck() throws Exception {
    var refusal =
        "34000000"
            + "02000003"
            + "0100000000000000"
            + "eaffffff"
            + "20000000100005060100000000000000"
            + "07000100"
            + "6e6f0000"
            + "08000500"
            + "01000000";
    assertThat(message(refusal).errno()).isEqualTo(22);
    assertThat(message(refusal).extendedAck()).isEqualTo("no, missing attribute 1");
  }

  /** Whatever the octets: a value or {@link MalformedInput}, never another exception. */
  @Test
  void damagedOctetsGiveAValueOrAFault() throws Exception {
    damage(resource("link-vx100.hex"), LinkCodec::read);
    damage(resource("link-vx100.hex"), LinkCodec::bridgePort);
    damage(FLOOD_ROW, NeighbourCodec::readFdb);
    damage(NEIGHBOUR_ROW, NeighbourCodec::readNeighbour);
    damage(ADDRESS_ROW, AddressCodec::read);
    damage(MULTIPATH_ROW, RouteCodec::read);
    damage(REFUSAL, Message::extendedAck);
  }

  private static void damage(String recorded, NetlinkSocket.Decoder<?> decoder) throws Exception {
    var good = HexFormat.of().parseHex(recorded);
    var random = new Random(1);
    int runs = 5_000;
    int faults = 0;
    for (int run = 0; run < runs; run++) {
      var octets = good.clone();
      for (int i = 0; i < 1 + run % 8; i++) {
        octets[6 + random.nextInt(octets.length - 6)] = (byte) random.nextInt();
      }
      try {
        decoder.decode(Message.split(ByteBuffer.wrap(octets)).getFirst());
      } catch (MalformedInput _) {
        faults++;
      }
    }
    assertThat(faults).isLessThan(runs);
  }

  @Test
  void refusesNamesThatTheKernelWouldRefuse() {
    for (var name : List.of("", "a-name-of-16-octs", "a/b", "a b", "..")) {
      assertThatThrownBy(() -> new Request.CreateBridge(name, LinkSettings.NONE))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessageContaining("'" + name + "'");
    }
  }
}
