package io.weft.bgp.wire;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.Message.Update;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Properties over messages and octets by chance; a failing seed is in the description. */
class MessagePropertiesTest {
  @Test
  void decodingUndoesEncoding() {
    for (long seed = 0; seed < 20_000; seed++) {
      var message = new Messages(new SplittableRandom(seed)).next();
      var octets = Wire.internal().encode(message);
      assertThat(Wire.internal().frameLength(octets)).isEqualTo(octets.length);
      assertThat(Wire.internal().decode(octets))
          .as("seed %d", seed)
          .isEqualTo(new Decoded.Good(message));
    }
  }

  @Test
  void decodingUndoesEncodingToOldSpeakers() {
    for (long seed = 0; seed < 5_000; seed++) {
      var message = new Messages(new SplittableRandom(seed)).next();
      if (message instanceof Update) {
        var codec = Wire.codec(Wire.open(65000, true), Wire.open(65000, false));
        assertThat(codec.decode(codec.encode(message)))
            .as("seed %d", seed)
            .isEqualTo(new Decoded.Good(message));
      }
    }
  }

  @Test
  void encodedLengthIsThatOfTheOctets() {
    for (long seed = 0; seed < 5_000; seed++) {
      var route = new Messages(new SplittableRandom(seed)).route();
      int alone = Wire.internal().encode(Update.withdraw(List.of(route))).length;
      assertThat(UpdatePacking.encodedLength(route.key()))
          .as("seed %d", seed)
          .isEqualTo(alone - 30);
      assertThat(UpdatePacking.encodedLength(route.key()))
          .isLessThanOrEqualTo(UpdatePacking.encodedLength(route));
    }
  }

  @Test
  void randomOctetsGiveAValueOrAFault() {
    var random = new SplittableRandom(1);
    for (int i = 0; i < 100_000; i++) {
      var octets = new byte[random.nextInt(120)];
      random.nextBytes(octets);
      survive(octets, i);
      if (octets.length >= Message.HEADER_LENGTH) { // with a lawful header, to get further
        frame(octets, 1 + random.nextInt(5));
        survive(octets, i);
      }
    }
  }

  @Test
  void changedGoldenMessagesGiveAValueOrAFault() {
    var goldens = GoldenMessagesTest.names().map(GoldenMessagesTest::golden).toList();
    var random = new SplittableRandom(2);
    int good = 0;
    for (int i = 0; i < 150_000; i++) {
      var octets = mutate(goldens.get(random.nextInt(goldens.size())), random);
      good += survive(octets, i) instanceof Decoded.Good ? 1 : 0;
    }
    assertThat(good).isBetween(10_000, 149_000);
  }

  private static byte[] mutate(byte[] golden, SplittableRandom random) {
    var octets = golden.clone();
    for (int n = 1 + random.nextInt(3); n > 0; n--) {
      int at = Message.HEADER_LENGTH + random.nextInt(Math.max(1, octets.length - 19));
      switch (random.nextInt(4)) {
        case 0 -> octets[Math.min(at, octets.length - 1)] = (byte) random.nextInt();
        case 1 -> octets[Math.min(at, octets.length - 1)] ^= (byte) (1 << random.nextInt(8));
        case 2 -> octets = cut(octets, Math.min(at, octets.length), random.nextInt(5));
        default -> octets = grow(octets, Math.min(at, octets.length), random.nextInt(5));
      }
    }
    frame(octets, octets[18]);
    return octets;
  }

  private static byte[] cut(byte[] octets, int at, int count) {
    int to = Math.min(octets.length, at + count);
    var shorter = new byte[octets.length - (to - at)];
    System.arraycopy(octets, 0, shorter, 0, at);
    System.arraycopy(octets, to, shorter, at, octets.length - to);
    return shorter;
  }

  private static byte[] grow(byte[] octets, int at, int count) {
    var longer = new byte[octets.length + count];
    System.arraycopy(octets, 0, longer, 0, at);
    System.arraycopy(octets, at, longer, at + count, octets.length - at);
    return longer;
  }

  private static void frame(byte[] octets, int type) {
    for (int i = 0; i < 16; i++) {
      octets[i] = -1;
    }
    octets[16] = (byte) (octets.length >> 8);
    octets[17] = (byte) octets.length;
    octets[18] = (byte) type;
  }

  /** Decodes as three kinds of session; what comes out is whole and, written again, the same. */
  private static Decoded survive(byte[] octets, int number) {
    Decoded last = new MessageCodec().decode(octets);
    for (var theirs : List.of(Wire.open(65000, true), Wire.open(65001, false))) {
      var codec = Wire.codec(Wire.open(65000, true), theirs);
      last = codec.decode(octets);
      if (last instanceof Decoded.Good(Update update)) {
        assertThat(update.attributes().isEmpty())
            .as("case %d", number)
            .isEqualTo(update.announced().isEmpty());
        if (!update.announced().isEmpty() || !update.withdrawn().isEmpty()) {
          var clean =
              new Update(
                  update.withdrawn(),
                  update.announced(),
                  update.attributes(),
                  update.endOfRib(),
                  List.of(),
                  update.withdrawnPathIds(),
                  update.announcedPathIds());
          assertThat(codec.decode(codec.encode(clean)))
              .as("case %d: %s", number, Wire.hex(octets))
              .isEqualTo(new Decoded.Good(clean));
        }
      } else if (last instanceof Decoded.Good(Message message)) {
        assertThat(new MessageCodec().decode(new MessageCodec().encode(message)))
            .as("case %d", number)
            .isEqualTo(last);
        if (message instanceof Message.Notification notification) {
          assertThat(NotificationText.describe(notification)).isNotEmpty();
        }
      } else {
        var fatal = (Decoded.Fatal) last;
        assertThat(fatal.reason()).isNotBlank();
        assertThat(codec.encode(fatal.notification()).length).isLessThanOrEqualTo(4096);
      }
    }
    return last;
  }
}
