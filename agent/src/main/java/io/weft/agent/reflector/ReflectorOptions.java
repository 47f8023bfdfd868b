package io.weft.agent.reflector;

import io.weft.agent.intent.IntentPlace;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * How a reflector daemon is started.
 *
 * @param name of the reflector, for people
 * @param settings what it is to be
 * @param socket where the CLI reaches it
 * @param metrics where they are served; empty: nowhere
 */
public record ReflectorOptions(
    String name, Settings settings, Path socket, Optional<MetricsAddress> metrics) {
  /** One without metrics. */
  public ReflectorOptions(String name, Settings settings, Path socket) {
    this(name, settings, socket, Optional.empty());
  }

  /** What a reflector is to be, or where that stands. */
  public sealed interface Settings permits InResources, Given {}

  /**
   * Resources, watched; the reflector finds its own address.
   *
   * @param config where they are
   * @param state directory of what is kept for a start while the Kubernetes API is away
   */
  public record InResources(IntentPlace config, Path state) implements Settings {}

  /**
   * All of it, for as long as the process lives. It connects to nobody.
   *
   * @param listen its address
   * @param port 1..65535; 179 is BGP's
   * @param asn its AS, and that of the clients
   * @param routerId BGP identifier, not 0.0.0.0 (RFC 6286 §2.1)
   * @param clusterId RFC 4456 §7
   * @param clients whoever connects from these is a client; one or more
   */
  public record Given(
      IpAddress listen,
      int port,
      AutonomousSystem asn,
      Ipv4Address routerId,
      Ipv4Address clusterId,
      List<IpPrefix> clients)
      implements Settings {
    public Given {
      clients = List.copyOf(clients);
      if (port < 1 || port > 65535) {
        throw new IllegalArgumentException("port " + port + " is out of 1..65535");
      }
      if (routerId.isUnspecified()) {
        throw new IllegalArgumentException("a router id of 0.0.0.0 is refused by every peer");
      }
    }
  }
}
