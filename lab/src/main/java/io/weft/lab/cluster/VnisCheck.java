package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.resource.Network;
import io.weft.lab.check.Check;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.lab.process.RunningLab;
import io.weft.net.Vni;
import io.weft.net.VniRange;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Each network has the VNI that it asks for, or one of the pool, claimed in its name and nobody
 * else's; nodes use that one.
 */
public final class VnisCheck implements Check {
  private final ClusterApi api;
  private final List<Network> networks;
  private final VniRange pool;

  VnisCheck(ClusterApi api, List<Network> networks, VniRange pool) {
    this.api = api;
    this.networks = networks;
    this.pool = pool;
  }

  /** Of all networks of a lab's cluster. */
  public VnisCheck(LabCluster cluster) {
    this(
        cluster.api(),
        cluster.file().networks(),
        cluster.file().topology().fabric().spec().vniPools().networks());
  }

  @Override
  public String name() {
    return "vnis";
  }

  @Override
  public CheckResult run(RunningLab lab) throws IOException, InterruptedException {
    var findings = new Findings();
    var said = look(findings);
    for (var endpoint : lab.attached()) {
      findings.expect(
          said.getOrDefault(endpoint.network(), 0) == endpoint.vni().value(),
          endpoint.node() + " uses VNI " + endpoint.vni() + " for " + endpoint.network());
    }
    return findings.result(name(), detail(said) + "; the nodes use them");
  }

  /** Without asking nodes. */
  CheckResult run() throws IOException, InterruptedException {
    var findings = new Findings();
    var said = look(findings);
    return findings.result(name(), detail(said));
  }

  private static String detail(Map<String, Integer> said) {
    return said + ": each claimed once, those that nobody gave of the pool";
  }

  private Map<String, Integer> look(Findings findings) throws IOException, InterruptedException {
    var claims = new TreeMap<Integer, JsonNode>();
    for (var claim : api.list("VniClaim", "")) {
      claims.put(Integer.parseInt(claim.at("/metadata/name").asText()), claim.path("spec"));
    }
    var said = new TreeMap<String, Integer>();
    for (var object : api.list("Network", "")) {
      said.put(object.at("/metadata/name").asText(), object.at("/status/vni").asInt());
    }
    said.keySet().retainAll(networks.stream().map(Network::name).toList());
    for (var network : networks) {
      int vni = said.getOrDefault(network.name(), 0);
      findings.expect(
          network.spec().vni().map(Vni::value).map(given -> given == vni).orElse(inPool(vni)),
          network.name() + " has VNI " + vni + ", neither given nor of the pool");
      var claim = claims.get(vni);
      findings.expect(
          claim != null && claim.toString().contains("\"" + network.name() + "\""),
          network.name() + ": VNI " + vni + " is claimed by " + claim);
    }
    findings.expect(
        new TreeSet<>(said.values()).size() == networks.size(), "a VNI is two's: " + said);
    return said;
  }

  private boolean inPool(int vni) {
    return vni > 0 && pool.contains(new Vni(vni));
  }
}
