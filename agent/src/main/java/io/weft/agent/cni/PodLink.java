package io.weft.agent.cni;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * An interface as a pod sees it now.
 *
 * @param gateways where its own default routes lead
 */
record PodLink(Optional<MacAddress> mac, List<IpAddress> addresses, List<IpAddress> gateways) {
  static boolean exists(String networkNamespace) {
    return Files.exists(Path.of(networkNamespace));
  }

  /**
   * Looks; empty when the namespace has no such interface.
   *
   * @throws CniFailure when the namespace cannot be entered
   */
  static Optional<PodLink> look(String networkNamespace, String name) throws CniFailure {
    try (var namespace = NetworkNamespaces.open(networkNamespace);
        var inside = Rtnetlink.openIn(namespace)) {
      var link = inside.link(name);
      if (link.isEmpty()) {
        return Optional.empty();
      }
      int index = link.get().index();
      var addresses = inside.addresses(index).stream().map(address -> address.address()).toList();
      var gateways =
          inside.routes().stream()
              .filter(route -> route.prefix().length() == 0)
              .flatMap(route -> route.nextHops().stream())
              .filter(hop -> hop.link().isPresent() && hop.link().getAsInt() == index)
              .flatMap(hop -> hop.via().stream())
              .toList();
      return Optional.of(new PodLink(link.get().mac(), addresses, gateways));
    } catch (LinuxException e) {
      throw new CniFailure(
          CniFailure.UNKNOWN_CONTAINER,
          "the container's network namespace cannot be entered",
          networkNamespace + ": " + e.getMessage());
    }
  }
}
