package io.weft.agent.reflector;

import io.weft.agent.bgp.BgpTransport;
import io.weft.agent.bgp.PeerTransport;
import io.weft.agent.intent.Configuration;
import io.weft.agent.intent.IntentWords;
import io.weft.agent.intent.PeerSupport;
import io.weft.agent.reflector.ReflectorOptions.Given;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.net.IpAddress;
import io.weft.overlay.node.Underlay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a reflector is told at a time.
 *
 * @param speaker what its brain is to be
 * @param addresses where it listens: one, or one of each family
 * @param port of its own and its peers
 * @param configuration out of files, if there are any
 */
record Orders(
    SpeakerConfig speaker,
    List<IpAddress> addresses,
    int port,
    Optional<Configuration> configuration) {
  private static final int HOLD_SECONDS = 90;
  private static final int RESTART_SECONDS = 120;

  static Orders of(Configuration configuration, Underlay underlay) {
    return new Orders(
        IntentWords.reflector(configuration.intent(), underlay),
        underlay.vteps(),
        BgpTransport.PORT,
        Optional.of(configuration));
  }

  static Orders of(Given given) {
    var speaker =
        new SpeakerConfig(
            given.asn(),
            given.routerId(),
            given.clusterId(),
            List.of(),
            given.clients().stream().map(range -> PeerRange.clients(range, given.asn())).toList(),
            true,
            HOLD_SECONDS,
            RESTART_SECONDS,
            0,
            IntentWords.MAX_PEERS,
            IntentWords.MAX_ROUTES_PER_PEER);
    return new Orders(speaker, List.of(given.listen()), given.port(), Optional.empty());
  }

  Optional<FabricSpec> fabric() {
    return configuration.map(Configuration::fabric);
  }

  /** What connections with each peer must have. */
  List<PeerTransport> transports() {
    return configuration.map(Configuration::transports).orElse(List.of());
  }

  /** What of the configuration is wrong or not carried out, in words. */
  List<String> problems() {
    var problems = new ArrayList<String>();
    configuration.map(Configuration::problems).ifPresent(problems::addAll);
    fabric().map(PeerSupport::gapsOfReflector).ifPresent(problems::addAll);
    return problems;
  }
}
