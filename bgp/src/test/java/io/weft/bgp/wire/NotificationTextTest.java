package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Notification;
import io.weft.net.Octets;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class NotificationTextTest {
  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "6 | 2 | 0b6d61696e74656e616e6365 | 6/2 Cease/Administrative Shutdown: \"maintenance\"",
        "6 | 4 | 026f6b | 6/4 Cease/Administrative Reset: \"ok\"",
        "6 | 9 | 0604026f6b | 6/9 Cease/Hard Reset: 6/4 Cease/Administrative Reset: \"ok\"",
        "6 | 9 | 0400 | 6/9 Cease/Hard Reset: 4/0 Hold Timer Expired",
        "6 | 9 | 06 | 6/9 Cease/Hard Reset: data 06",
        "6 | 2 | ff6f6b | 6/2 Cease/Administrative Shutdown: \"ok\"", // length beyond the data
        "6 | 2 | 00 | 6/2 Cease/Administrative Shutdown",
        "6 | 2 | '' | 6/2 Cease/Administrative Shutdown",
        "6 | 7 | '' | 6/7 Cease/Connection Collision Resolution",
        "2 | 6 | 0001 | 2/6 OPEN Message Error/Unacceptable Hold Time: data 0001",
        "2 | 7 | 010400190046010400010084"
            + " | 2/7 OPEN Message Error/Unsupported Capability: it misses l2vpn-evpn, route-target",
        "2 | 7 | 0104001900 | 2/7 OPEN Message Error/Unsupported Capability: data 0104001900",
        "2 | 7 | 4600 | 2/7 OPEN Message Error/Unsupported Capability: data 4600",
        "3 | 11 | '' | 3/11 UPDATE Message Error/Malformed AS_PATH",
        "3 | 7 | '' | 3/7 UPDATE Message Error/subcode 7",
        "4 | 0 | '' | 4/0 Hold Timer Expired",
        "99 | 3 | '' | 99/3 code 99/subcode 3",
        "0 | 255 | '' | 0/255 code 0/subcode 255"
      })
  void inWords(int code, int subcode, String data, String text) {
    assertThat(NotificationText.describe(new Notification(code, subcode, Octets.parse(data))))
        .isEqualTo(text);
  }

  @Test
  void controlCharactersOfThePeerDoNotReachTheTerminal() {
    var data = Octets.parse("041b5b324a"); // ESC [ 2 J clears a screen
    assertThat(NotificationText.describe(new Notification(6, 2, data)))
        .doesNotContain("\u001b")
        .contains("[2J");
  }

  @Test
  void onlyOneWrapperIsTakenOff() {
    var data = Octets.parse("0609".repeat(2000));
    assertThat(NotificationText.describe(new Notification(6, 9, data)))
        .startsWith("6/9 Cease/Hard Reset: 6/9 Cease/Hard Reset: data 0609")
        .hasSizeLessThan(200);
  }
}
