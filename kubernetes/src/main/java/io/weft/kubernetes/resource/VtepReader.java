package io.weft.kubernetes.resource;

import io.weft.kubernetes.resource.FabricSpec.Vtep;
import io.weft.kubernetes.resource.FabricSpec.VtepFamily;
import io.weft.kubernetes.yaml.YamlObject;
import io.weft.kubernetes.yaml.YamlValue;
import io.weft.net.IpPrefix;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Reads the {@code vtep} of a Fabric: where VTEPs are, and of which IP versions. */
public final class VtepReader {
  private static final Map<String, VtepFamily> FAMILIES = choices();

  private VtepReader() {}

  /** What {@code vtep} says; {@code families} is empty where it says none. */
  record Vteps(Vtep vtep, List<VtepFamily> families) {
    static final Vteps DEFAULT = new Vteps(new Vtep.OfDefaultRoute(), List.of());
  }

  static Optional<Vteps> vteps(YamlObject object) {
    var name = object.optional("interface");
    var cidr = object.optional("cidr");
    var cidrs = object.optional("cidrs");
    var families = families(object.optional("families"));
    long given = List.of(name, cidr, cidrs).stream().filter(YamlValue::isPresent).count();
    if (given > 1 || given == 0 && families.isEmpty()) {
      object.report(
          object.place(),
          "vtep has one of 'interface', 'cidr' and 'cidrs'"
              + (given > 1 ? "; remove the others" : "; give one or leave vtep out"));
    }
    Optional<Vtep> byName = name.word(Vtep.OfInterface::new);
    Optional<Vtep> byCidr = cidr.word(IpPrefix::parse).map(one -> new Vtep.OfCidrs(List.of(one)));
    Optional<Vtep> byCidrs =
        Optional.of(cidrs)
            .filter(YamlValue::isPresent)
            .map(VtepReader::prefixes)
            .filter(prefixes -> !prefixes.isEmpty())
            .map(Vtep.OfCidrs::new);
    byCidr.ifPresent(vtep -> requireEachFamily(cidr, vtep, families));
    byCidrs.ifPresent(vtep -> requireEachFamily(cidrs, vtep, families));
    return Optional.of(
        new Vteps(
            byName.or(() -> byCidr).or(() -> byCidrs).orElse(Vteps.DEFAULT.vtep()), families));
  }

  private static List<IpPrefix> prefixes(YamlValue list) {
    var prefixes = new ArrayList<IpPrefix>();
    for (var item : list.each()) {
      var prefix = item.word(IpPrefix::parse);
      if (prefix.isPresent() && prefixes.stream().anyMatch(other -> isLike(other, prefix.get()))) {
        item.report("cidrs: " + prefix.get() + " is the second prefix of its IP version");
      } else {
        prefix.ifPresent(prefixes::add);
      }
    }
    if (list.each().isEmpty()) {
      list.report("cidrs: the list is empty; give a prefix of each of families");
    }
    return prefixes;
  }

  private static boolean isLike(IpPrefix one, IpPrefix other) {
    return one.address().isIpv4() == other.address().isIpv4();
  }

  private static void requireEachFamily(YamlValue at, Vtep vtep, List<VtepFamily> families) {
    if (!(vtep instanceof Vtep.OfCidrs(var prefixes))
        || families.isEmpty() && prefixes.size() == 1) {
      return;
    }
    if (families.isEmpty()) {
      at.report("prefixes of both IP versions go with 'families: [ipv4, ipv6]'; add it");
    }
    for (var family : families) {
      if (prefixes.stream().noneMatch(prefix -> family.has(prefix.address()))) {
        at.report(
            "no prefix is of "
                + family.word()
                + ", which families has; give 'cidrs: [...]' with one of each");
      }
    }
    for (var prefix : prefixes) {
      if (!families.isEmpty() && families.stream().noneMatch(f -> f.has(prefix.address()))) {
        at.report(prefix + " is of an IP version that families does not have");
      }
    }
  }

  /** A list of IP versions, each once; empty where it is absent. */
  public static List<VtepFamily> families(YamlValue list) {
    var families = new ArrayList<VtepFamily>();
    for (var item : list.each()) {
      item.choice(FAMILIES)
          .ifPresent(
              family -> {
                if (families.contains(family)) {
                  item.report("families: " + family.word() + " is given twice");
                } else {
                  families.add(family);
                }
              });
    }
    if (list.isPresent() && list.each().isEmpty()) {
      list.report("families: the list is empty; leave the key out for one VTEP of any IP version");
    }
    return families;
  }

  private static Map<String, VtepFamily> choices() {
    var choices = new LinkedHashMap<String, VtepFamily>();
    for (var family : VtepFamily.values()) {
      choices.put(family.word(), family);
    }
    return Collections.unmodifiableMap(choices);
  }
}
