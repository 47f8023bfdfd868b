package io.weft.agent.reflector;

import io.weft.agent.bgp.BgpTransport;
import io.weft.agent.intent.IntentWords;
import io.weft.agent.intent.PeerSupport;
import io.weft.agent.reflector.ReflectorOptions.Given;
import io.weft.bgp.speaker.PeerRange;
import io.weft.bgp.speaker.SpeakerConfig;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.yaml.Problem;
import io.weft.net.IpAddress;
import io.weft.overlay.node.Underlay;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/**
 * What a reflector is told at a time.
 *
 * @param speaker what its brain is to be
 * @param address where it listens
 * @param port of its own and its peers
 * @param fabric of the configuration, if there is one
 * @param problems what of the configuration is not carried out, in words
 */
record Orders(
    SpeakerConfig speaker,
    IpAddress address,
    int port,
    Optional<FabricSpec> fabric,
    List<String> problems) {
  private static final int HOLD_SECONDS = 90;
  private static final int RESTART_SECONDS = 120;

  static Orders of(IntentReading reading, Underlay underlay) {
    var fabric = reading.intent().fabric().spec();
    var problems = new ArrayList<String>();
    reading.problems().stream().map(Problem::toString).forEach(problems::add);
    problems.addAll(PeerSupport.gaps(fabric));
    return new Orders(
        IntentWords.reflector(reading.intent(), underlay),
        underlay.vtep(),
        BgpTransport.PORT,
        Optional.of(fabric),
        List.copyOf(problems));
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
    return new Orders(speaker, given.listen(), given.port(), Optional.empty(), List.of());
  }
}
