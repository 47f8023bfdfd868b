package io.weft.linux.packet;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HexFormat;
import org.junit.jupiter.api.Test;

class EchoMessageTest {
  /** The example of RFC 1071 §3: sum ddf2, so the checksum is its complement. */
  @Test
  void checksumOfTheRfc() {
    assertThat(EchoMessage.checksum(HexFormat.of().parseHex("0001f203f4f5f6f7"))).isEqualTo(0x220d);
  }

  @Test
  void requestsLayout() {
    assertThat(HexFormat.of().formatHex(EchoMessage.request(true, 0x1234, 2, 3)))
        .isEqualTo("0800" + "e3c8" + "1234" + "0002" + "000102");
    assertThat(HexFormat.of().formatHex(EchoMessage.request(false, 0x1234, 2, 0)))
        .isEqualTo("8000" + "0000" + "1234" + "0002");
  }

  @Test
  void onlyRepliesToUsCount() {
    var header = "4500001c00000000400100000a0000010a000002";
    assertThat(reply(header + "00000000" + "12340007")).hasValue(7);
    assertThat(reply(header + "08000000" + "12340007")).as("a request").isEmpty();
    assertThat(reply(header + "00000000" + "12350007")).as("another's").isEmpty();
    assertThat(reply(header + "00000000" + "1234")).as("cut short").isEmpty();
    assertThat(reply("")).isEmpty();
  }

  private static java.util.OptionalInt reply(String hex) {
    return EchoMessage.replySequence(HexFormat.of().parseHex(hex), true, 0x1234);
  }
}
