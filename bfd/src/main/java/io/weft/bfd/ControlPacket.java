package io.weft.bfd;

import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;

/**
 * The mandatory section of a BFD control packet (RFC 5880 §4.1), 24 octets:
 *
 * <pre>
 * 3 bits version = 1 | 5 bits diagnostic | 2 bits state | P F C A D M | 1 detect multiplier
 * | 1 length | 4 my discriminator | 4 your discriminator | 4 desired min tx | 4 required min rx
 * | 4 required min echo rx
 * </pre>
 *
 * Intervals are in microseconds.
 *
 * @param controlPlaneIndependent the C bit: BFD does not share fate with the control plane
 * @param demand the D bit: the sender is in demand mode
 */
public record ControlPacket(
    int diagnostic,
    SessionState state,
    boolean poll,
    boolean fin,
    boolean controlPlaneIndependent,
    boolean demand,
    int detectMultiplier,
    long myDiscriminator,
    long yourDiscriminator,
    long desiredMinTxMicros,
    long requiredMinRxMicros,
    long requiredMinEchoRxMicros) {
  /** Octets of the mandatory section. */
  public static final int LENGTH = 24;

  private static final int VERSION = 1;
  private static final int POLL = 0x20;
  private static final int FINAL = 0x10;
  private static final int INDEPENDENT = 0x08;
  private static final int AUTHENTICATION = 0x04;
  private static final int DEMAND = 0x02;
  private static final int MULTIPOINT = 0x01;

  /** What octets turn out to be. */
  public sealed interface Reading {
    record Valid(ControlPacket packet) implements Reading {}

    record Invalid(Discard discard) implements Reading {}
  }

  /** Reads one packet and makes the checks of RFC 5880 §6.8.6 that need no session. */
  public static Reading decode(Octets octets) {
    if (octets.length() < LENGTH) {
      return new Reading.Invalid(Discard.TRUNCATED);
    }
    try {
      return decode(new OctetReader(octets.toArray()), octets.length());
    } catch (MalformedInput e) {
      return new Reading.Invalid(Discard.TRUNCATED);
    }
  }

  private static Reading decode(OctetReader in, int payload) throws MalformedInput {
    int first = in.u8("version and diagnostic");
    int flags = in.u8("state and flags");
    int multiplier = in.u8("detect multiplier");
    int length = in.u8("length");
    long mine = in.u32("my discriminator");
    long yours = in.u32("your discriminator");
    var state = SessionState.of(flags >> 6);
    if (first >> 5 != VERSION) {
      return new Reading.Invalid(Discard.VERSION); // §6.8.6: version is not 1
    }
    boolean authentication = (flags & AUTHENTICATION) != 0;
    if (length < (authentication ? LENGTH + 2 : LENGTH)) {
      return new Reading.Invalid(Discard.LENGTH); // §6.8.6: less than the minimum, 24 or 26
    }
    if (length > payload) {
      return new Reading.Invalid(Discard.TRUNCATED); // §6.8.6: more than the payload
    }
    if (multiplier == 0) {
      return new Reading.Invalid(Discard.DETECT_MULTIPLIER_ZERO); // §6.8.6
    }
    if ((flags & MULTIPOINT) != 0) {
      return new Reading.Invalid(Discard.MULTIPOINT); // §6.8.6
    }
    if (mine == 0) {
      return new Reading.Invalid(Discard.MY_DISCRIMINATOR_ZERO); // §6.8.6
    }
    if (yours == 0 && (state == SessionState.INIT || state == SessionState.UP)) {
      return new Reading.Invalid(Discard.YOUR_DISCRIMINATOR_ZERO); // §6.8.6
    }
    if (authentication) {
      return new Reading.Invalid(Discard.AUTHENTICATION); // §6.8.6: A set, bfd.AuthType is zero
    }
    return new Reading.Valid(
        new ControlPacket(
            first & 0x1F,
            state,
            (flags & POLL) != 0,
            (flags & FINAL) != 0,
            (flags & INDEPENDENT) != 0,
            (flags & DEMAND) != 0,
            multiplier,
            mine,
            yours,
            in.u32("desired min tx interval"),
            in.u32("required min rx interval"),
            in.u32("required min echo rx interval")));
  }

  /** The 24 octets. */
  public Octets encode() {
    int flags =
        state.number() << 6
            | (poll ? POLL : 0)
            | (fin ? FINAL : 0)
            | (controlPlaneIndependent ? INDEPENDENT : 0)
            | (demand ? DEMAND : 0);
    return Octets.of(
        new OctetWriter(LENGTH)
            .u8(VERSION << 5 | diagnostic)
            .u8(flags)
            .u8(detectMultiplier)
            .u8(LENGTH)
            .u32(myDiscriminator)
            .u32(yourDiscriminator)
            .u32(desiredMinTxMicros)
            .u32(requiredMinRxMicros)
            .u32(requiredMinEchoRxMicros)
            .toArray());
  }
}
