package io.weft.agent.cni;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.List;

/** Configurations as other CNI plugins write them, by the manifests of those projects. */
final class ForeignFiles {
  /** kindnetd's {@code 10-kindnet.conflist}. */
  static final String KINDNET =
      """
      {
        "cniVersion": "0.3.1",
        "name": "kindnet",
        "plugins": [
        {
          "type": "ptp",
          "ipMasq": false,
          "ipam": {
            "type": "host-local",
            "dataDir": "/run/cni-ipam-state",
            "routes": [ { "dst": "0.0.0.0/0" } ],
            "ranges": [ [ { "subnet": "10.244.1.0/24" } ] ]
          },
          "mtu": 1500
        },
        {
          "type": "portmap",
          "capabilities": { "portMappings": true }
        }
        ]
      }
      """;

  /** {@code 10-flannel.conflist} of kube-flannel.yml. */
  static final String FLANNEL =
      """
      {
        "name": "cbr0",
        "cniVersion": "0.3.1",
        "plugins": [
          {"type": "flannel", "delegate": {"hairpinMode": true, "isDefaultGateway": true}},
          {"type": "portmap", "capabilities": {"portMappings": true}}
        ]
      }
      """;

  /** {@code 10-calico.conflist} of calico.yaml. */
  static final String CALICO =
      """
      {
        "name": "k8s-pod-network",
        "cniVersion": "0.3.1",
        "plugins": [
          {
            "type": "calico",
            "log_level": "info",
            "log_file_path": "/var/log/calico/cni/cni.log",
            "datastore_type": "kubernetes",
            "nodename": "n1",
            "mtu": 0,
            "ipam": {"type": "calico-ipam"},
            "policy": {"type": "k8s"},
            "kubernetes": {"kubeconfig": "/etc/cni/net.d/calico-kubeconfig"}
          },
          {"type": "portmap", "snat": true, "capabilities": {"portMappings": true}},
          {"type": "bandwidth", "capabilities": {"bandwidth": true}}
        ]
      }
      """;

  /** {@code 05-cilium.conflist} of Cilium 1.14 and later. */
  static final String CILIUM =
      """
      {
        "cniVersion": "0.3.1",
        "name": "cilium",
        "plugins": [
          {
             "type": "cilium-cni",
             "enable-debug": false,
             "log-file": "/var/run/cilium/cilium-cni.log"
          }
        ]
      }
      """;

  private ForeignFiles() {}

  /** The types of the plugins of a list, in their order. */
  static List<String> types(Path list) throws IOException {
    var types = new ArrayList<String>();
    for (var plugin : PluginProgram.JSON.readTree(list.toFile()).path("plugins")) {
      types.add(plugin.path("type").asText());
    }
    return types;
  }

  /** As careful programs do: nobody sees it half written. */
  static void put(Path file, String text) throws IOException {
    var fresh = file.resolveSibling("." + file.getFileName() + ".theirs");
    Files.writeString(fresh, text);
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
  }
}
