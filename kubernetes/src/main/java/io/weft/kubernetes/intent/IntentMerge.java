package io.weft.kubernetes.intent;

import io.weft.kubernetes.resource.Declared;
import io.weft.kubernetes.resource.Endpoint;
import io.weft.kubernetes.resource.Fabric;
import io.weft.kubernetes.resource.Network;
import io.weft.kubernetes.resource.ResourceKey;
import io.weft.kubernetes.resource.ResourceReading;
import io.weft.kubernetes.resource.Tenant;
import io.weft.kubernetes.resource.TenantConnection;
import io.weft.kubernetes.yaml.Problem;
import io.weft.net.Vni;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * Puts the files together, pure: what was in force and what the files say now give what is in force
 * next. Bad input changes nothing and loses nothing: a resource whose new version is bad keeps its
 * last good one, until it or its file is removed.
 *
 * @param standing the resources in force
 * @param reading what came of them
 * @param allocated VNIs are given out by the controller and never computed
 */
record IntentMerge(
    SortedMap<ResourceKey, Standing> standing, IntentReading reading, boolean allocated) {
  static final int MAX_RESOURCES = 10_000;
  static final IntentMerge EMPTY =
      new IntentMerge(new TreeMap<>(), new IntentReading(Intent.NONE, List.of(), List.of()), false);

  /** Of objects of the API. */
  static final IntentMerge ALLOCATED =
      new IntentMerge(new TreeMap<>(), new IntentReading(Intent.NONE, List.of(), List.of()), true);

  IntentMerge {
    standing = Collections.unmodifiableSortedMap(new TreeMap<>(standing));
  }

  /** {@code files} are all that there are now, in the order of their names. */
  IntentMerge next(List<IntentFile> files) {
    return next(files, Collections.emptySortedMap());
  }

  /**
   * The same of objects.
   *
   * @param precedence of networks, as text: what sorts first wins where neither is in force yet
   */
  IntentMerge next(List<IntentFile> files, SortedMap<String, String> precedence) {
    var limited = limited(files);
    var problems = new ArrayList<Problem>();
    var next = declared(limited, problems);
    retainUnread(limited, next);

    var fabric = Fabric.DEFAULT;
    var tenants = new TreeMap<String, Declared>();
    var networks = new TreeMap<String, Declared>();
    var connections = new TreeMap<String, Declared>();
    var endpoints = new TreeMap<String, Endpoint>();
    var declaredEndpoints = new ArrayList<Declared>();
    for (var candidate : next.values()) {
      switch (candidate.declared().resource()) {
        case Fabric given -> fabric = given;
        case Tenant tenant -> tenants.put(tenant.name(), candidate.declared());
        case Network network -> networks.put(network.name(), candidate.declared());
        case TenantConnection connection ->
            connections.put(connection.name(), candidate.declared());
        case Endpoint endpoint -> {
          endpoints.put(endpoint.name(), endpoint);
          declaredEndpoints.add(candidate.declared());
        }
      }
    }
    var l3Vnis = standingL3Vnis(tenants);
    var versions =
        NetworkResolution.resolve(
            fabric.spec(),
            tenants.keySet(),
            reserved(l3Vnis, tenants),
            standingNetworks(),
            precedence,
            networks,
            problems);
    var apart =
        TenantResolution.resolve(
            fabric.spec(), tenants, versions.values(), l3Vnis, allocated, problems);
    var connected =
        ConnectionResolution.resolve(
            fabric.spec(), apart, versions.values(), connections, problems);
    NamespaceResolution.report(versions.values(), problems);
    EndpointResolution.report(declaredEndpoints, versions.keySet(), problems);
    keepOnly(versions, next);

    var resolved = new TreeMap<String, ResolvedNetwork>();
    versions.forEach((name, version) -> resolved.put(name, version.resolved()));
    return new IntentMerge(
        next,
        new IntentReading(
            new Intent(fabric, connected.tenants(), resolved, connected.ways(), endpoints),
            problems,
            absent(networks, versions)),
        allocated);
  }

  /** The directory as a whole cannot be read: everything stays. */
  IntentMerge unchanged(Problem why) {
    return new IntentMerge(
        standing, new IntentReading(reading.intent(), List.of(why), reading.absent()), allocated);
  }

  private static List<Network> absent(
      SortedMap<String, Declared> networks, SortedMap<String, NetworkVersion> versions) {
    return networks.entrySet().stream()
        .filter(each -> !versions.containsKey(each.getKey()))
        .map(each -> each.getValue().resource())
        .filter(Network.class::isInstance)
        .map(Network.class::cast)
        .toList();
  }

  /** A file with which the resources would become too many is not used. */
  private static List<IntentFile> limited(List<IntentFile> files) {
    var limited = new ArrayList<IntentFile>();
    int count = 0;
    for (var file : files) {
      count += file.readings().size();
      if (count > MAX_RESOURCES) {
        count -= file.readings().size();
        limited.add(
            IntentFile.refused(
                file.name(),
                "is not used: with it there would be more than " + MAX_RESOURCES + " resources"));
      } else {
        limited.add(file);
      }
    }
    return limited;
  }

  /** What the files declare: the good version, or for a bad one the last good one. */
  private SortedMap<ResourceKey, Standing> declared(
      List<IntentFile> files, List<Problem> problems) {
    var byKey = new TreeMap<ResourceKey, List<ResourceReading>>();
    for (var file : files) {
      problems.addAll(file.problems());
      for (var reading : file.readings()) {
        problems.addAll(reading.problems());
        reading
            .key()
            .ifPresent(key -> byKey.computeIfAbsent(key, _ -> new ArrayList<>()).add(reading));
      }
    }
    var next = new TreeMap<ResourceKey, Standing>();
    byKey.forEach(
        (key, readings) -> {
          reportRepeated(key, readings, problems);
          var only = readings.size() == 1 ? readings.getFirst().declared() : noDeclared();
          only.or(() -> inForce(key))
              .ifPresent(declared -> next.put(key, new Standing(declared, filesOf(readings))));
        });
    return next;
  }

  private static Optional<Declared> noDeclared() {
    return Optional.empty();
  }

  private Optional<Declared> inForce(ResourceKey key) {
    return Optional.ofNullable(standing.get(key)).map(Standing::declared);
  }

  private static TreeSet<String> filesOf(List<ResourceReading> readings) {
    return readings.stream()
        .map(reading -> reading.place().file())
        .collect(Collectors.toCollection(TreeSet::new));
  }

  private static void reportRepeated(
      ResourceKey key, List<ResourceReading> readings, List<Problem> problems) {
    var first = readings.getFirst().place();
    for (var later : readings.subList(1, readings.size())) {
      problems.add(
          new Problem(
              later.place(),
              key.toString(),
              "is declared already at " + first + "; remove one of them"));
    }
  }

  /**
   * What was declared in a file that cannot be read in full now stays, for it may still be there.
   */
  private void retainUnread(List<IntentFile> files, Map<ResourceKey, Standing> next) {
    var incomplete =
        files.stream()
            .filter(file -> !file.isComplete())
            .map(IntentFile::name)
            .collect(Collectors.toCollection(TreeSet::new));
    standing.forEach(
        (key, old) -> {
          var unread = new TreeSet<>(old.files());
          unread.retainAll(incomplete);
          if (!unread.isEmpty()) {
            next.putIfAbsent(key, new Standing(old.declared(), unread));
          }
        });
  }

  private SortedMap<String, Vni> standingL3Vnis(SortedMap<String, Declared> declared) {
    var standing = new TreeMap<String, Vni>();
    reading.intent().tenants().values().stream()
        .filter(tenant -> declared.containsKey(tenant.name()))
        .forEach(tenant -> tenant.l3Vni().ifPresent(vni -> standing.put(tenant.name(), vni)));
    return standing;
  }

  /** L3 VNIs that no network may take, and whose they are: in force, and not given up. */
  private static SortedMap<Vni, Declared> reserved(
      SortedMap<String, Vni> standing, SortedMap<String, Declared> tenants) {
    var reserved = new TreeMap<Vni, Declared>();
    tenants.forEach(
        (name, declared) ->
            Optional.ofNullable(standing.get(name))
                .filter(
                    vni ->
                        declared.resource() instanceof Tenant tenant
                            && tenant.spec().l3vni().orElse(vni).equals(vni))
                .ifPresent(vni -> reserved.put(vni, declared)));
    return reserved;
  }

  private SortedMap<String, NetworkVersion> standingNetworks() {
    var networks = new TreeMap<String, NetworkVersion>();
    for (var old : standing.values()) {
      var resolved = reading.intent().networks().get(old.declared().resource().name());
      if (old.declared().resource() instanceof Network && resolved != null) {
        networks.put(resolved.name(), new NetworkVersion(old.declared(), resolved));
      }
    }
    return networks;
  }

  /** Networks that were not accepted are out, or stand in the version that was in force. */
  private static void keepOnly(
      SortedMap<String, NetworkVersion> versions, SortedMap<ResourceKey, Standing> next) {
    next.values()
        .removeIf(
            s ->
                s.declared().resource() instanceof Network network
                    && !versions.containsKey(network.name()));
    versions
        .values()
        .forEach(
            version ->
                next.computeIfPresent(
                    version.declared().resource().key(),
                    (_, old) -> new Standing(version.declared(), old.files())));
  }
}
