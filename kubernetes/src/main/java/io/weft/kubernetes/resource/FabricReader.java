package io.weft.kubernetes.resource;

import io.weft.kubernetes.resource.FabricSpec.AutoRouteTarget;
import io.weft.kubernetes.resource.FabricSpec.Duplicates;
import io.weft.kubernetes.resource.FabricSpec.Reflectors;
import io.weft.kubernetes.resource.FabricSpec.Underlay;
import io.weft.kubernetes.resource.FabricSpec.VniPools;
import io.weft.kubernetes.resource.VtepReader.Vteps;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.VniRange;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the {@code spec} of a Fabric. */
final class FabricReader {
  private static final long MAX_AS = 0xffff_ffffL;
  private static final Map<String, AutoRouteTarget> AUTO_ROUTE_TARGETS = autoRouteTargets();

  private FabricReader() {}

  static Optional<FabricSpec> spec(YamlObject object) {
    var defaults = FabricSpec.DEFAULT;
    var asn = as(object.optional("asn")).orElse(defaults.asn());
    var vteps = object.optional("vtep").object(VtepReader::vteps).orElse(Vteps.DEFAULT);
    var policies = PolicyReader.policies(object.optional("policies"));
    return Optional.of(
        new FabricSpec(
            asn,
            vteps.vtep(),
            vteps.families(),
            object.optional("reflectors").object(FabricReader::reflectors).orElse(Reflectors.NONE),
            PeerReader.peers(object.optional("peers"), asn, policies.names()),
            object.optional("vniPools").object(FabricReader::vniPools).orElse(VniPools.DEFAULT),
            object
                .optional("autoRouteTarget")
                .choice(AUTO_ROUTE_TARGETS)
                .orElse(defaults.autoRouteTarget()),
            holdSeconds(object.optional("holdSeconds")).orElse(defaults.holdSeconds()),
            object
                .optional("restartSeconds")
                .integer(0, FabricSpec.MAX_RESTART_SECONDS)
                .map(Long::intValue)
                .orElse(defaults.restartSeconds()),
            object
                .optional("longLivedSeconds")
                .integer(0, FabricSpec.MAX_LONG_LIVED_SECONDS)
                .map(Long::intValue)
                .orElse(defaults.longLivedSeconds()),
            policies.policies(),
            object.optional("underlay").object(FabricReader::underlay).orElse(Underlay.DEFAULT),
            object
                .optional("duplicates")
                .object(FabricReader::duplicates)
                .orElse(Duplicates.DEFAULT),
            services(object.optional("services"))));
  }

  private static List<IpPrefix> services(YamlValue list) {
    var services = new ArrayList<IpPrefix>();
    for (var item : list.each()) {
      item.word(IpPrefix::parse)
          .ifPresent(
              prefix -> {
                if (prefix.length() == 0) {
                  item.report("services are not everywhere");
                } else if (services.size() == FabricSpec.MAX_SERVICES) {
                  item.report("more than " + FabricSpec.MAX_SERVICES + " prefixes");
                } else {
                  services.add(prefix);
                }
              });
    }
    return services;
  }

  private static Optional<Duplicates> duplicates(YamlObject object) {
    var defaults = Duplicates.DEFAULT;
    return Optional.of(
        new Duplicates(
            whole(object.optional("moves"), 2, Duplicates.MAX_MOVES).orElse(defaults.moves()),
            whole(object.optional("seconds"), 1, Duplicates.MAX_SECONDS).orElse(defaults.seconds()),
            whole(object.optional("recoverSeconds"), 1, Duplicates.MAX_RECOVER_SECONDS)
                .orElse(defaults.recoverSeconds())));
  }

  private static Optional<Integer> whole(YamlValue value, int least, int most) {
    return value.integer(least, most).map(Long::intValue);
  }

  private static Optional<Underlay> underlay(YamlObject object) {
    return Optional.of(
        new Underlay(
            object.optional("announceVtep").truth().orElse(Underlay.DEFAULT.announceVtep()),
            object
                .optional("maximumPaths")
                .integer(1, Underlay.MAX_PATHS)
                .map(Long::intValue)
                .orElse(Underlay.DEFAULT.maximumPaths())));
  }

  static Optional<AutonomousSystem> as(YamlValue value) {
    return value.integer(1, MAX_AS).map(AutonomousSystem::new);
  }

  private static Optional<Reflectors> reflectors(YamlObject object) {
    return Optional.of(
        new Reflectors(
            neighbours(object.optional("addresses").each()),
            object.optional("clients").each(item -> item.word(IpPrefix::parse))));
  }

  private static List<IpAddress> neighbours(List<YamlValue> items) {
    var addresses = new ArrayList<IpAddress>();
    items.forEach(item -> neighbour(item, addresses));
    return addresses;
  }

  /** Reads an address and adds it to those {@code before}, among which it must not be. */
  private static Optional<IpAddress> neighbour(YamlValue value, List<IpAddress> before) {
    var address =
        value.word(
            text -> {
              var parsed = FabricSpec.requireNeighbour(IpAddress.parse(text));
              if (before.contains(parsed)) {
                throw new IllegalArgumentException("address " + parsed + " is given twice");
              }
              return parsed;
            });
    address.ifPresent(before::add);
    return address;
  }

  private static Optional<VniPools> vniPools(YamlObject object) {
    return Optional.of(
        new VniPools(
            object.optional("networks").word(VniRange::parse).orElse(VniPools.DEFAULT.networks()),
            object.optional("tenants").word(VniRange::parse).orElse(VniPools.DEFAULT.tenants())));
  }

  static Optional<Integer> holdSeconds(YamlValue value) {
    var seconds = value.integer(0, FabricSpec.MAX_HOLD_SECONDS);
    if (seconds.isPresent() && (seconds.get() == 1 || seconds.get() == 2)) {
      value.report(
          "holdSeconds " + seconds.get() + " is neither 0 (never expires) nor in 3..65535");
    }
    return seconds.map(Long::intValue);
  }

  private static Map<String, AutoRouteTarget> autoRouteTargets() {
    var choices = new LinkedHashMap<String, AutoRouteTarget>();
    choices.put("short", AutoRouteTarget.SHORT);
    choices.put("rfc8365", AutoRouteTarget.RFC8365);
    return Collections.unmodifiableMap(choices);
  }
}
