package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.FdbEntry;
import io.weft.linux.netlink.FdbKind;
import io.weft.linux.netlink.FdbTable;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Neighbour;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Rule;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.EgressObject.EgressLink;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject.TransitGuard;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/**
 * Against the real kernel: a thousand random changes in a row by somebody else, of rows, links,
 * rules, settings and tables of nftables, in bursts that are mended together. After each burst the
 * kernel holds what the plan wants, and what is not ours, in the same namespaces and under names
 * and numbers like ours, was not touched.
 */
class RandomHandsTest extends KeptKernel {
  private static final int CHANGES = 1_000;
  private static final List<Rule> OURS = TransitRules.of(new TransitGuard("red", L3));
  private static final long SEED = Long.getLong("weft.seed", 8);

  private final Random random = new Random(SEED);
  private final List<String> done = new ArrayList<>();
  private Rtnetlink red;
  private int stranger;

  @Test
  void aThousandRandomChangesAreMended() throws Exception {
    build();
    red = inTenant();
    stranger = addStranger(red);
    int outside = addStranger(namespaces.links(underlay));
    var settings = new SettingHands(tenant, random);
    var ourSettings = settings.standing();
    var foreign = whatIsNotOurs(red, stranger);
    var foreignOutside = whatIsNotOurs(namespaces.links(underlay), outside);
    var filters =
        List.of(
            FilterHands.inTenant(tenant, random),
            FilterHands.inUnderlay(underlay, namespaces.prefix(), random));
    for (var each : filters) {
      each.addStrangers();
    }
    var foreignFilters = strangersOf(filters);
    var ourFilters = standing(filters);
    int changes = 0;
    var seen = new TreeSet<Kind>();
    while (changes < CHANGES) {
      int burst = 1 + random.nextInt(20);
      done.clear();
      for (int i = 0; i < burst; i++) {
        changes += changeSomething(filters, settings) ? 1 : 0;
      }
      seen.addAll(kinds(mend()));
      var report = "seed %d, %d changes, the last: %s".formatted(SEED, changes, done);
      try (var restarted = agentWithRoutes()) {
        assertThat(shown(restarted.dump())).as(report).isEqualTo(shown(everything()));
      }
      assertThat(standing(filters)).as(report).isEqualTo(ourFilters);
      assertThat(settings.standing()).as(report).isEqualTo(ourSettings);
      assertThat(strangersOf(filters)).as(report).isEqualTo(foreignFilters);
      assertThat(whatIsNotOurs(red, stranger)).as(report).isEqualTo(foreign);
      assertThat(whatIsNotOurs(namespaces.links(underlay), outside))
          .as(report)
          .isEqualTo(foreignOutside);
    }
    assertThat(seen)
        .as("kinds that were seen, and are counted and told by them")
        .contains(
            Kind.NAMESPACE,
            Kind.BRIDGE,
            Kind.IPV6_ROUTING,
            Kind.TRANSIT_GUARD,
            Kind.EGRESS_FILTER,
            Kind.LOCAL_FDB,
            Kind.NEIGHBOUR,
            Kind.TENANT_ROUTE);
    assertThat(tables.guards().repairs()).as("of tables that are no objects").isPositive();
  }

  private static List<String> strangersOf(List<FilterHands> filters) throws Exception {
    var found = new ArrayList<String>();
    for (var each : filters) {
      found.add(each.strangers());
    }
    return found;
  }

  private static List<Object> standing(List<FilterHands> filters) {
    return filters.stream().<Object>map(FilterHands::standing).toList();
  }

  // ---- what is not ours -------------------------------------------------------------------

  /** A bridge of somebody else's, with a port, rows, neighbours, an address and routes. */
  private static int addStranger(Rtnetlink links) throws InterruptedException {
    var up = LinkSettings.UP;
    var bridge = links.createBridge("mine", up);
    var pair = links.createVeth("mine0", up.withMaster(bridge.index()), "mine1", up, links).link();
    links.execute(new Request.PutFdb(FdbEntry.pinned(pair.index(), LOCAL)));
    links.execute(new Request.PutFdb(FdbEntry.pinned(pair.index(), REMOTE)));
    links.execute(
        new Request.AddAddress(Address.of(bridge.index(), IpAddress.parse("10.99.0.1"), 24)));
    links.execute(
        new Request.PutNeighbour(
            Neighbour.remote(bridge.index(), IpAddress.parse("10.99.0.9"), REMOTE, 4)));
    var via = NextHop.via(IpAddress.parse("10.99.0.9"), bridge.index());
    for (var prefix : List.of("192.168.2.20/32", "172.16.0.0/16", "10.123.0.0/16")) {
      links.execute(new Request.AddRoute(Route.of(IpPrefix.parse(prefix), via).withMetric(77)));
    }
    // Rules like those of a guard: before them, between them, behind them, and of another link.
    for (var ipv4 : new boolean[] {true, false}) {
      links.execute(new Request.AddRule(Rule.lookup(ipv4, 99, "br5001", 7)));
      links.execute(new Request.AddRule(Rule.lookup(ipv4, 100, "mine", Route.MAIN_TABLE)));
      links.execute(new Request.AddRule(Rule.unreachable(ipv4, 101, "mine")));
      links.execute(new Request.AddRule(Rule.unreachable(ipv4, 102, "br5001")));
    }
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(60);
    while (!links.links().stream()
        .filter(link -> link.name().startsWith("mine"))
        .allMatch(Link::running)) {
      assertThat(System.nanoTime()).as("the stranger's links run").isLessThan(until);
      Thread.sleep(10);
    }
    return bridge.index();
  }

  private static List<String> whatIsNotOurs(Rtnetlink links, int bridge) {
    var all = new ArrayList<String>();
    var indexes = new ArrayList<Integer>();
    for (var link : links.links()) {
      if (link.name().startsWith("mine")) {
        indexes.add(link.index());
        all.add(link.toString());
      }
    }
    // What the bridge learns from its port comes and goes by itself.
    links.fdb().stream()
        .filter(row -> indexes.contains(row.link()))
        .filter(row -> row.kind() != FdbKind.DYNAMIC)
        .forEach(row -> all.add("" + row));
    links.neighbours(bridge).stream()
        .filter(row -> !row.address().isMulticast())
        .forEach(row -> all.add("" + row));
    links.addresses(bridge).stream()
        .filter(row -> row.address().isIpv4())
        .forEach(row -> all.add("" + row));
    links.routes().stream()
        .filter(row -> row.nextHops().stream().anyMatch(hop -> hop.link().orElse(0) == bridge))
        .filter(row -> row.prefix().address().isIpv4())
        .forEach(row -> all.add("" + row));
    links.rules().stream().filter(rule -> !OURS.contains(rule)).forEach(rule -> all.add("" + rule));
    return all.stream().sorted().toList();
  }

  // ---- changes ----------------------------------------------------------------------------

  /** False when the kernel refused, or there was nothing to change. */
  private boolean changeSomething(List<FilterHands> filters, SettingHands settings)
      throws Exception {
    int kind = random.nextInt(17);
    if (kind < 4) {
      var what = kind < 2 ? settings.change() : filters.get(kind - 2).change();
      if (!what.isEmpty()) {
        done.add(what);
      }
      return !what.isEmpty();
    }
    var request =
        switch (kind - 5) {
          case -1 -> any(ourRules()).<Request>map(Request.DeleteRule::new);
          case 0, 1 -> any(ourFdb()).map(this::deleteRow);
          case 2 -> any(ourFdb()).map(this::moveRow);
          case 3 -> Optional.of(addRow());
          case 4 -> any(ourNeighbours()).<Request>map(Request.DeleteNeighbour::new);
          case 5 -> any(ourNeighbours()).map(this::changeNeighbour);
          case 6, 7 -> any(ourRoutes()).<Request>map(Request.DeleteRoute::new);
          case 8 -> any(ourRoutes()).map(this::changeRoute);
          case 9 -> any(ourAddresses()).<Request>map(Request.DeleteAddress::new);
          case 10 ->
              any(ours(link -> !link.name().startsWith("ep")))
                  .<Request>map(link -> new Request.DeleteLink(link.index()))
                  .filter(_ -> random.nextInt(4) == 0);
          default -> any(ours(_ -> true)).map(this::changeLink);
        };
    if (request.isEmpty()) {
      return false;
    }
    var outcome = red.execute(List.of(request.get())).getFirst();
    outcome.ifPresentOrElse(_ -> {}, () -> done.add(request.get().toString()));
    return outcome.isEmpty();
  }

  private <T> Optional<T> any(List<T> choice) {
    return choice.isEmpty()
        ? Optional.empty()
        : Optional.of(choice.get(random.nextInt(choice.size())));
  }

  private List<Link> ours(java.util.function.Predicate<Link> wanted) {
    return red.links().stream()
        .filter(link -> !link.name().equals("lo") && !link.name().startsWith("mine"))
        .filter(wanted)
        .toList();
  }

  private boolean isOurs(int index) {
    return red.link(index).filter(link -> !link.name().startsWith("mine")).isPresent();
  }

  private List<FdbEntry> ourFdb() {
    return red.fdb().stream()
        .filter(row -> isOurs(row.link()) && !row.mac().isMulticast())
        .toList();
  }

  private List<Neighbour> ourNeighbours() {
    return red.neighbours().stream()
        .filter(row -> isOurs(row.link()) && !row.address().isMulticast())
        .toList();
  }

  private List<Address> ourAddresses() {
    return red.addresses().stream().filter(row -> isOurs(row.link()) && row.link() != 1).toList();
  }

  private List<Route> ourRoutes() {
    return red.routes().stream()
        .filter(row -> row.table() == Route.MAIN_TABLE)
        .filter(row -> row.metric().orElse(0) != 77)
        .filter(row -> row.nextHops().stream().allMatch(h -> isOurs(h.link().orElse(1))))
        .filter(row -> row.protocol() != 2)
        .toList();
  }

  private List<Rule> ourRules() {
    return red.rules().stream().filter(OURS::contains).toList();
  }

  private Request deleteRow(FdbEntry row) {
    return new Request.DeleteFdb(row);
  }

  private Request moveRow(FdbEntry row) {
    if (row.table() == FdbTable.SELF && row.destination().isPresent()) {
      var other = row.to(IpAddress.parse("10.0.0." + (3 + random.nextInt(5))));
      var changed =
          switch (random.nextInt(3)) {
            case 0 -> other.withDestinationVni(new Vni(1 + random.nextInt(50)));
            case 1 -> other.withDestinationPort(9_000 + random.nextInt(3));
            default -> other;
          };
      return row.mac().isZero() ? new Request.AppendFdb(changed) : new Request.PutFdb(changed);
    }
    return any(ours(link -> link.bridgePort().isPresent()))
        .<Request>map(port -> new Request.PutFdb(FdbEntry.pinned(port.index(), row.mac())))
        .orElse(new Request.DeleteFdb(row));
  }

  private Request addRow() {
    var mac = new MacAddress(0x02aa_0000_0000L + random.nextInt(20));
    var port = any(ours(link -> link.kind().equals("vxlan")));
    return port.<Request>map(link -> new Request.PutFdb(FdbEntry.remote(link.index(), mac, FAR)))
        .orElse(new Request.DeleteLink(1_000_000));
  }

  private Request changeNeighbour(Neighbour row) {
    var mac = new MacAddress(0x02bb_0000_0000L + random.nextInt(9));
    return new Request.PutNeighbour(Neighbour.remote(row.link(), row.address(), mac, 4));
  }

  private Request changeRoute(Route row) {
    boolean unreachable = random.nextBoolean();
    var other = unreachable ? Route.unreachable(row.prefix()) : row.withProtocol(4);
    return new Request.ReplaceRoute(
        row.metric().isPresent() ? other.withMetric(row.metric().getAsInt()) : other);
  }

  private Request changeLink(Link link) {
    var settings =
        switch (random.nextInt(7)) {
          case 0 -> LinkSettings.NONE.withUp(false);
          case 1 -> LinkSettings.NONE.withMtu(1_300 + random.nextInt(100));
          case 2 -> LinkSettings.NONE.withAlias("mine " + random.nextInt(9));
          case 3 -> LinkSettings.NONE.withForwarding(random.nextBoolean());
          case 4 -> LinkSettings.NONE.withLinkLocal(true);
          case 5 -> LinkSettings.NONE.withMaster(0);
          default ->
              link.kind().equals("bridge") || link.kind().equals("vxlan")
                  ? LinkSettings.NONE.withMac(new MacAddress(0x02cc_0000_0000L + random.nextInt(9)))
                  : LinkSettings.NONE.withUp(false);
        };
    boolean rename = random.nextInt(8) == 0 && !link.name().equals(EgressLink.NAME);
    return rename
        ? new Request.RenameLink(link.index(), "other" + random.nextInt(1000))
        : new Request.SetLink(link.index(), settings);
  }
}
