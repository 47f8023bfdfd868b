package io.weft.overlay.node;

import io.weft.overlay.node.NodeView.SharedAddressView;
import java.util.ArrayList;
import java.util.List;

/** IP addresses of endpoints here that a route gives to another MAC elsewhere (RFC 9135 §7). */
final class SharedAddresses {
  private SharedAddresses() {}

  static List<SharedAddressView> of(NetworkInstance instance) {
    var shared = new ArrayList<SharedAddressView>();
    for (var endpoint : instance.endpoints()) {
      for (var host : endpoint.addresses()) {
        instance
            .remote()
            .neighbour(host.address())
            .filter(other -> !other.gateway() && !other.mac().equals(endpoint.mac()))
            .ifPresent(
                other ->
                    shared.add(
                        new SharedAddressView(
                            host.address(),
                            endpoint.network(),
                            endpoint.name(),
                            endpoint.mac(),
                            other.vtep(),
                            other.mac(),
                            instance.announcement().conflictSince(endpoint, host, other.mac()))));
      }
    }
    return shared;
  }
}
