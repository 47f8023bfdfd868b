package io.weft.bfd;

import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.OptionalLong;
import java.util.TreeMap;

/**
 * All BFD sessions of a node, without I/O. One thread owns it. A packet finds its session by Your
 * Discriminator, the first ones by the address of the peer and the interface (RFC 5880 §6.3, RFC
 * 5881 §3).
 */
public final class Bfd {
  /** Sessions at most; further ones are refused with a report. */
  public static final int MOST_SESSIONS = 1_024;

  private final Jitter jitter;
  private final TreeMap<SessionKey, BfdSession> sessions = new TreeMap<>();
  private final TreeMap<Long, BfdSession> byDiscriminator = new TreeMap<>();
  private final TreeMap<Discard, Long> discarded = new TreeMap<>();

  /**
   * Makes a brain without sessions.
   *
   * @param seed of discriminators and jitter; the shell takes one that nobody can guess
   */
  public Bfd(long seed) {
    this.jitter = new Jitter(seed);
  }

  /**
   * Takes one event.
   *
   * @param nowNanos a clock that only goes forward
   * @return what is to be done, in this order
   */
  public List<BfdEffect> step(long nowNanos, BfdEvent event) {
    var effects = new ArrayList<BfdEffect>();
    switch (event) {
      case BfdEvent.SessionsChanged(var wanted) -> change(nowNanos, wanted, effects);
      case BfdEvent.PacketReceived packet -> receive(nowNanos, packet, effects);
      case BfdEvent.DeadlineReached() -> expire(nowNanos, effects);
    }
    return effects;
  }

  /** When {@link BfdEvent.DeadlineReached} is due; empty without sessions. */
  public OptionalLong nextDeadline() {
    return sessions.values().stream().mapToLong(BfdSession::deadline).min();
  }

  /** How all sessions stand. */
  public BfdView view() {
    return new BfdView(
        sessions.values().stream().map(BfdSession::view).toList(),
        Collections.unmodifiableSortedMap(new TreeMap<>(discarded)));
  }

  private void change(long now, List<BfdSettings> wanted, List<BfdEffect> effects) {
    var settings = new TreeMap<SessionKey, BfdSettings>();
    for (var one : wanted) {
      if (settings.put(one.key(), one) != null) {
        effects.add(
            new BfdEffect.Report(
                "BFD session " + one.key() + " is wanted twice: the last settings hold"));
      }
    }
    for (var session : sessions.values()) {
      if (!settings.containsKey(session.key())) {
        session.leave(now, effects);
      }
    }
    for (var one : settings.values()) {
      var session = sessions.get(one.key());
      if (session != null) {
        session.configure(now, one, effects);
      } else if (sessions.size() >= MOST_SESSIONS) {
        effects.add(
            new BfdEffect.Report(
                "BFD session "
                    + one.key()
                    + " is refused: there are "
                    + MOST_SESSIONS
                    + " already; want fewer"));
      } else {
        add(now, one);
      }
    }
  }

  private void add(long now, BfdSettings settings) {
    long discriminator = jitter.discriminator();
    while (byDiscriminator.containsKey(discriminator)) {
      discriminator = jitter.discriminator();
    }
    var session = new BfdSession(now, settings, discriminator, jitter);
    sessions.put(session.key(), session);
    byDiscriminator.put(discriminator, session);
  }

  private void receive(long now, BfdEvent.PacketReceived event, List<BfdEffect> effects) {
    switch (ControlPacket.decode(event.octets())) {
      case ControlPacket.Reading.Invalid(var why) -> count(why);
      case ControlPacket.Reading.Valid(var packet) -> {
        var session = find(event, packet);
        if (session == null) {
          count(Discard.NO_SESSION); // RFC 5880 §6.8.6
        } else if (event.ttl() < session.settings().requiredTtl()) {
          count(Discard.TIME_TO_LIVE); // RFC 5881 §5, RFC 5883 §5
        } else if (session.state() == SessionState.ADMIN_DOWN) {
          count(Discard.ADMIN_DOWN); // RFC 5880 §6.8.6
        } else {
          session.receive(now, packet, effects);
        }
      }
    }
  }

  private @org.jspecify.annotations.Nullable BfdSession find(
      BfdEvent.PacketReceived event, ControlPacket packet) {
    if (packet.yourDiscriminator() != 0) {
      var session = byDiscriminator.get(packet.yourDiscriminator());
      return session != null && fits(session, event) ? session : null;
    }
    for (var session : sessions.values()) {
      if (fits(session, event)) {
        return session;
      }
    }
    return null;
  }

  /** A guessed discriminator from elsewhere must not move a session. */
  private static boolean fits(BfdSession session, BfdEvent.PacketReceived event) {
    return session.key().multihop() == event.multihop()
        && session.key().peer().equals(event.from())
        && session.settings().local().equals(event.to())
        && (session.key().interfaceName().isEmpty()
            || session.key().interfaceName().equals(event.interfaceName())); // RFC 5881 §3
  }

  private void count(Discard why) {
    discarded.merge(why, 1L, Long::sum);
  }

  private void expire(long now, List<BfdEffect> effects) {
    for (var session : sessions.values()) {
      session.expire(now, effects);
    }
    sessions.values().removeIf(session -> session.gone(now));
    byDiscriminator.values().removeIf(session -> session.gone(now));
  }
}
