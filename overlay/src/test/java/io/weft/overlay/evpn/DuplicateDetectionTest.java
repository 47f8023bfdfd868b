package io.weft.overlay.evpn;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.weft.net.MacAddress;
import io.weft.overlay.evpn.DuplicateDetection.Limits;
import io.weft.overlay.evpn.DuplicateDetection.Subject;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/** RFC 7432 §15.1: so many moves within so long are too many. */
final class DuplicateDetectionTest {
  private static final Subject ONE = new Subject("web", new MacAddress(0x0a58_0000_0001L));
  private static final Subject OTHER = new Subject("web", new MacAddress(0x0a58_0000_0002L));
  private static final Limits THREE_IN_TEN = new Limits(3, 10, 100);

  @ParameterizedTest
  @CsvSource({
    "0 1 2, true",
    "0 1, false",
    "0 5 9, true",
    "0 5 10, false",
    "0 5 10 14, true",
    "0 10 20 30 40, false",
    "7 7 7, true",
    "0 9 10 18, true",
    "0 9 18 27 36, false"
  })
  void countsWithinTheWindow(String times, boolean duplicate) {
    var detection = new DuplicateDetection(THREE_IN_TEN);
    for (var time : times.split(" ")) {
      detection.moved(Long.parseLong(time), ONE);
      detection.moved(Long.parseLong(time), other(time));
    }
    assertThat(detection.isDuplicate(ONE)).isEqualTo(duplicate);
  }

  /** Each move of another MAC: none of them adds to the first. */
  private static Subject other(String time) {
    return new Subject("shop" + time, ONE.mac());
  }

  @Test
  void theStandardIsFiveIn180SecondsAndNineTimesThatToRecover() {
    assertThat(Limits.STANDARD).isEqualTo(new Limits(5, 180_000_000_000L, 1_620_000_000_000L));
    assertThatThrownBy(() -> new Limits(0, 1, 1)).hasMessageContaining("at least 1");
  }

  @Test
  void aDuplicateSaysSinceWhenAndRecovers() {
    var detection = new DuplicateDetection(THREE_IN_TEN);
    assertThat(detection.moved(1, ONE)).isFalse();
    assertThat(detection.moved(2, ONE)).isFalse();
    assertThat(detection.moved(4, ONE)).isTrue();
    assertThat(detection.moved(5, ONE)).as("once").isFalse();
    assertThat(detection.duplicates())
        .containsExactly(new DuplicateDetection.Duplicate(ONE, 3, 1, 4, 104));
    assertThat(detection.nextRecovery()).hasValue(104);
    assertThat(detection.recover(103)).isEmpty();
    assertThat(detection.recover(104)).containsExactly(ONE);
    assertThat(detection.nextRecovery()).isEmpty();
    assertThat(detection.moved(105, ONE)).as("counted anew").isFalse();
  }

  @Test
  void anOwnerThatGoesEndsIt() {
    var detection = new DuplicateDetection(THREE_IN_TEN);
    assertThat(detection.ownerGone(ONE)).isFalse();
    for (int i = 0; i < 3; i++) {
      detection.moved(i, ONE);
    }
    assertThat(detection.ownerGone(ONE)).isTrue();
    assertThat(detection.isDuplicate(ONE)).isFalse();
  }

  static LongStream seeds() {
    return LongStream.rangeClosed(1, 200);
  }

  /** Against the definition: some run of as many moves lies within one window. */
  @ParameterizedTest
  @MethodSource("seeds")
  void agreesWithTheDefinition(long seed) {
    var random = new Random(seed);
    var limits = new Limits(1 + random.nextInt(5), 1 + random.nextInt(40), 1000);
    var detection = new DuplicateDetection(limits);
    var subjects = List.of(ONE, OTHER);
    var times = List.of(new ArrayList<Long>(), new ArrayList<Long>());
    var frozen = new boolean[2];
    long now = random.nextLong();
    for (int i = 0; i < 30; i++) {
      now += random.nextInt(20);
      int which = random.nextInt(2);
      var mine = times.get(which);
      boolean becomes = detection.moved(now, subjects.get(which));
      mine.add(now);
      int n = mine.size();
      boolean expected =
          !frozen[which]
              && n >= limits.moves()
              && now - mine.get(n - limits.moves()) < limits.windowNanos();
      frozen[which] |= expected;
      assertThat(becomes).as("seed %s, %s, %s", seed, limits, mine).isEqualTo(expected);
      assertThat(detection.isDuplicate(subjects.get(which))).isEqualTo(frozen[which]);
    }
    assertThat(detection.duplicates())
        .hasSize((int) Arrays.stream(new int[] {0, 1}).filter(i -> frozen[i]).count());
  }
}
