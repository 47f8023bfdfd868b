package io.weft.agent.discovery;

import io.weft.agent.discovery.RouterMessage.Advertisement;
import io.weft.agent.discovery.RouterMessage.Solicitation;
import io.weft.net.IpAddress;
import io.weft.net.MalformedInput;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * Router discovery on one link that has one neighbour: says that we are here and takes the first
 * router that says so. That one is kept until its lifetime runs out, whoever else may speak: a
 * flood of others changes nothing and costs no memory. Pure: time is a parameter.
 */
final class RouterDiscovery {
  /** Between our advertisements, as other BGP routers on such links have it. */
  static final Duration INTERVAL = Duration.ofSeconds(10);

  /** RFC 4861 §6.2.1: three intervals, so that two advertisements may be lost. */
  static final int LIFETIME_SECONDS = 30;

  /** RFC 4861 §10, MIN_DELAY_BETWEEN_RAS, shortened: on this link one neighbour waits for them. */
  static final Duration LEAST_INTERVAL = Duration.ofSeconds(1);

  /** RFC 4861 §10: RTR_SOLICITATION_INTERVAL; asked again while nobody is found. */
  static final Duration SOLICITATION_INTERVAL = Duration.ofSeconds(4);

  /** RFC 4861 §6.1: it came from this link, for no router has forwarded it. */
  private static final int FULL_HOP_LIMIT = 255;

  private final String link;
  private final List<RouterMessage> outgoing = new ArrayList<>();
  private Optional<IpAddress> neighbour = Optional.empty();
  private long neighbourUntil;
  private long advertiseAt;
  private long advertisedAt;
  private long solicitAt;
  private long ignored;
  private Optional<IpAddress> rival = Optional.empty();

  /** Begins at {@code now}, nanoseconds on a monotonic clock of the caller's. */
  RouterDiscovery(String link, long now) {
    this.link = link;
    advertiseAt = now;
    solicitAt = now;
    advertisedAt = now - LEAST_INTERVAL.toNanos();
    timePassed(now);
  }

  /** The router at the other end, with the link as its zone. */
  Optional<IpAddress> neighbour() {
    return neighbour;
  }

  /** Messages that were not what they must be, since the start. */
  long ignored() {
    return ignored;
  }

  /** Who first spoke although another router had the link. */
  Optional<IpAddress> rival() {
    return rival;
  }

  /** What is to be said to all on the link since the last call. */
  List<RouterMessage> drain() {
    var drained = List.copyOf(outgoing);
    outgoing.clear();
    return drained;
  }

  /** A message came; {@code hopLimit} is -1 where it is not known. */
  void received(long now, IpAddress from, int hopLimit, Octets octets) {
    timePassed(now);
    try {
      var message = RouterMessage.decode(octets);
      if (hopLimit != FULL_HOP_LIMIT) {
        throw new MalformedInput("hop limit " + hopLimit);
      }
      switch (message) {
        case Solicitation() -> advertiseSoon(now);
        case Advertisement(int lifetime) -> {
          if (!from.isLinkLocal() || from.isIpv4()) {
            throw new MalformedInput("router " + from + " is not link-local");
          }
          heard(now, IpAddress.parseWithZone(from.withoutZone() + "%" + link), lifetime);
        }
      }
    } catch (MalformedInput _) {
      ignored++;
    }
  }

  private void heard(long now, IpAddress router, int lifetime) {
    if (neighbour.isPresent() && !neighbour.get().equals(router)) {
      rival = rival.or(() -> Optional.of(router));
      return;
    }
    if (lifetime == 0) {
      lose(now);
      return;
    }
    neighbourUntil = now + Duration.ofSeconds(lifetime).toNanos();
    if (neighbour.isEmpty()) {
      neighbour = Optional.of(router);
      rival = Optional.empty();
      advertiseSoon(now); // it may have come just now, and then does not know of us
    }
  }

  private void lose(long now) {
    if (neighbour.isPresent()) {
      neighbour = Optional.empty();
      solicitAt = now;
    }
  }

  private void advertiseSoon(long now) {
    long least = advertisedAt + LEAST_INTERVAL.toNanos();
    advertiseAt = Math.min(advertiseAt, Math.max(now, least));
    timePassed(now);
  }

  /** Does what is due. */
  void timePassed(long now) {
    if (neighbour.isPresent() && neighbourUntil - now <= 0) {
      lose(now);
    }
    if (advertiseAt - now <= 0) {
      outgoing.add(new Advertisement(LIFETIME_SECONDS));
      advertisedAt = now;
      advertiseAt = now + INTERVAL.toNanos();
    }
    if (neighbour.isEmpty() && solicitAt - now <= 0) {
      outgoing.add(new Solicitation());
      solicitAt = now + SOLICITATION_INTERVAL.toNanos();
    }
  }

  /** When {@link #timePassed} is due. */
  long nextDeadline() {
    return Math.min(advertiseAt, neighbour.isPresent() ? neighbourUntil : solicitAt);
  }

  /** What is to be said last: from now on we are no router. */
  static RouterMessage farewell() {
    return new Advertisement(0);
  }
}
