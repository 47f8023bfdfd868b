package io.weft.lab.cluster;

import io.weft.kubernetes.resource.FabricSpec.VniPools;
import io.weft.kubernetes.resource.Kind;
import io.weft.lab.check.CheckResult;
import io.weft.lab.check.Findings;
import io.weft.net.VniRange;
import java.io.IOException;
import java.util.TreeSet;

/** What can be found out of a cluster by its API, and by pods that ping. */
public final class GivenChecks {
  private final GivenCluster cluster;

  public GivenChecks(GivenCluster cluster) {
    this.cluster = cluster;
  }

  /** The status of each object. */
  public CheckResult conditions() throws IOException, InterruptedException {
    return new ObjectsCheck(cluster.api(), cluster.objects()).run();
  }

  /** The VNIs of the networks. */
  public CheckResult vnis() throws IOException, InterruptedException {
    var pool = VniPools.DEFAULT.networks();
    for (var fabric : cluster.api().list(Kind.FABRIC.label(), "")) {
      var given = fabric.at("/spec/vniPools/networks").asText("");
      pool = given.isEmpty() ? pool : VniRange.parse(given);
    }
    return new VnisCheck(cluster.api(), cluster.file().networks(), pool).run();
  }

  /** What the nodes that take pods say of themselves. */
  public CheckResult nodeStates() throws InterruptedException {
    return new NodeStatesCheck(cluster.api()).run(cluster.nodes());
  }

  /** True when Weft gives the address that the status of a pod names. */
  private boolean isPrimary() {
    return cluster.pods().stream().anyMatch(this::isOfItsNetwork);
  }

  private boolean isOfItsNetwork(PodPlace pod) {
    var subnets = cluster.file().topology().network(cluster.network(pod)).spec().subnets();
    return !cluster.addresses(pod).isEmpty()
        && cluster.addresses(pod).stream()
            .allMatch(address -> subnets.stream().anyMatch(s -> s.isHostAddress(address)));
  }

  /** The addresses of the pods. */
  public CheckResult pods() {
    if (!isPrimary()) {
      return notChecked("pods");
    }
    var findings = new Findings();
    var taken = new TreeSet<String>();
    for (var pod : cluster.pods()) {
      var addresses = cluster.addresses(pod);
      findings.expect(
          isOfItsNetwork(pod), pod + ": " + addresses + " is not of " + cluster.network(pod));
      for (var address : addresses) {
        findings.expect(
            taken.add(cluster.network(pod) + " " + address), pod + ": " + address + " is two's");
      }
    }
    return findings.result(
        "pods", cluster.pods().size() + " pods with addresses of their networks");
  }

  /** Who reaches whom. */
  public CheckResult ping() throws IOException, InterruptedException {
    return isPrimary() ? new Probe(cluster).run() : notChecked("ping");
  }

  /**
   * Beside another plugin, and where pods have an address of the default network, that one is in
   * the pod's status, and the address in its own network is in no object of the API.
   */
  private static CheckResult notChecked(String name) {
    return new CheckResult(
        name,
        true,
        "not checked: the pods' status names addresses of another network; ask weft status on a"
            + " node");
  }
}
