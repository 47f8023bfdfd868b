package io.weft.agent.intent;

import io.weft.agent.bgp.PeerTransport;
import io.weft.kubernetes.intent.Intent;
import io.weft.kubernetes.intent.IntentReading;
import io.weft.kubernetes.resource.FabricSpec;
import io.weft.kubernetes.yaml.Problem;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;

/** What a daemon is told at one moment: resources, and the secrets in the files that they name. */
public record Configuration(IntentReading reading, Secrets.Reading secrets) {
  public Intent intent() {
    return reading.intent();
  }

  public FabricSpec fabric() {
    return intent().fabric().spec();
  }

  /** What connections with each peer must have. */
  public List<PeerTransport> transports() {
    return TransportWords.transports(fabric(), secrets);
  }

  /** What connections with endpoints must have, by network; those that are not named: nothing. */
  public SortedMap<String, List<PeerTransport>> endpointTransports() {
    return TransportWords.endpoints(secrets);
  }

  /** All that is wrong, or not carried out, a line each, for the log and the status. */
  public List<String> problems() {
    var problems = new ArrayList<>(reading.problems().stream().map(Problem::toString).toList());
    problems.addAll(secrets.problems());
    problems.addAll(PeerSupport.gaps(fabric()));
    return problems;
  }
}
