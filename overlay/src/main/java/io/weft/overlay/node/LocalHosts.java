package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.Endpoint;
import java.util.Collection;
import java.util.Collections;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * Who is on this node in one network: endpoints, as they were announced, and hosts, who have a MAC.
 * A host is an endpoint that has one, with what else was learned of it, or somebody behind the port
 * of an endpoint that learns; that one has a name with a blank, as no endpoint has.
 */
final class LocalHosts {
  private final TreeMap<String, Endpoint> endpoints = new TreeMap<>();
  private final TreeMap<String, Endpoint> learning = new TreeMap<>();
  private final TreeMap<MacAddress, Endpoint> hosts = new TreeMap<>();
  private final TreeMap<IpAddress, Endpoint> owners = new TreeMap<>();

  /** Endpoints that hold a claim beside another's that is active: they neither get nor send. */
  private final TreeSet<String> standby = new TreeSet<>();

  Collection<Endpoint> endpoints() {
    return Collections.unmodifiableCollection(endpoints.values());
  }

  /** Without those that stand by. */
  Collection<Endpoint> hosts() {
    return Collections.unmodifiableCollection(hosts.values());
  }

  Optional<Endpoint> endpoint(String name) {
    return Optional.ofNullable(endpoints.get(name));
  }

  /** Those behind whose ports hosts are learned. */
  Collection<Endpoint> learning() {
    return Collections.unmodifiableCollection(learning.values());
  }

  /** The endpoint that was announced with the MAC, and does not stand by. */
  Optional<Endpoint> announced(MacAddress mac) {
    return host(mac).flatMap(host -> endpoint(host.name()));
  }

  /** True for who was announced, and who is sticky: no frame moves it to another port. */
  boolean isFixed(Endpoint host) {
    return host.sticky() || endpoints.containsKey(host.name());
  }

  Optional<Endpoint> host(MacAddress mac) {
    return Optional.ofNullable(hosts.get(mac));
  }

  Optional<Endpoint> owner(IpAddress ip) {
    return Optional.ofNullable(owners.get(ip));
  }

  void add(Endpoint endpoint) {
    endpoints.put(endpoint.name(), endpoint);
    if (endpoint.learn()) {
      learning.put(endpoint.name(), endpoint);
    }
  }

  void remove(Endpoint endpoint) {
    endpoints.remove(endpoint.name());
    learning.remove(endpoint.name());
    standby.remove(endpoint.name());
  }

  boolean isStandby(Endpoint endpoint) {
    return standby.contains(endpoint.name());
  }

  void stand(Endpoint endpoint, boolean by) {
    if (by) {
      standby.add(endpoint.name());
    } else {
      standby.remove(endpoint.name());
    }
  }

  /** The host is here, in place of one with its MAC. */
  void own(Endpoint host) {
    var before = hosts.put(host.mac(), host);
    if (before != null) {
      before.addresses().forEach(address -> disown(address.address(), before));
    }
    host.addresses().forEach(address -> owners.putIfAbsent(address.address(), host));
  }

  void disown(Endpoint host) {
    hosts.remove(host.mac(), host);
    host.addresses().forEach(address -> disown(address.address(), host));
  }

  /** An address that two had is now the other's. */
  private void disown(IpAddress ip, Endpoint host) {
    if (owners.remove(ip, host)) {
      hosts.values().stream()
          .filter(other -> !other.equals(host) && other.hosts().contains(ip))
          .findFirst()
          .ifPresent(other -> owners.put(ip, other));
    }
  }

  void clear() {
    endpoints.clear();
    learning.clear();
    hosts.clear();
    owners.clear();
    standby.clear();
  }
}
