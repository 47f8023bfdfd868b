package io.weft.agent.bfd;

import io.weft.agent.discovery.PeerLinks;
import io.weft.agent.discovery.PeerLinks.LinkEnd;
import io.weft.bfd.BfdSettings;
import io.weft.bfd.BfdView;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec.BfdSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * BFD to those BGP neighbours of a Fabric that ask for it. A path that fails is told to the
 * speaker, which ends the session; one that the neighbour's operator took down is not (RFC 5882
 * §3.2). Without such a neighbour no port is opened.
 */
public final class PeerPaths implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(PeerPaths.class);

  /** From a neighbour behind routers any TTL is taken: how many there are is not configured. */
  private static final int ANY_TTL = 1;

  private final Consumer<SpeakerEvent> speaker;
  private Optional<BfdTransport> transport = Optional.empty();
  private List<String> problems = List.of();

  public PeerPaths(Consumer<SpeakerEvent> speaker) {
    this.speaker = speaker;
  }

  /**
   * Watches what {@code fabric} asks for, and nothing else.
   *
   * @param local where sessions run from with neighbours that are not on a link of ours
   */
  public synchronized void change(FabricSpec fabric, List<IpAddress> local, PeerLinks links) {
    var wanted = settings(fabric, local, links);
    var before = problems;
    problems = List.of();
    if (wanted.isEmpty()) {
      close();
      return;
    }
    if (transport.isEmpty()) {
      transport = Optional.of(new BfdTransport(this::changed));
    }
    problems =
        transport.get().sessions(wanted).stream()
            .map(trouble -> trouble + "; BGP sessions stand by their hold time")
            .toList();
    problems.stream().filter(text -> !before.contains(text)).forEach(LOG::warn);
  }

  /** Why paths are not watched; empty when all are that are to be. */
  public synchronized List<String> problems() {
    return problems;
  }

  /** How the sessions stand; empty where there are none. */
  public synchronized Optional<BfdView> view() {
    return transport.map(BfdTransport::view);
  }

  private void changed(PathState state) {
    LOG.info("BFD {}: {} ({})", state.peer(), state.up() ? "up" : "down", state.text());
    if (!state.up() && !state.administrative()) {
      speaker.accept(new SpeakerEvent.PathFailed(state.peer(), state.text()));
    }
  }

  static List<BfdSettings> settings(FabricSpec fabric, List<IpAddress> local, PeerLinks links) {
    var wanted = new ArrayList<BfdSettings>();
    for (var peer : fabric.peers()) {
      if (peer.bfd().isPresent()
          && peer.remote() instanceof Remote.AtAddress(var address)
          && !local.contains(address)) {
        settings(peer.bfd().get(), address, local, links).ifPresent(wanted::add);
      }
    }
    return wanted;
  }

  /** Empty while our end of the link is not known. */
  private static Optional<BfdSettings> settings(
      BfdSpec bfd, IpAddress peer, List<IpAddress> local, PeerLinks links) {
    var interval = Duration.ofMillis(bfd.intervalMillis());
    var end = links.to(peer);
    var from =
        Stream.concat(end.map(LinkEnd::address).stream(), local.stream())
            .filter(address -> address.bits() == peer.bits())
            .findFirst();
    if (from.isEmpty() || peer.isLinkLocal() && end.isEmpty()) {
      return Optional.empty();
    }
    if (bfd.multihop()) {
      return Optional.of(
          BfdSettings.multihop(peer, from.get(), interval, bfd.multiplier(), ANY_TTL));
    }
    var session = BfdSettings.singleHop(peer, from.get(), interval, bfd.multiplier());
    return Optional.of(end.map(LinkEnd::link).map(session::on).orElse(session));
  }

  @Override
  public synchronized void close() {
    transport.ifPresent(BfdTransport::close);
    transport = Optional.empty();
  }
}
