package io.weft.kubernetes.resource;

import io.weft.kubernetes.resource.PeerSpec.AddPath;
import io.weft.kubernetes.resource.PeerSpec.BfdSpec;
import io.weft.kubernetes.resource.PeerSpec.MaximumPrefixes;
import io.weft.kubernetes.resource.PeerSpec.NextHop;
import io.weft.kubernetes.resource.PeerSpec.PeerAs;
import io.weft.kubernetes.resource.PeerSpec.PeerFamily;
import io.weft.kubernetes.resource.PeerSpec.Remote;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.AutonomousSystem;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.function.Function;

/** Reads the {@code peers} of a Fabric. */
final class PeerReader {
  static final Map<String, PeerFamily> FAMILIES = families();

  private final AutonomousSystem fabricAs;
  private final Map<String, String> policies;
  private final List<Remote> before = new ArrayList<>();

  private PeerReader(AutonomousSystem fabricAs, Map<String, String> policies) {
    this.fabricAs = fabricAs;
    this.policies = policies;
  }

  /** {@code policies}: the names that peers may use. */
  static List<PeerSpec> peers(
      YamlValue list, AutonomousSystem fabricAs, Map<String, String> policies) {
    var reader = new PeerReader(fabricAs, policies);
    return list.each(item -> item.object(reader::peer));
  }

  private Optional<PeerSpec> peer(YamlObject object) {
    var remote = remote(object);
    var as = as(object.optional("asn"));
    var families = families(object.optional("families"));
    var hold = FabricReader.holdSeconds(object.optional("holdSeconds"));
    var password = object.optional("passwordFrom").object(PeerReader::password);
    var ttl = number(object.optional("ttlSecurity"), 1, PeerSpec.MAX_TTL_SECURITY);
    var hops = number(object.optional("multihop"), 1, PeerSpec.MAX_MULTIHOP);
    var allow = number(object.optional("allowAsIn"), 0, PeerSpec.MAX_ALLOW_AS_IN);
    var nextHop =
        object
            .optional("nextHop")
            .choice(choices("self", NextHop.SELF, "unchanged", NextHop.UNCHANGED));
    var most = object.optional("maximumPrefixes").object(PeerReader::maximumPrefixes);
    var bfd = object.optional("bfd").object(PeerReader::bfd);
    var shutdown = object.optional("shutdown").word(PeerSpec::requireShutdown);
    var imports = object.optional("import").choice(policies);
    var exports = object.optional("export").choice(policies);
    var addPath = object.optional("addPath").choice(addPaths()).orElse(AddPath.NONE);
    return remote.map(
        at ->
            new PeerSpec(
                at,
                as,
                families,
                hold.map(OptionalInt::of).orElse(OptionalInt.empty()),
                password,
                ttl,
                hops,
                allow.orElse(0),
                nextHop,
                most,
                bfd,
                shutdown,
                imports,
                exports,
                addPath));
  }

  private Optional<Remote> remote(YamlObject object) {
    var address = object.optional("address");
    var name = object.optional("interface");
    var range = object.optional("range");
    long given = List.of(address, name, range).stream().filter(YamlValue::isPresent).count();
    if (given != 1) {
      object.report(
          object.place(),
          "a peer has one of 'address', 'interface' and 'range'; "
              + (given == 0 ? "give one" : "remove the others"));
    }
    var byAddress = once(address, text -> new Remote.AtAddress(IpAddress.parse(text)));
    var byName = once(name, Remote.OnInterface::new);
    var byRange = once(range, text -> new Remote.InRange(IpPrefix.parse(text)));
    return byAddress.or(() -> byName).or(() -> byRange);
  }

  private Optional<Remote> once(YamlValue value, Function<String, Remote> parse) {
    var remote = value.word(text -> FabricSpec.requireApart(parse.apply(text), before));
    remote.ifPresent(before::add);
    return remote;
  }

  private PeerAs as(YamlValue value) {
    if (!value.isPresent()) {
      return new PeerAs.Exact(fabricAs);
    }
    Optional<PeerAs> as =
        value.isNumber()
            ? FabricReader.as(value).map(PeerAs.Exact::new)
            : value.choice(
                choices("external", new PeerAs.External(), "internal", new PeerAs.Internal()));
    return as.orElse(new PeerAs.Exact(fabricAs));
  }

  private static List<PeerFamily> families(YamlValue value) {
    if (!value.isPresent()) {
      return List.of(PeerFamily.L2VPN_EVPN);
    }
    var found = new ArrayList<PeerFamily>();
    for (var item : value.each()) {
      item.choice(FAMILIES)
          .ifPresent(
              family -> {
                if (found.contains(family)) {
                  item.report("families: " + word(family) + " is given twice");
                } else {
                  found.add(family);
                }
              });
    }
    if (value.each().isEmpty()) {
      value.report("families: the list is empty; leave the key out for l2vpn-evpn alone");
    }
    return found.isEmpty() ? List.of(PeerFamily.L2VPN_EVPN) : found;
  }

  /** {@code passwordFrom}: where the secret is. */
  static Optional<Path> password(YamlObject object) {
    return object
        .required("file")
        .word(
            text -> {
              if (!text.startsWith("/") || text.indexOf('\0') >= 0) {
                throw new IllegalArgumentException(
                    "'" + text + "' is not an absolute path; begin it with '/'");
              }
              return Path.of(text);
            });
  }

  private static Optional<MaximumPrefixes> maximumPrefixes(YamlObject object) {
    var limit = number(object.required("limit"), 1, MaximumPrefixes.MAX_LIMIT);
    var warn = number(object.optional("warnPercent"), 1, 100);
    var action =
        object
            .optional("action")
            .choice(
                choices("warn", MaximumPrefixes.Action.WARN, "close", MaximumPrefixes.Action.CLOSE))
            .orElse(MaximumPrefixes.Action.CLOSE);
    var restart = object.optional("restartSeconds");
    var seconds = number(restart, 0, MaximumPrefixes.MAX_RESTART_SECONDS);
    if (restart.isPresent() && action == MaximumPrefixes.Action.WARN) {
      restart.report("restartSeconds does not go with action warn, which closes nothing");
    }
    return limit.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new MaximumPrefixes(
                limit.getAsInt(),
                warn.orElse(MaximumPrefixes.DEFAULT_WARN_PERCENT),
                action,
                seconds.orElse(MaximumPrefixes.DEFAULT_RESTART_SECONDS)));
  }

  private static Optional<BfdSpec> bfd(YamlObject object) {
    var interval = object.optional("intervalMillis");
    var multiplier = object.optional("multiplier");
    return Optional.of(
        new BfdSpec(
            number(interval, BfdSpec.MIN_INTERVAL_MILLIS, BfdSpec.MAX_INTERVAL_MILLIS)
                .orElse(BfdSpec.DEFAULT.intervalMillis()),
            number(multiplier, BfdSpec.MIN_MULTIPLIER, BfdSpec.MAX_MULTIPLIER)
                .orElse(BfdSpec.DEFAULT.multiplier()),
            object.optional("multihop").truth().orElse(BfdSpec.DEFAULT.multihop())));
  }

  private static OptionalInt number(YamlValue value, int least, int most) {
    return value
        .integer(least, most)
        .map(number -> OptionalInt.of(number.intValue()))
        .orElse(OptionalInt.empty());
  }

  private static String word(PeerFamily family) {
    return FAMILIES.entrySet().stream()
        .filter(entry -> entry.getValue() == family)
        .map(Map.Entry::getKey)
        .findFirst()
        .orElseThrow();
  }

  static <T> Map<String, T> choices(String first, T one, String second, T two) {
    var choices = new LinkedHashMap<String, T>();
    choices.put(first, one);
    choices.put(second, two);
    return choices;
  }

  private static Map<String, AddPath> addPaths() {
    var choices = choices("send", AddPath.SEND, "receive", AddPath.RECEIVE);
    choices.put("both", AddPath.BOTH);
    return choices;
  }

  private static Map<String, PeerFamily> families() {
    var choices =
        choices("ipv4-unicast", PeerFamily.IPV4_UNICAST, "ipv6-unicast", PeerFamily.IPV6_UNICAST);
    choices.put("l2vpn-evpn", PeerFamily.L2VPN_EVPN);
    return Collections.unmodifiableMap(choices);
  }
}
