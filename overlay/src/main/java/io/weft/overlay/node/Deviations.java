package io.weft.overlay.node;

import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.node.NodeView.SharedAddressView;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** Where what stands is not what the intent says, for people: what, why, and what to do. */
final class Deviations {
  private Deviations() {}

  /**
   * All of them.
   *
   * @param now on the clock of the node
   */
  static List<String> of(Foundation foundation, Instances instances, long now) {
    var texts = new ArrayList<String>();
    foundation.missingVtep().ifPresent(why -> texts.add(missing(foundation.underlay(), why)));
    for (var instance : instances.all()) {
      var wanted = foundation.network(instance.intent().name());
      if (wanted.isEmpty()) {
        texts.add(orphan(instance));
        continue;
      }
      if (!wanted.get().vni().equals(instance.intent().vni())) {
        texts.add(kept(instance, wanted.get(), instances));
      }
      outside(instance, texts);
      SharedAddresses.of(instance).forEach(each -> texts.add(elsewhereToo(each, now)));
      texts.addAll(instance.learned().quarrels().view());
    }
    return List.copyOf(texts);
  }

  private static String missing(Underlay underlay, String why) {
    boolean ipv4 = underlay.vtep().isIpv4();
    return "this node has no VTEP of %s: %s; nodes that have %s alone are not reached from here; give it an address, or change families of the Fabric's vtep"
        .formatted(ipv4 ? "IPv6" : "IPv4", why, ipv4 ? "IPv6" : "IPv4");
  }

  private static String orphan(NetworkInstance instance) {
    return "network '%s' is no more in the intent, but has %d endpoints here: they go on as they are; detach them, or declare it again"
        .formatted(instance.intent().name(), instance.endpoints().size());
  }

  private static String kept(NetworkInstance instance, NetworkIntent wanted, Instances instances) {
    var holder =
        instances
            .holderOf(wanted.vni(), wanted.name())
            .map(other -> "; detach the endpoints of network '" + other.intent().name() + "'")
            .orElse("");
    return "network '%s' keeps VNI %s: %s, which it shall get, is in use here%s"
        .formatted(wanted.name(), instance.intent().vni(), wanted.vni(), holder);
  }

  private static String elsewhereToo(SharedAddressView shared, long now) {
    return "address %s of network '%s' is that of endpoint '%s' here, with MAC address %s, and by its route also behind VTEP %s, with MAC address %s%s; detach one of them"
        .formatted(
            shared.address(),
            shared.network(),
            shared.endpoint(),
            shared.mac(),
            shared.vtep(),
            shared.other(),
            shared.sinceNanos().map(since -> ", for " + seconds(now - since) + " s").orElse(""));
  }

  private static long seconds(long nanos) {
    return Math.max(0, TimeUnit.NANOSECONDS.toSeconds(nanos));
  }

  private static void outside(NetworkInstance instance, List<String> texts) {
    var subnets = instance.intent().subnets();
    for (var endpoint : instance.endpoints()) {
      var strangers =
          endpoint.addresses().stream()
              .map(HostAddress::address)
              .filter(ip -> subnets.stream().noneMatch(subnet -> subnet.contains(ip)))
              .toList();
      if (!subnets.isEmpty() && !strangers.isEmpty()) {
        texts.add(
            "endpoint '%s' has %s, outside the subnets %s of network '%s': it goes on within the segment, without gateway; detach it and attach it again"
                .formatted(endpoint.name(), strangers, subnets, endpoint.network()));
      }
    }
  }
}
