package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import java.util.NavigableSet;
import java.util.TreeSet;

/** What the tables of a network on a node must hold, from the topology and the attach answers. */
final class TablesModel {
  private TablesModel() {}

  static NavigableSet<String> of(RunningLab lab, String network, String node) {
    var lines = new TreeSet<String>();
    for (var endpoint : lab.attached(network)) {
      int vni = endpoint.vni().value();
      if (endpoint.node().equals(node)) {
        lines.add(TenantTables.local(vni, endpoint.mac()));
      } else {
        remote(lab, endpoint, lines);
      }
    }
    return lines;
  }

  private static void remote(RunningLab lab, Attached endpoint, NavigableSet<String> lines) {
    int vni = endpoint.vni().value();
    var vtep = lab.plan().loopback(endpoint.node());
    lines.add(TenantTables.remote(vni, endpoint.mac(), vtep));
    lines.add(TenantTables.tunnelled(vni, endpoint.mac()));
    lines.add(TenantTables.flood(vni, vtep));
    for (var address : endpoint.addresses()) {
      lines.add(TenantTables.neighbour(vni, address, endpoint.mac()));
    }
  }
}
