package io.weft.bgp.speaker;

import static io.weft.bgp.speaker.World.address;
import static io.weft.bgp.speaker.World.attributes;
import static io.weft.bgp.speaker.World.client;
import static io.weft.bgp.speaker.World.id;
import static io.weft.bgp.speaker.World.mac;
import static io.weft.bgp.speaker.World.originate;
import static io.weft.bgp.speaker.World.peer;

import io.weft.bgp.session.PeerAs;
import io.weft.bgp.speaker.SessionOptions.AddPathMode;
import io.weft.bgp.speaker.SessionOptions.Excess;
import io.weft.bgp.speaker.SessionOptions.MaximumPrefixes;
import io.weft.bgp.wire.Decoded;
import io.weft.bgp.wire.Family;
import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.Message.Open;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.UnicastRoute;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Octets;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Any events in any order are answered: nothing is thrown, nothing is said on a connection that is
 * not there, and all that is said can be written and read. An input is {@code 1 configuration | 3
 * options}, then events of {@code 1 kind} with what belongs to it, see {@link #event}; octets that
 * are missing are zero. {@code make fuzz} calls it with new inputs, {@link SpeakerFuzzCorpusTest}
 * with those kept.
 */
public final class SpeakerFuzz {
  private static final List<Family> ALL =
      List.of(Family.L2VPN_EVPN, Family.IPV4_UNICAST, Family.IPV6_UNICAST, Family.ROUTE_TARGET);

  private static final int MAX_PEERS = 6;

  /** Both ends of a connection, as far as octets go. */
  private record Connection(MessageCodec ours, MessageCodec theirs) {}

  private final byte[] input;
  private int position;
  private final Speaker speaker;
  private final TreeMap<Long, Connection> open = new TreeMap<>();
  private final TreeSet<IpAddress> up = new TreeSet<>();
  private long connections;
  private long now;
  private int ups;

  private SpeakerFuzz(byte[] input) {
    this.input = input;
    this.speaker = new Speaker(config());
  }

  /** The entry that the fuzzer calls. */
  public static void fuzzerTestOneInput(byte[] input) {
    run(input);
  }

  /** How many sessions came up on the way. */
  static int run(byte[] input) {
    var fuzz = new SpeakerFuzz(input);
    while (fuzz.position < input.length) {
      fuzz.step();
    }
    fuzz.speaker.view();
    return fuzz.ups;
  }

  private int next() {
    return position < input.length ? input[position++] & 0xff : 0;
  }

  private void step() {
    event().ifPresent(this::take);
    require(speaker.view().peers().size() <= MAX_PEERS, "more peers than the limit");
  }

  private void take(SpeakerEvent event) {
    speaker.step(now, event).forEach(this::effect);
    if (event instanceof SpeakerEvent.DeadlineReached) {
      require(
          speaker.nextDeadline().orElse(Long.MAX_VALUE) > now, "a deadline that was met stands");
    }
  }

  private void effect(SpeakerEffect effect) {
    switch (effect) {
      case SpeakerEffect.Send(long number, List<Message> messages) -> {
        var connection = open.get(number);
        require(connection != null, "sent on a connection that is not there");
        messages.forEach(message -> carry(Objects.requireNonNull(connection), message));
      }
      case SpeakerEffect.Close(long number, _) ->
          require(open.remove(number) != null, "closed what was not open");
      case SpeakerEffect.PeerUp(var peer) -> {
        require(up.add(peer), "up twice");
        ups++;
      }
      case SpeakerEffect.PeerDown(var peer, _) -> require(up.remove(peer), "down twice");
      case SpeakerEffect.Connect _,
          SpeakerEffect.BestPathChanged _,
          SpeakerEffect.EndOfRibReceived _,
          SpeakerEffect.Report _ -> {}
    }
  }

  private static void carry(Connection connection, Message message) {
    var read = connection.theirs.decode(connection.ours.encode(message));
    require(read instanceof Decoded.Good, "the peer cannot read what we sent");
  }

  private static void require(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException(what);
    }
  }

  private Optional<SpeakerEvent> event() {
    return switch (next() % 16) {
      case 0 -> Optional.of(new SpeakerEvent.Accepted(connect(), who()));
      case 1 -> Optional.of(new SpeakerEvent.Connected(connect(), who()));
      case 2 -> Optional.of(new SpeakerEvent.ConnectFailed(who(), "refused"));
      case 3 ->
          connection()
              .map(
                  number -> {
                    open.remove(number);
                    return new SpeakerEvent.Disconnected(number, "reset");
                  });
      case 4 -> {
        now += Duration.ofMillis(100L * next()).toNanos();
        yield Optional.of(new SpeakerEvent.DeadlineReached());
      }
      case 5 -> {
        now = Math.max(now, speaker.nextDeadline().orElse(now));
        yield Optional.of(new SpeakerEvent.DeadlineReached());
      }
      case 6 -> said(open());
      case 7 -> said(new Message.Keepalive());
      case 8 ->
          said(
              Message.Update.announce(
                  attributes(1 + next() % 8, World.RED), List.of(mac(1, next() % 8), mac(2, 1))));
      case 9 -> said(Message.Update.withdraw(List.of(mac(1, next() % 8))));
      case 10 -> said(unicast());
      case 11 -> said(Message.Update.endOfRib(family()));
      case 12 -> said(new Message.RouteRefresh(family(), next() % 4));
      case 13 -> said(new Message.Notification(next() % 9, next() % 12, octets(next() % 8)));
      case 14 -> raw();
      default -> Optional.of(local());
    };
  }

  /** What does not come from a peer. */
  private SpeakerEvent local() {
    return switch (next() % 7) {
      case 0 -> new SpeakerEvent.ConfigChanged(config());
      case 1 -> new SpeakerEvent.OriginationCompleted();
      case 2 -> originate(attributes(9, World.RED), mac(9, next() % 4));
      case 3 -> new SpeakerEvent.OriginatedRoutesRemoved(List.of(mac(9, next() % 4)));
      case 4 -> new SpeakerEvent.ImportTargetsChanged(List.of(World.RED));
      case 5 -> new SpeakerEvent.ImportTargetsChanged(List.of());
      default -> new SpeakerEvent.PathFailed(who(), "no packets");
    };
  }

  private long connect() {
    open.put(++connections, new Connection(new MessageCodec(), new MessageCodec()));
    return connections;
  }

  private IpAddress who() {
    return address(1 + next() % 8);
  }

  private Optional<Long> connection() {
    var numbers = List.copyOf(open.keySet());
    return numbers.isEmpty() ? Optional.empty() : Optional.of(numbers.get(next() % numbers.size()));
  }

  private Optional<SpeakerEvent> said(Message message) {
    return connection()
        .map(
            number -> {
              var ends = Objects.requireNonNull(open.get(number));
              return heard(number, ends.ours.decode(ends.theirs.encode(message)));
            });
  }

  /** {@code 1 type | 1 length | body} behind a lawful header. */
  private Optional<SpeakerEvent> raw() {
    int type = next();
    var body = octets(next()).toArray();
    var message = new byte[Message.HEADER_LENGTH + body.length];
    Arrays.fill(message, 0, 16, (byte) -1);
    message[16] = (byte) (message.length >> 8);
    message[17] = (byte) message.length;
    message[18] = (byte) type;
    System.arraycopy(body, 0, message, Message.HEADER_LENGTH, body.length);
    return connection()
        .map(
            number -> {
              var ends = Objects.requireNonNull(open.get(number));
              var decoded = ends.ours.decode(message);
              if (decoded instanceof Decoded.Good(Open theirs)) {
                ends.theirs.encode(theirs); // so that this end knows what it has said
              }
              return heard(number, decoded);
            });
  }

  private static SpeakerEvent heard(long connection, Decoded decoded) {
    return new SpeakerEvent.MessageReceived(connection, decoded);
  }

  private Octets octets(int length) {
    var octets = new byte[length];
    for (int i = 0; i < length; i++) {
      octets[i] = (byte) next();
    }
    return Octets.of(octets);
  }

  private Family family() {
    return ALL.get(next() % ALL.size());
  }

  private Message unicast() {
    var route = new UnicastRoute(IpPrefix.parse("192.0." + next() + ".0/24"));
    return next() % 3 == 0
        ? Message.Update.withdraw(List.of(route))
        : Message.Update.announce(attributes(1), List.of(route));
  }

  /** An OPEN that may be lawful for one peer or another: {@code 1 who and what | 1 options}. */
  private Open open() {
    int kind = next();
    var as = (kind & 0x40) == 0 ? World.AS : new AutonomousSystem(65001);
    var config =
        new SpeakerConfig(
            as, id(1 + kind % 10), List.of(), List.of(), true, 90, 60, kind & 0x80, 9, 9);
    var families = (kind & 0x20) == 0 ? List.of(Family.L2VPN_EVPN, Family.ROUTE_TARGET) : ALL;
    var peer = peer(9).withFamilies(families).withOptions(options());
    return Offer.of(config, peer, (kind & 0x10) != 0);
  }

  private SpeakerConfig config() {
    int kind = next();
    var first = peer(1).withOptions(options());
    var second = client(2).withFamilies(ALL).withOptions(options());
    var third = peer(3).withAs(new PeerAs.External()).withOptions(options());
    return new SpeakerConfig(
        World.AS,
        (kind & 1) == 0 ? id(9) : id(10),
        (kind & 2) == 0 ? List.of(first, second, third) : List.of(first, second),
        (kind & 4) == 0
            ? List.of(PeerRange.clients(IpPrefix.parse("10.0.0.4/30"), World.AS))
            : List.of(),
        (kind & 8) == 0,
        90,
        60,
        (kind & 16) == 0 ? 0 : 300,
        MAX_PEERS,
        20);
  }

  private SessionOptions options() {
    int kind = next();
    var modes = AddPathMode.values();
    var options =
        SessionOptions.DEFAULT
            .withAddPath(modes[kind % modes.length])
            .withAllowAsIn((kind >> 2) % 3);
    var excess =
        List.of(new Excess.Warn(), new Excess.Shut(), new Excess.Restart(5)).get((kind >> 2) % 3);
    return switch (kind >> 4) {
      case 1 -> options.withShutdown("out of service");
      case 2, 3 -> options.withMaximumPrefixes(Optional.of(new MaximumPrefixes(3, 50, excess)));
      case 4 -> options.withHoldSeconds(3);
      case 5 -> options.withHoldSeconds(0);
      default -> options;
    };
  }
}
