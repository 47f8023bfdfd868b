package io.weft.linux;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.BridgePort;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Vxlan;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.Chain;
import io.weft.linux.nftables.Chain.Hook;
import io.weft.linux.nftables.Expression;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Rule;
import io.weft.linux.nftables.Table;
import io.weft.net.IpAddress;
import io.weft.net.Octets;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.List;

/**
 * What this kernel can do of what Weft needs, found by doing it in a namespace without a name that
 * then vanishes. For a node's start: a kernel without VXLAN gets a sentence, not an errno later.
 *
 * @param missing one sentence for each thing that this kernel or this process cannot do
 * @param optional likewise, of what only those need who ask for it
 */
public record KernelFeatures(List<String> missing, List<String> optional) {
  private static final LinkSettings NONE = LinkSettings.NONE;

  public KernelFeatures {
    missing = List.copyOf(missing);
    optional = List.copyOf(optional);
  }

  /** True when nothing is missing that every node needs. */
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
      var optional = new ArrayList<String>();
      tries(
          optional,
          "this kernel has no nftables with connection tracking, NAT and fib"
              + " (CONFIG_NF_TABLES_INET, CONFIG_NFT_CT, CONFIG_NFT_MASQ, CONFIG_NFT_FIB_INET):"
              + " no tenant gets a way out through this node (egress: node)",
          () -> probeEgress(namespace));
      return new KernelFeatures(missing, optional);
    } catch (LinuxException e) {
      return new KernelFeatures(
          List.of(
              "network namespaces cannot be made here (CONFIG_NET_NS, CAP_SYS_ADMIN): "
                  + e.getMessage()),
          List.of());
    }
  }

  /** A table with each expression that a way out has. */
  private static void probeEgress(Descriptor namespace) {
    var compare = new Expression.Compare(false, Octets.parse("00000000"));
    var tracking =
        Rule.of(
            new Expression.ConnectionState(),
            new Expression.Mask(Octets.parse("00000000")),
            compare,
            new Expression.Verdict(true));
    var untracked = Rule.of(new Expression.RouteName(), compare, new Expression.NoTracking());
    var chains =
        List.of(
            new Chain("filter", false, Hook.FORWARD, Chain.FILTER, List.of(tracking)),
            new Chain("raw", false, Hook.PREROUTING, Chain.BEFORE_TRACKING, List.of(untracked)),
            new Chain(
                "nat",
                true,
                Hook.POSTROUTING,
                Chain.SOURCE,
                List.of(Rule.of(new Expression.Masquerade()))));
    try (var nftables = NetworkNamespaces.callIn(namespace, Nftables::open)) {
      nftables.replace(new Table("weft", chains));
    }
  }

  /** Old kernels ignore flags that they do not know: only what stands afterwards counts. */
  private static void probePort(Rtnetlink links, List<String> missing) {
    var wanted = new BridgePort(false, true, true, true, true, true, 0);
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
    if (!port.multicastRouter()) {
      missing.add("this kernel's bridges cannot snoop (CONFIG_BRIDGE_IGMP_SNOOPING)");
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
