package io.weft.lab.cluster;

import com.fasterxml.jackson.databind.node.ArrayNode;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.List;

/** Where each pod is, for people and for programs. */
public final class PodTable {
  private static final List<String> COLUMNS =
      List.of("NAMESPACE", "POD", "NODE", "NETWORK", "VNI", "ADDRESSES");

  private final List<List<String>> rows = new ArrayList<>();

  /** A pod that runs; {@code vni} is that of its network. */
  void add(PodPlace pod, String node, String network, int vni, List<IpAddress> addresses) {
    rows.add(
        List.of(
            pod.namespace(),
            pod.name(),
            node,
            network,
            String.valueOf(vni),
            String.join(",", addresses.stream().map(IpAddress::toString).toList())));
  }

  public int size() {
    return rows.size();
  }

  /** Aligned, with a line of headings. */
  public List<String> lines() {
    var all = new ArrayList<List<String>>();
    all.add(COLUMNS);
    all.addAll(rows);
    return all.stream().map(row -> line(all, row)).toList();
  }

  private static String line(List<List<String>> all, List<String> row) {
    var text = new StringBuilder();
    for (int i = 0; i < row.size(); i++) {
      int column = i;
      int width = all.stream().mapToInt(other -> other.get(column).length()).max().orElse(0);
      text.append(row.get(i)).repeat(' ', width - row.get(i).length() + 2);
    }
    return text.toString().stripTrailing();
  }

  /** An object for each pod. */
  public void write(ArrayNode array) {
    for (var row : rows) {
      var pod = array.addObject().put("namespace", row.get(0)).put("name", row.get(1));
      pod.put("node", row.get(2)).put("network", row.get(3));
      pod.put("vni", Integer.parseInt(row.get(4)));
      var addresses = pod.putArray("addresses");
      List.of(row.get(5).split(",", -1)).forEach(addresses::add);
    }
  }
}
