package io.weft.bfd;

import java.util.List;
import java.util.concurrent.TimeUnit;

/** One session: the state machine of RFC 5880 §6.2 and the timers of §6.8. */
final class BfdSession {
  /** While not up, nobody sends more often (RFC 5880 §6.8.3). */
  private static final long SLOW_MICROS = 1_000_000;

  private static final long NEVER = Long.MAX_VALUE;

  private final long discriminator;
  private final Jitter jitter;
  private BfdSettings settings;

  private SessionState state = SessionState.DOWN;
  private int diagnostic = Diagnostics.NONE;

  // What the peer said last; the values before it said anything are of RFC 5880 §6.8.1.
  private SessionState remoteState = SessionState.DOWN;
  private int remoteDiagnostic;
  private long remoteDiscriminator;
  private long remoteMinRx = 1;
  private long remoteDesiredTx;
  private int remoteMultiplier;
  private boolean remoteDemand;

  // What we announce, and what holds until the peer has confirmed it (RFC 5880 §6.8.3).
  private long announcedTx = SLOW_MICROS;
  private long announcedRx;
  private long usedTx = SLOW_MICROS;
  private long usedRx;
  private boolean polling;

  private long lastSent;
  private long nextSend;
  private long lastHeard;
  private boolean heard;
  private long goneAt = NEVER;

  private long sent;
  private long received;
  private long timesUp;
  private long timesDown;

  BfdSession(long now, BfdSettings settings, long discriminator, Jitter jitter) {
    this.settings = settings;
    this.discriminator = discriminator;
    this.jitter = jitter;
    this.announcedRx = micros(settings.requiredMinRx());
    this.usedRx = announcedRx;
    this.lastSent = now;
    this.nextSend = now;
  }

  SessionKey key() {
    return settings.key();
  }

  BfdSettings settings() {
    return settings;
  }

  SessionState state() {
    return state;
  }

  /** Takes new settings without leaving the state it is in. */
  void configure(long now, BfdSettings wanted, List<BfdEffect> effects) {
    boolean back = goneAt != NEVER;
    if (wanted.equals(settings) && !back) {
      return;
    }
    settings = wanted;
    if (back) {
      goneAt = NEVER;
      state = SessionState.DOWN;
      diagnostic = Diagnostics.NONE;
      forget();
    }
    announce();
    send(now, false, effects);
  }

  /** Says that the session ends, for one detection time (RFC 5880 §6.8.16). */
  void leave(long now, List<BfdEffect> effects) {
    if (state == SessionState.ADMIN_DOWN) {
      return;
    }
    state = SessionState.ADMIN_DOWN;
    diagnostic = Diagnostics.ADMINISTRATIVELY_DOWN;
    goneAt = now + Math.max(nanos(detectionMicros()), nanos(SLOW_MICROS));
    announce();
    send(now, false, effects);
  }

  /** Whether a session that left has said so for long enough. */
  boolean gone(long now) {
    return now >= goneAt;
  }

  /** The part of RFC 5880 §6.8.6 that needs a session. */
  void receive(long now, ControlPacket packet, List<BfdEffect> effects) {
    received++;
    remoteDiscriminator = packet.myDiscriminator();
    remoteState = packet.state();
    remoteDiagnostic = packet.diagnostic();
    remoteDemand = packet.demand();
    remoteMinRx = packet.requiredMinRxMicros();
    remoteDesiredTx = packet.desiredMinTxMicros();
    remoteMultiplier = packet.detectMultiplier();
    lastHeard = now;
    heard = true;
    if (polling && packet.fin()) {
      polling = false; // §6.5: the peer knows, so what was announced holds
      usedTx = announcedTx;
      usedRx = announcedRx;
    }
    var before = state;
    transition(packet, effects);
    if (packet.poll()) {
      send(now, true, effects); // §6.8.7: without respect to the transmission timer
    } else if (state != before) {
      send(now, false, effects); // §6.8.7: tell a change at once
    }
    reschedule();
  }

  private void transition(ControlPacket packet, List<BfdEffect> effects) {
    switch (packet.state()) {
      case ADMIN_DOWN -> {
        if (state != SessionState.DOWN) {
          down(Diagnostics.NEIGHBOR_SIGNALED_DOWN, true, effects);
        }
      }
      case DOWN -> {
        switch (state) {
          case DOWN -> state = SessionState.INIT;
          case UP -> down(Diagnostics.NEIGHBOR_SIGNALED_DOWN, false, effects);
          case INIT, ADMIN_DOWN -> {}
        }
      }
      case INIT -> {
        switch (state) {
          case DOWN, INIT -> up(effects);
          case UP, ADMIN_DOWN -> {}
        }
      }
      case UP -> {
        switch (state) {
          case INIT -> up(effects);
          case DOWN, UP, ADMIN_DOWN -> {} // §6.2: down waits for the peer to notice
        }
      }
    }
  }

  private void up(List<BfdEffect> effects) {
    state = SessionState.UP;
    diagnostic = Diagnostics.NONE;
    timesUp++;
    announce();
    effects.add(new BfdEffect.PathUp(key()));
    effects.add(new BfdEffect.Report("BFD session " + key() + " is up"));
  }

  private void down(int why, boolean administrative, List<BfdEffect> effects) {
    boolean wasUp = state == SessionState.UP;
    state = SessionState.DOWN;
    diagnostic = why;
    announce();
    if (wasUp) {
      timesDown++;
      var text =
          Diagnostics.text(why)
              + (administrative ? ": the peer is administratively down" : "")
              + (why == Diagnostics.DETECTION_TIME_EXPIRED
                  ? ": nothing heard for " + detectionMicros() / 1_000 + " ms"
                  : "");
      effects.add(new BfdEffect.PathDown(key(), text, administrative));
      effects.add(new BfdEffect.Report("BFD session " + key() + " is down: " + text));
    }
  }

  /** Announces the intervals that the state asks for, by a poll sequence if they are new. */
  private void announce() {
    long wantedTx = micros(settings.desiredMinTx());
    long tx = state == SessionState.UP ? wantedTx : Math.max(SLOW_MICROS, wantedTx); // §6.8.3
    long rx = micros(settings.requiredMinRx());
    boolean changed = tx != announcedTx || rx != announcedRx;
    announcedTx = tx;
    announcedRx = rx;
    // §6.8.3: while up, we send no slower and expect no sooner than the peer knows of.
    if (state != SessionState.UP || tx < usedTx) {
      usedTx = tx;
    }
    if (state != SessionState.UP || rx > usedRx) {
      usedRx = rx;
    }
    if (changed && remoteDiscriminator != 0 && state != SessionState.ADMIN_DOWN) {
      polling = true; // §6.8.3: a poll sequence must be initiated
    }
  }

  /** When something is due by itself. */
  long deadline() {
    return Math.min(goneAt, Math.min(silent() ? NEVER : nextSend, detectionDeadline()));
  }

  void expire(long now, List<BfdEffect> effects) {
    if (now >= detectionDeadline()) {
      if (state == SessionState.INIT || state == SessionState.UP) {
        down(Diagnostics.DETECTION_TIME_EXPIRED, false, effects); // §6.8.4
        forget();
        send(now, false, effects);
      } else {
        forget();
      }
      return;
    }
    if (!silent() && now >= nextSend && now < goneAt) {
      send(now, false, effects);
    }
  }

  /** A peer that was silent for a detection time may have a new discriminator (§6.8.1). */
  private void forget() {
    remoteDiscriminator = 0;
    remoteState = SessionState.DOWN;
    remoteMinRx = 1;
    remoteDemand = false;
    polling = false;
    heard = false;
  }

  private long detectionDeadline() {
    return heard && state != SessionState.ADMIN_DOWN ? lastHeard + nanos(detectionMicros()) : NEVER;
  }

  /** RFC 5880 §6.8.4: the peer's multiplier and the slower of what we bear and it wants. */
  private long detectionMicros() {
    return heard ? remoteMultiplier * Math.max(usedRx, remoteDesiredTx) : 0;
  }

  /** Whether no periodic packets may be sent (RFC 5880 §6.8.7). */
  private boolean silent() {
    boolean demanded =
        remoteDemand && state == SessionState.UP && remoteState == SessionState.UP && !polling;
    return remoteMinRx == 0 || demanded;
  }

  private long transmitMicros() {
    return Math.max(usedTx, remoteMinRx); // §6.8.2
  }

  private void send(long now, boolean fin, List<BfdEffect> effects) {
    var packet =
        new ControlPacket(
            diagnostic,
            state,
            polling && !fin, // §6.5: never both
            fin,
            false, // C: this process dies with the speaker
            false,
            settings.multiplier(),
            discriminator,
            remoteDiscriminator,
            announcedTx,
            announcedRx,
            0); // no echo
    effects.add(new BfdEffect.SendPacket(key(), packet.encode()));
    sent++;
    lastSent = now;
    nextSend = now + jitter.shorten(nanos(transmitMicros()));
  }

  /** §6.8.7: an interval that the peer makes shorter is honored at once. */
  private void reschedule() {
    long latest = lastSent + nanos(transmitMicros());
    if (nextSend > latest) {
      nextSend = lastSent + jitter.shorten(nanos(transmitMicros()));
    }
  }

  BfdView.SessionView view() {
    return new BfdView.SessionView(
        settings,
        state,
        remoteState,
        diagnostic,
        remoteDiagnostic,
        discriminator,
        remoteDiscriminator,
        silent() ? 0 : transmitMicros(),
        detectionMicros(),
        remoteDesiredTx,
        remoteMinRx,
        remoteMultiplier,
        sent,
        received,
        timesUp,
        timesDown);
  }

  private static long micros(java.time.Duration interval) {
    return TimeUnit.NANOSECONDS.toMicros(interval.toNanos());
  }

  private static long nanos(long micros) {
    return TimeUnit.MICROSECONDS.toNanos(micros);
  }
}
