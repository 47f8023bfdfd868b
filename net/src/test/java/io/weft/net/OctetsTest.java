package io.weft.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Reader, writer and octet strings. */
class OctetsTest {
  @Test
  void readingUndoesWritingWhateverTheCapacity() throws MalformedInput {
    for (long seed = 0; seed < 3_000; seed++) {
      var random = new SplittableRandom(seed);
      var out = new OctetWriter(random.nextInt(40));
      int steps = random.nextInt(60);
      for (int i = 0; i < steps; i++) {
        write(out, random.nextInt(8), random.nextLong());
      }
      var again = new SplittableRandom(seed);
      again.nextInt(40);
      assertThat(again.nextInt(60)).isEqualTo(steps);
      var in = new OctetReader(out.toArray());
      assertThat(in.remaining()).isEqualTo(out.size());
      for (int i = 0; i < steps; i++) {
        expect(in, again.nextInt(8), again.nextLong(), "seed " + seed + ", step " + i);
      }
      in.expectEmpty("all");
    }
  }

  private static void write(OctetWriter out, int kind, long value) {
    switch (kind) {
      case 0 -> out.u8((int) value);
      case 1 -> out.u16((int) value);
      case 2 -> out.u24((int) value);
      case 3 -> out.u32(value);
      case 4 -> out.u48(value);
      case 5 -> out.u64(value);
      case 6 -> out.bytes(new byte[(int) value & 31]);
      default -> out.octets(Octets.of(new byte[] {(byte) value}));
    }
  }

  private static void expect(OctetReader in, int kind, long value, String as)
      throws MalformedInput {
    switch (kind) {
      case 0 -> assertThat(in.u8("x")).as(as).isEqualTo((int) value & 0xff);
      case 1 -> assertThat(in.u16("x")).as(as).isEqualTo((int) value & 0xffff);
      case 2 -> assertThat(in.u24("x")).as(as).isEqualTo((int) value & 0xffffff);
      case 3 -> assertThat(in.u32("x")).as(as).isEqualTo(value & 0xffff_ffffL);
      case 4 -> assertThat(in.u48("x")).as(as).isEqualTo(value & 0xffff_ffff_ffffL);
      case 5 -> assertThat(in.u64("x")).as(as).isEqualTo(value);
      case 6 ->
          assertThat(in.bytes("x", (int) value & 31)).as(as).isEqualTo(new byte[(int) value & 31]);
      default -> assertThat(in.octets("x", 1).at(0)).as(as).isEqualTo((int) value & 0xff);
    }
  }

  @Test
  void everyReadIsBounded() {
    for (int length = 0; length < 8; length++) {
      int left = length;
      var octets = new byte[length];
      if (left < 1) {
        cutShort(left, () -> new OctetReader(octets).u8("field"));
      }
      if (left < 2) {
        cutShort(left, () -> new OctetReader(octets).u16("field"));
      }
      if (left < 3) {
        cutShort(left, () -> new OctetReader(octets).u24("field"));
      }
      if (left < 4) {
        cutShort(left, () -> new OctetReader(octets).u32("field"));
      }
      if (left < 4) {
        cutShort(left, () -> new OctetReader(octets).s32("field"));
      }
      if (left < 6) {
        cutShort(left, () -> new OctetReader(octets).u48("field"));
      }
      cutShort(left, () -> new OctetReader(octets).u64("field"));
      cutShort(left, () -> new OctetReader(octets).bytes("field", left + 1));
      cutShort(left, () -> new OctetReader(octets).octets("field", Integer.MAX_VALUE));
      cutShort(left, () -> new OctetReader(octets).sub("field", left + 1));
      cutShort(left, () -> new OctetReader(octets).skip("field", left + 1));
      cutShort(left, () -> new OctetReader(octets).skip("field", -1));
    }
  }

  private interface Read {
    void run() throws MalformedInput;
  }

  private static void cutShort(int left, Read read) {
    assertThatThrownBy(read::run)
        .as("%d octets", left)
        .isInstanceOf(MalformedInput.class)
        .hasMessageStartingWith("field: needs ")
        .hasMessageContaining("are left");
  }

  @Test
  void aSubReaderEndsWhereItsLengthSays() throws MalformedInput {
    var in = new OctetReader(new byte[] {1, 2, 3, 4});
    var sub = in.sub("part", 2);
    assertThat(in.u8("rest")).isEqualTo(3);
    assertThat(in.position()).isEqualTo(3);
    assertThat(sub.u8("first")).isEqualTo(1);
    assertThatThrownBy(() -> sub.u16("beyond")).isInstanceOf(MalformedInput.class);
    assertThatThrownBy(() -> sub.expectEmpty("part")).hasMessage("part: 1 octets are left over");
    assertThat(sub.u8("second")).isEqualTo(2);
    assertThat(sub.isEmpty()).isTrue();
    sub.expectEmpty("part");
    assertThatThrownBy(() -> in.expectU8("last", 5)).hasMessage("last: 4 where 5 must stand");
  }

  @Test
  void aReaderOfAPartStaysInIt() {
    var octets = new byte[10];
    assertThat(new OctetReader(octets, 10, 0).isEmpty()).isTrue();
    assertThatThrownBy(() -> new OctetReader(octets, 5, 6))
        .isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> new OctetReader(octets, -1, 2))
        .isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void patchesStayInWhatWasWritten() {
    var out = new OctetWriter().u16(0).u8(7).u8(8);
    assertThat(out.patchU16(0, 0xabcd).patchU8(3, 9).toArray())
        .containsExactly(0xab, 0xcd, 0x07, 0x09);
    assertThatThrownBy(() -> out.patchU16(3, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    assertThatThrownBy(() -> out.patchU8(4, 1)).isInstanceOf(IndexOutOfBoundsException.class);
    out.truncate(1);
    assertThat(out.toArray()).containsExactly(0xab);
    assertThatThrownBy(() -> out.truncate(2)).isInstanceOf(IndexOutOfBoundsException.class);
  }

  @Test
  void octetStringsAreValues() {
    var array = new byte[] {1, (byte) 0xff};
    var octets = Octets.of(array);
    array[0] = 9;
    octets.toArray()[1] = 9;
    assertThat(octets).isEqualTo(Octets.parse("01ff")).hasToString("01ff");
    assertThat(octets).hasSameHashCodeAs(Octets.parse("01ff"));
    assertThat(octets.at(1)).isEqualTo(255);
    assertThat(octets.length()).isEqualTo(2);
    assertThat(octets).isNotEqualTo(Octets.EMPTY);
    assertThatThrownBy(() -> Octets.parse("0")).isInstanceOf(IllegalArgumentException.class);
  }
}
