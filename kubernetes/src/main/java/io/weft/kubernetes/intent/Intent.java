package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Endpoint;
import io.weft.kubernetes.resource.Fabric;
import java.util.Collections;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;

/**
 * What is in force: free of contradictions. No VNI is given twice, be it to a network or to a
 * tenant, every tenant that a network names is there, and subnets within a tenant do not overlap.
 *
 * @param tenants by name
 * @param networks by name
 * @param ways what the connections declare, in force or not
 * @param endpoints by name, of all nodes
 */
public record Intent(
    Fabric fabric,
    SortedMap<String, ResolvedTenant> tenants,
    SortedMap<String, ResolvedNetwork> networks,
    List<ConnectionWay> ways,
    SortedMap<String, Endpoint> endpoints) {
  /** Nothing asked for. */
  public static final Intent NONE =
      new Intent(Fabric.DEFAULT, new TreeMap<>(), new TreeMap<>(), List.of(), new TreeMap<>());

  public Intent {
    tenants = Collections.unmodifiableSortedMap(new TreeMap<>(tenants));
    networks = Collections.unmodifiableSortedMap(new TreeMap<>(networks));
    ways = List.copyOf(ways);
    endpoints = Collections.unmodifiableSortedMap(new TreeMap<>(endpoints));
  }
}
