package io.weft.bgp.speaker;

import java.nio.charset.StandardCharsets;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How the session with one peer is run; what is not said is as {@link SpeakerConfig} has it.
 *
 * @param holdSeconds proposed hold time, 0 or 3..65535 (RFC 4271 §4.2); the speaker's when empty
 * @param allowAsIn how often our AS may stand in the AS_PATH of its routes, 0..10; RFC 4271 §9.1.2
 *     asks for 0
 * @param maximumPrefixes what to do about too many routes; the speaker's limit when empty
 * @param shutdown the session is kept down, and this is the peer told: at most 255 octets of UTF-8
 *     (RFC 9003 §2), may be empty
 * @param addPath which way several paths to one route are exchanged (RFC 7911 §4)
 */
public record SessionOptions(
    OptionalInt holdSeconds,
    int allowAsIn,
    Optional<MaximumPrefixes> maximumPrefixes,
    Optional<String> shutdown,
    AddPathMode addPath) {
  public static final SessionOptions DEFAULT =
      new SessionOptions(
          OptionalInt.empty(), 0, Optional.empty(), Optional.empty(), AddPathMode.NONE);

  private static final int MAX_ALLOW_AS_IN = 10;
  private static final int MAX_TEXT_OCTETS = 255;

  public SessionOptions {
    holdSeconds.ifPresent(SessionOptions::requireHoldSeconds);
    if (allowAsIn < 0 || allowAsIn > MAX_ALLOW_AS_IN) {
      throw new IllegalArgumentException("allowAsIn " + allowAsIn + " is out of 0..10");
    }
    int octets = shutdown.orElse("").getBytes(StandardCharsets.UTF_8).length;
    if (octets > MAX_TEXT_OCTETS) {
      throw new IllegalArgumentException(
          "the shutdown text has " + octets + " octets where at most 255 fit (RFC 9003 §2)");
    }
  }

  static int requireHoldSeconds(int seconds) {
    if (seconds != 0 && (seconds < 3 || seconds > 65535)) { // RFC 4271 §4.2
      throw new IllegalArgumentException("hold time " + seconds + " s is neither 0 nor 3..65535");
    }
    return seconds;
  }

  public SessionOptions withHoldSeconds(int seconds) {
    return new SessionOptions(
        OptionalInt.of(seconds), allowAsIn, maximumPrefixes, shutdown, addPath);
  }

  public SessionOptions withAllowAsIn(int times) {
    return new SessionOptions(holdSeconds, times, maximumPrefixes, shutdown, addPath);
  }

  public SessionOptions withMaximumPrefixes(Optional<MaximumPrefixes> maximum) {
    return new SessionOptions(holdSeconds, allowAsIn, maximum, shutdown, addPath);
  }

  public SessionOptions withShutdown(String text) {
    return new SessionOptions(holdSeconds, allowAsIn, maximumPrefixes, Optional.of(text), addPath);
  }

  public SessionOptions withAddPath(AddPathMode mode) {
    return new SessionOptions(holdSeconds, allowAsIn, maximumPrefixes, shutdown, mode);
  }

  /** What we are able to do with several paths to one route, from our side (RFC 7911 §4). */
  public enum AddPathMode {
    NONE,
    RECEIVE,
    SEND,
    BOTH;

    boolean receives() {
      return this == RECEIVE || this == BOTH;
    }

    boolean sends() {
      return this == SEND || this == BOTH;
    }
  }

  /**
   * A limit of the routes of a peer.
   *
   * @param limit all families together, from 1 on
   * @param warnPercent of the limit, 1..100: where a warning is due
   * @param excess what is done about more
   * @param countsRefused routes that are not kept count too, so that the peer cannot have us
   *     remember more than that
   */
  public record MaximumPrefixes(int limit, int warnPercent, Excess excess, boolean countsRefused) {
    public MaximumPrefixes {
      if (limit < 1 || warnPercent < 1 || warnPercent > 100) {
        throw new IllegalArgumentException(
            "maximum of " + limit + " routes with a warning at " + warnPercent + " %");
      }
    }

    /** Of routes that are kept. */
    public MaximumPrefixes(int limit, int warnPercent, Excess excess) {
      this(limit, warnPercent, excess, false);
    }
  }

  /** What is done about more routes than the maximum. */
  public sealed interface Excess {
    /** A report; the speaker's own limit still holds. */
    record Warn() implements Excess {}

    /** The session ends with Cease/1 (RFC 4486 §4) and stays down until the settings change. */
    record Shut() implements Excess {}

    /** The session ends with Cease/1 and is tried again after so many seconds, from 1 on. */
    record Restart(int seconds) implements Excess {
      public Restart {
        if (seconds < 1) {
          throw new IllegalArgumentException("restart after " + seconds + " s");
        }
      }
    }
  }
}
