package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PortAliasTest {
  private static final MacAddress MAC = MacAddress.parse("0a:58:c0:a8:01:0a");

  @Test
  void theTextIsStable() {
    var alias =
        new PortAlias(
            "web-1",
            "red-web",
            MAC,
            List.of(IpAddress.parse("192.168.1.10"), IpAddress.parse("fd00:1::a")),
            true);
    assertThat(alias.text())
        .isEqualTo("weft1 web-1 red-web 0a:58:c0:a8:01:0a 192.168.1.10,fd00:1::a sticky");
    assertThat(PortAlias.parse(alias.text())).contains(alias);
  }

  @Test
  void aLinkOfTheNodeIsRemembered() {
    var start = "weft1 db-1 red-web 0a:58:c0:a8:01:0a ";
    for (var text :
        List.of(
            start + " link=eth1 was=1500,up",
            start + "192.168.1.10 sticky link=a=b was=9000",
            start + "192.168.1.10 sticky declared link=eth1",
            start + " learn link=eth1 was=1500",
            start + "192.168.1.10 sticky declared learn vlan=7,eth1",
            start + "192.168.1.10 vlan=100,eth1",
            start + " tap=vm,0 via=192.168.1.1")) {
      assertThat(PortAlias.parse(text).map(PortAlias::text)).contains(text);
    }
    for (var bad : List.of(" link=", " vlan=100", " vlan=0,eth1", " tap=vm0 more", " was=x")) {
      assertThat(PortAlias.parse(start + bad)).as(bad).isEmpty();
    }
  }

  @Test
  void whatWasWrittenIsRead() {
    var random = new SplittableRandom(7);
    for (int i = 0; i < 2000; i++) {
      var addresses = new ArrayList<IpAddress>();
      for (int n = random.nextInt(5); n > 0; n--) {
        var octets = new byte[random.nextBoolean() ? 4 : 16];
        random.nextBytes(octets);
        addresses.add(IpAddress.of(octets));
      }
      var alias =
          new PortAlias(
              "e" + Long.toString(random.nextLong(), 36),
              "n." + random.nextInt(),
              new MacAddress(random.nextLong(1L << 48)),
              addresses,
              random.nextBoolean());
      assertThat(PortAlias.parse(alias.text())).contains(alias);
    }
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "weft1",
        "some text of others",
        "weft2 web-1 red-web 0a:58:c0:a8:01:0a 192.168.1.10",
        "weft1 web-1 red-web 0a:58:c0:a8:01 192.168.1.10",
        "weft1 web-1 red-web 0a:58:c0:a8:01:0a 192.168.1",
        "weft1 web-1 red-web 0a:58:c0:a8:01:0a 192.168.1.10,",
        "weft1 web-1 red-web 0a:58:c0:a8:01:0a 192.168.1.10 more",
        "weft1 web-1 red-web 0a:58:c0:a8:01:0a"
      })
  void whatIsNotWholeIsNotOurs(String text) {
    assertThat(PortAlias.parse(text)).isEmpty();
  }
}
