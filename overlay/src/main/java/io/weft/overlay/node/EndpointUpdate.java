package io.weft.overlay.node;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.bgp.speaker.SpeakerEvent.MessageReceived;
import io.weft.bgp.wire.Capability;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.Message.Update;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.Route;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What of an endpoint's messages counts. An endpoint is a tenant's: nothing that it says may keep
 * more of this node's memory than its number of prefixes allows, or outlive its session.
 */
final class EndpointUpdate {
  /** Numbers in the AS_PATH of a route; with more of them it counts as withdrawn. */
  static final int MAX_AS_PATH = 64;

  private EndpointUpdate() {}

  static SpeakerEvent trimmed(SpeakerEvent event) {
    return switch (event) {
      case MessageReceived(long connection, Decoded.Good(Open open)) ->
          new MessageReceived(connection, new Decoded.Good(trimmed(open)));
      case MessageReceived(long connection, Decoded.Good(Update update)) ->
          new MessageReceived(connection, new Decoded.Good(trimmed(update)));
      default -> event;
    };
  }

  /**
   * What it is told, without our graceful restart: who takes part in that waits for us to connect
   * (RFC 4724 §4.2 leaves it open), and we never do. Without families the capability asks for
   * End-of-RIB alone (RFC 4724 §3).
   */
  static SpeakerEffect told(SpeakerEffect effect) {
    return effect instanceof SpeakerEffect.Send(long connection, var messages)
        ? new SpeakerEffect.Send(connection, messages.stream().map(EndpointUpdate::told).toList())
        : effect;
  }

  private static Message told(Message message) {
    if (!(message instanceof Open open)) {
      return message;
    }
    var capabilities = new ArrayList<>(trimmed(open).capabilities());
    capabilities.add(new Capability.GracefulRestart(false, false, 0, List.of()));
    return new Open(open.as(), open.holdSeconds(), open.routerId(), capabilities);
  }

  /** Its restart is none to wait for: the routes go with the session. */
  private static Open trimmed(Open open) {
    return new Open(
        open.as(),
        open.holdSeconds(),
        open.routerId(),
        open.capabilities().stream()
            .filter(
                capability ->
                    !(capability instanceof Capability.GracefulRestart
                        || capability instanceof Capability.LongLivedGracefulRestart))
            .toList());
  }

  /** The prefix, its next hop, and what its length and origin are judged by. */
  private static Update trimmed(Update update) {
    if (update.attributes().isEmpty()) {
      return update;
    }
    var attributes = update.attributes().get();
    int numbers = attributes.asPath().segments().stream().mapToInt(s -> s.numbers().size()).sum();
    return numbers > MAX_AS_PATH ? withdrawn(update, numbers) : with(update, plain(attributes));
  }

  private static PathAttributes plain(PathAttributes from) {
    return PathAttributes.originated(from.nextHop(), List.of(), Optional.empty())
        .withOrigin(from.origin())
        .withAsPath(from.asPath())
        .withMed(from.med());
  }

  private static Update with(Update update, PathAttributes attributes) {
    return new Update(
        update.withdrawn(),
        update.announced(),
        Optional.of(attributes),
        update.endOfRib(),
        update.faults(),
        update.withdrawnPathIds(),
        update.announcedPathIds());
  }

  /** As RFC 7606 §2 does with what is malformed. */
  private static Update withdrawn(Update update, int numbers) {
    var routes = new ArrayList<Route>(update.withdrawn());
    routes.addAll(update.announced());
    var faults = new ArrayList<>(update.faults());
    faults.add(
        "AS_PATH of %d numbers, where at most %d are taken: routes treated as withdrawn"
            .formatted(numbers, MAX_AS_PATH));
    return new Update(routes, List.of(), Optional.empty(), update.endOfRib(), faults);
  }
}
