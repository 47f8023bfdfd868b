package io.weft.linux;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.List;

/**
 * What this kernel can do of what Weft needs, found by doing it in a namespace without a name that
 * then vanishes. For a node's start: a kernel without VXLAN gets a sentence, not an errno later.
 *
 * @param missing one sentence for each thing that this kernel or this process cannot do
 */
public record KernelFeatures(List<String> missing) {
  private static final LinkSettings NONE = LinkSettings.NONE;

  public KernelFeatures {
    missing = List.copyOf(missing);
  }

  /** True when nothing is missing. */
  public boolean complete() {
    return missing.isEmpty();
  }

  /** Tries everything; takes some milliseconds. Never throws for what is missing. */
  public static KernelFeatures probe() {
    try (var namespace = NetworkNamespaces.createUnnamed();
        var links = Rtnetlink.openIn(namespace)) {
      var missing = new ArrayList<String>();
      boolean bridge =
          tries(
              missing,
              "this kernel has no bridges (CONFIG_BRIDGE)",
              () -> links.createBridge("bridge", NONE));
      tries(
          missing,
          "this kernel has no veth pairs (CONFIG_VETH)",
          () -> links.createVeth("veth", NONE, "peer", NONE, links));
      var vxlan = Vxlan.of(new Vni(1), IpAddress.parse("127.0.0.1"));
      boolean tunnel =
          tries(
              missing,
              "this kernel has no VXLAN (CONFIG_VXLAN)",
              () -> links.createVxlan("vxlan", vxlan, NONE));
      if (bridge && tunnel) {
        probePort(links, missing);
      }
      return new KernelFeatures(missing);
    } catch (LinuxException e) {
      return new KernelFeatures(
          List.of(
              "network namespaces cannot be made here (CONFIG_NET_NS, CAP_SYS_ADMIN): "
                  + e.getMessage()));
    }
  }

  /** Old kernels ignore flags that they do not know: only what stands afterwards counts. */
  private static void probePort(Rtnetlink links, List<String> missing) {
    var wanted = new BridgePort(false, true, true, true);
    var what = "this kernel's bridge ports cannot be set (CONFIG_BRIDGE)";
    if (!tries(missing, what, () -> setPort(links, wanted))) {
      return;
    }
    var port = links.requireLink("vxlan").bridgePort().orElse(BridgePort.DEFAULT);
    if (port.learning()) {
      missing.add("this kernel cannot switch off learning on a bridge port (Linux 3.11)");
    }
    if (!port.neighSuppress()) {
      missing.add("this kernel has no ARP and ND suppression on bridge ports (Linux 4.15)");
    }
    if (!port.isolated()) {
      missing.add("this kernel cannot isolate bridge ports (Linux 4.18)");
    }
    if (!port.locked()) {
      missing.add("this kernel cannot lock a bridge port to its MACs (Linux 5.18)");
    }
  }

  private static void setPort(Rtnetlink links, BridgePort port) {
    int vxlan = links.requireLink("vxlan").index();
    links.setLink(vxlan, NONE.withMaster(links.requireLink("bridge").index()));
    links.setBridgePort(vxlan, port);
  }

  private static boolean tries(List<String> missing, String otherwise, Runnable attempt) {
    try {
      attempt.run();
      return true;
    } catch (LinuxException e) {
      missing.add(otherwise + ": " + e.getMessage());
      return false;
    }
  }
}
