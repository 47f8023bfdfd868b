package io.weft.bgp.rib;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Which next hop a peer is told of what we originate. */
final class EgressTest {
  private static final AutonomousSystem AS = new AutonomousSystem(65001);
  private static final Ipv4Address ID = Ipv4Address.parse("10.255.0.1");
  private static final Source TOR =
      new Source(
          IpAddress.parseWithZone("fe80::1%eth0"),
          ID,
          new AutonomousSystem(64601),
          Source.Kind.EXTERNAL);

  private static Ruling export(String prefix, String local, boolean extended) {
    var route = new UnicastRoute(IpPrefix.parse(prefix));
    var attributes = PathAttributes.originated(ID, List.of(), Optional.empty());
    var egress =
        new Egress(
            List.of(Family.IPV4_UNICAST, Family.IPV6_UNICAST),
            NextHop.AUTOMATIC,
            Optional.of(IpAddress.parseWithZone(local)),
            Optional.empty(),
            extended,
            List.of());
    var path = new RoutesIn(Source.local(ID, AS));
    var rib = new Rib();
    rib.announce(path, route, attributes);
    var candidate = rib.takeChanges().getFirst().after().orElseThrow();
    return new ExportRule(AS, ID, false).export(candidate, TOR, egress);
  }

  @ParameterizedTest
  @CsvSource({
    "10.255.0.1/32, 100.64.0.0, false, 100.64.0.0",
    "10.255.0.1/32, fe80::2%eth0, true, fe80::2",
    "2001:db8::1/128, fe80::2%eth0, false, fe80::2"
  })
  void itIsOurEndOfTheSessionWithoutZone(
      String prefix, String local, boolean extended, String nextHop) {
    assertThat(export(prefix, local, extended))
        .isInstanceOfSatisfying(
            Ruling.Passed.class,
            passed ->
                assertThat(passed.attributes().nextHop()).isEqualTo(IpAddress.parse(nextHop)));
  }

  @Test
  void anIpv6NextHopOfAnIpv4RouteMustBeAgreedOn() {
    var passed = (Ruling.Passed) export("10.255.0.1/32", "fe80::2%eth0", false);
    assertThat(passed.attributes().nextHop()).as("as it was originated").isEqualTo(ID);
  }
}
