package io.weft.agent.bfd;

import io.weft.bfd.BfdSettings;
import io.weft.bfd.BfdView;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.linux.ffi.LinuxException;
import io.weft.net.IpAddress;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
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
  private Optional<IpAddress> from = Optional.empty();
  private Optional<String> problem = Optional.empty();

  public PeerPaths(Consumer<SpeakerEvent> speaker) {
    this.speaker = speaker;
  }

  /** Watches what {@code fabric} asks for, from the address {@code local}, and nothing else. */
  public synchronized void change(FabricSpec fabric, IpAddress local) {
    var wanted = settings(fabric, local);
    problem = Optional.empty();
    if (!from.equals(Optional.of(local)) || wanted.isEmpty()) {
      close();
    }
    if (wanted.isEmpty()) {
      return;
    }
    try {
      if (transport.isEmpty()) {
        transport = Optional.of(new BfdTransport(local, this::changed));
        from = Optional.of(local);
      }
      transport.get().sessions(wanted);
    } catch (LinuxException e) {
      var text =
          "no BFD from "
              + local
              + ": "
              + e.getMessage()
              + "; BGP sessions stand by their hold time";
      LOG.warn("{}", text);
      problem = Optional.of(text);
    }
  }

  /** Why no path is watched; empty when they are, or none is to be. */
  public synchronized Optional<String> problem() {
    return problem;
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

  static List<BfdSettings> settings(FabricSpec fabric, IpAddress local) {
    var wanted = new ArrayList<BfdSettings>();
    for (var peer : fabric.peers()) {
      if (peer.bfd().isPresent()
          && peer.remote() instanceof Remote.AtAddress(var address)
          && address.bits() == local.bits()
          && !address.isLinkLocal() // sessions bound to an interface are not there yet
          && !address.equals(local)) {
        var bfd = peer.bfd().get();
        var interval = Duration.ofMillis(bfd.intervalMillis());
        wanted.add(
            bfd.multihop()
                ? BfdSettings.multihop(address, local, interval, bfd.multiplier(), ANY_TTL)
                : BfdSettings.singleHop(address, local, interval, bfd.multiplier()));
      }
    }
    return wanted;
  }

  @Override
  public synchronized void close() {
    transport.ifPresent(BfdTransport::close);
    transport = Optional.empty();
    from = Optional.empty();
  }
}
