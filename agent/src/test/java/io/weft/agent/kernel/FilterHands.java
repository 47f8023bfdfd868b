package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.nftables.ElementChange;
import io.weft.linux.nftables.ElementSet;
import io.weft.linux.nftables.ElementSet.Element;
import io.weft.linux.nftables.Nftables;
import io.weft.linux.nftables.Table;
import io.weft.net.Octets;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Random;
import java.util.TreeSet;

/**
 * Somebody who writes into tables of nftables: those of one namespace that are ours, by the tool
 * and element by element. Beside them stand tables of others, under names like ours.
 */
final class FilterHands {
  private static final String STRANGERS =
      """
      add table ip weft
      add set ip weft macs { type ipv4_addr; }
      add element ip weft macs { 10.0.0.3 }
      add chain ip weft forward { type filter hook forward priority 5; }
      add rule ip weft forward counter drop
      add table inet weft-mine
      add chain inet weft-mine input { type filter hook input priority 7; }
      add rule inet weft-mine input accept
      add table bridge weft-ports-mine
      add chain bridge weft-ports-mine mine
      add rule bridge weft-ports-mine mine ether type 0x88b5 drop
      add table netdev weft-moved-7
      add set netdev weft-moved-7 by-ipv4 { type ether_addr; }
      """;

  /** One of our tables. */
  private record Ours(Table.Family family, String name) {
    private String words() {
      return family.name().toLowerCase(Locale.ROOT) + " " + name;
    }
  }

  private final String namespace;
  private final List<Ours> ours;
  private final Random random;

  private FilterHands(String namespace, List<Ours> ours, Random random) {
    this.namespace = namespace;
    this.ours = ours;
    this.random = random;
  }

  static FilterHands inTenant(String tenant, Random random) {
    return new FilterHands(
        tenant,
        List.of(
            new Ours(Table.Family.INET, EgressRules.TABLE),
            new Ours(Table.Family.BRIDGE, PortRules.TABLE)),
        random);
  }

  static FilterHands inUnderlay(String underlay, String prefix, Random random) {
    var table = EgressPorts.tableName(prefix);
    return new FilterHands(
        underlay,
        List.of(new Ours(Table.Family.INET, table), new Ours(Table.Family.INET, table + "-vteps")),
        random);
  }

  /** Tables of somebody else's, to be looked at again by {@link #strangers}. */
  void addStrangers() throws IOException, InterruptedException {
    assertThat(nft(STRANGERS)).isTrue();
  }

  /**
   * What is in tables that are not ours, as nft writes it, with its handles: none was made anew.
   */
  String strangers() throws IOException, InterruptedException {
    var text = new StringBuilder();
    for (var name : List.of("ip weft", "inet weft-mine", "bridge weft-ports-mine")) {
      text.append(output("-a", "-s", "list", "table", name.split(" ")[0], name.split(" ")[1]));
    }
    return text.append(output("-a", "-s", "list", "table", "netdev", "weft-moved-7")).toString();
  }

  /** What is in ours, but for what they count. */
  TreeSet<String> standing() {
    var found = new TreeSet<String>();
    try (var nftables = Nftables.openIn(namespace)) {
      for (var each : ours) {
        var table = nftables.table(each.family(), each.name()).orElseThrow();
        found.add(table.toString());
        for (var set : table.sets()) {
          for (var element : elements(nftables, each, set)) {
            found.add(each + " " + set.name() + " " + element);
          }
        }
      }
    }
    return found;
  }

  private static List<Element> elements(Nftables nftables, Ours table, ElementSet set) {
    return set.use() == ElementSet.Use.COUNTERS
        ? List.of()
        : nftables.elements(table.family(), table.name(), set);
  }

  /** What was done; empty text where the kernel refused, or there was nothing to change. */
  String change() throws IOException, InterruptedException {
    var table = ours.get(random.nextInt(ours.size()));
    try (var nftables = Nftables.openIn(namespace)) {
      var standing = nftables.table(table.family(), table.name());
      if (standing.isEmpty()) {
        return ""; // somebody has just deleted it
      }
      return switch (random.nextInt(6)) {
        case 0 -> done("delete table " + table.words());
        case 1 -> done("flush table " + table.words());
        case 2 -> done("add chain " + table.words() + " mine");
        case 3 -> {
          var chains = standing.get().chains();
          var chain = chains.get(random.nextInt(chains.size()));
          yield done("insert rule " + table.words() + " " + chain.name() + " counter accept");
        }
        default -> element(nftables, table, standing.get().sets());
      };
    }
  }

  /** Takes an element out, or puts one in that differs from one that is there by a bit. */
  private String element(Nftables nftables, Ours table, List<ElementSet> sets) {
    var choice = new ArrayList<ElementChange>();
    for (var set : sets) {
      for (var element : elements(nftables, table, set)) {
        choice.add(new ElementChange(set.name(), random.nextBoolean(), element));
      }
    }
    if (choice.isEmpty()) {
      return "";
    }
    var chosen = choice.get(random.nextInt(choice.size()));
    if (chosen.add()) {
      var key = chosen.element().key().toArray();
      key[key.length - 1 - random.nextInt(3)] ^= (byte) (1 << random.nextInt(8));
      chosen =
          new ElementChange(
              chosen.set(), true, new Element(Octets.of(key), chosen.element().content()));
    }
    try {
      nftables.change(table.family(), table.name(), List.of(chosen));
      return table.words() + ": " + chosen;
    } catch (LinuxException _) {
      return ""; // as of a range that ends before it begins
    }
  }

  private String done(String command) throws IOException, InterruptedException {
    return nft(command) ? command : "";
  }

  private boolean nft(String text) throws IOException, InterruptedException {
    var process = start("-f", "-");
    try (var input = process.outputWriter(StandardCharsets.UTF_8)) {
      input.write(text);
    }
    process.getInputStream().readAllBytes(); // what the kernel refuses was not done
    return process.waitFor() == 0;
  }

  private String output(String... arguments) throws IOException, InterruptedException {
    var process = start(arguments);
    var text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(text).isZero();
    return text;
  }

  private Process start(String... arguments) throws IOException {
    var command = new ArrayList<>(List.of("nft"));
    command.addAll(List.of(arguments));
    var builder = new ProcessBuilder(command).redirectErrorStream(true);
    return NetworkNamespaces.callIn(namespace, builder::start);
  }
}
