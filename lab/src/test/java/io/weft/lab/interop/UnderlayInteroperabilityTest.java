package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.NextHop;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;
import java.util.TreeSet;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * A node below two switches with FRR, and the VTEP of another rack behind both of them:
 *
 * <pre>
 *          far 10.255.1.1
 *         /              \
 *   tor0 (64600)     tor1 (64601)
 *         \ eth0     eth1 /
 *          node 10.255.0.1
 * </pre>
 */
final class UnderlayInteroperabilityTest {
  private static final String NAME = "weft-underlay-" + ProcessHandle.current().pid();
  private static final String FAR_VTEP = "10.255.1.1";
  private static final String VTEP = "10.255.0.1";
  private static final long PATIENCE_SECONDS = 40;

  @TempDir private Path directory;

  private final Deque<AutoCloseable> open = new ArrayDeque<>();
  private final String node = NAME + "-node";
  private final String far = NAME + "-far";
  private Rtnetlink ofNode;

  private static String tor(int number) {
    return NAME + "-tor" + number;
  }

  @BeforeEach
  void build() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    assumeTrue(Files.exists(FrrDaemons.BGPD), "needs FRR (package frr)");
    // The daemons of FRR run as their own user.
    Files.setPosixFilePermissions(directory, PosixFilePermissions.fromString("rwxr-xr-x"));
    ofNode = namespace(node);
    var ofFar = namespace(far);
    set(far, "conf/all/ignore_routes_with_linkdown"); // its routes are static
    address(ofNode, "lo", VTEP, 32);
    address(ofFar, "lo", FAR_VTEP, 32);
    for (int i = 0; i < 2; i++) {
      var ofTor = namespace(tor(i));
      set(tor(i), "ip_forward");
      ofNode.createVeth("eth" + i, LinkSettings.UP, "swp1", LinkSettings.UP, ofTor);
      ofFar.createVeth("eth" + i, LinkSettings.UP, "swp2", LinkSettings.UP, ofTor);
      address(ofTor, "swp2", "100.65." + i + ".1", 31);
      address(ofFar, "eth" + i, "100.65." + i + ".0", 31);
      ofTor.execute(new Request.AddRoute(Route.of(IpPrefix.parse(FAR_VTEP + "/32"), far(i))));
    }
    ofFar.execute(new Request.AddRoute(Route.of(IpPrefix.parse("0.0.0.0/0"), up(0), up(1))));
  }

  private static void set(String namespace, String setting) throws IOException {
    NetworkNamespaces.<Path, IOException>callIn(
        namespace, () -> Files.writeString(Path.of("/proc/sys/net/ipv4", setting), "1"));
  }

  private static NextHop far(int tor) {
    return NextHop.via(IpAddress.parse("100.65." + tor + ".0"));
  }

  private static NextHop up(int tor) {
    return NextHop.via(IpAddress.parse("100.65." + tor + ".1"));
  }

  private Rtnetlink namespace(String name) {
    NetworkNamespaces.deleteIfExists(name);
    NetworkNamespaces.create(name);
    open.push(() -> NetworkNamespaces.deleteIfExists(name));
    var links = Rtnetlink.openIn(name);
    open.push(links);
    links.setLink(links.requireLink("lo").index(), LinkSettings.UP);
    return links;
  }

  private static void address(Rtnetlink links, String link, String address, int length) {
    links.execute(
        new Request.AddAddress(
            Address.of(links.requireLink(link).index(), IpAddress.parse(address), length)));
  }

  @AfterEach
  void close() throws Exception {
    while (!open.isEmpty()) {
      open.pop().close();
    }
  }

  private FrrDaemons frr(int number, boolean numbered) throws Exception {
    var bgpd = bgpd(number, numbered, "timers bgp 1 3", "");
    return frr(number, numbered, daemons -> daemons.bgpd(bgpd));
  }

  /** One that only connects, and sees a dead path by BFD long before its hold time. */
  private FrrDaemons frrWithBfd(int number, boolean numbered) throws Exception {
    var bgpd = bgpd(number, numbered, "timers bgp 30 90", "bfd profile fast");
    return frr(
        number,
        numbered,
        daemons -> {
          daemons.bfdd(
              "bfd\n profile fast\n  detect-multiplier 3\n  receive-interval 100\n"
                  + "  transmit-interval 100\n exit\nexit\n");
          daemons.bgpd(bgpd, "-p0"); // so nobody can connect to it
        });
  }

  private FrrDaemons frr(int number, boolean numbered, FrrDaemons.Start daemons) throws Exception {
    var directoryOfTor = directory.resolve("tor" + number);
    var tor = FrrDaemons.start(tor(number), directoryOfTor, zebra(numbered), daemons);
    open.push(tor);
    return tor;
  }

  private static String zebra(boolean numbered) {
    return numbered ? "" : "interface swp1\n no ipv6 nd suppress-ra\n ipv6 nd ra-interval 3\n";
  }

  private static String bgpd(int number, boolean numbered, String timers, String bfd) {
    if (numbered) {
      try (var links = Rtnetlink.openIn(tor(number))) {
        address(links, "swp1", "100.64." + number + ".1", 31);
      }
    }
    var neighbour = numbered ? "100.64." + number + ".0" : "swp1";
    return "router bgp "
        + (64600 + number)
        + "\n bgp router-id 10.255.100."
        + number
        + "\n no bgp ebgp-requires-policy\n "
        + timers
        + "\n neighbor "
        + neighbour
        + (numbered ? " remote-as external\n" : " interface remote-as external\n")
        + (bfd.isEmpty() ? "" : " neighbor " + neighbour + " " + bfd + "\n")
        + " neighbor "
        + neighbour
        + " timers connect 1\n"
        + " address-family ipv4 unicast\n  redistribute kernel route-map far\n"
        // As of another node, whose AS is ours.
        + "route-map far permit 10\n set as-path prepend 65000\n";
  }

  /** As the documentation has it, with a shorter hold time; with addresses where they are used. */
  private static String fabric(boolean numbered) throws IOException {
    var text = Files.readString(Path.of("../docs/underlay.md"));
    int begin = text.indexOf("```yaml\n") + 8;
    var fabric =
        text.substring(begin, text.indexOf("```\n", begin))
            .replace("holdSeconds: 9", "holdSeconds: 3");
    return numbered
        ? fabric
            .replaceFirst("interface: eth0 ", "address: 100.64.0.1 ")
            .replaceFirst("interface: eth1", "address: 100.64.1.1")
        : fabric;
  }

  private ForeignProcess startNode(boolean numbered) throws IOException {
    return startNode(numbered, fabric(numbered));
  }

  private ForeignProcess startNode(boolean numbered, String fabric) throws IOException {
    if (numbered) {
      address(ofNode, "eth0", "100.64.0.0", 31);
      address(ofNode, "eth1", "100.64.1.0", 31);
    }
    var config = Files.createDirectories(directory.resolve("node/config"));
    Files.writeString(config.resolve("fabric.yaml"), fabric);
    var process = NodeProgram.start(node, directory.resolve("node"), NAME + "-t-");
    open.push(process);
    return process;
  }

  private JsonNode routes(String prefix) throws Exception {
    return new ObjectMapper()
        .readTree(
            ForeignProcess.output(
                node, List.of("ip", "-j", "route", "show", prefix, "proto", "bgp")));
  }

  /** Links and gateways of the node's route to the far VTEP, as {@code ip} shows them. */
  private TreeSet<String> hops() throws Exception {
    var hops = new TreeSet<String>();
    for (var route : routes(FAR_VTEP)) {
      if (route.path("nexthops").isMissingNode()) {
        hops.add(hop(route));
      }
      for (var hop : route.path("nexthops")) {
        hops.add(hop(hop));
      }
    }
    return hops;
  }

  private static String hop(JsonNode hop) {
    var via = hop.path("via");
    return hop.path("dev").asText()
        + " "
        + (via.isMissingNode() ? hop.path("gateway").asText() : via.path("host").asText());
  }

  private String gateway(int number, boolean numbered) {
    if (numbered) {
      return "100.64." + number + ".1";
    }
    try (var links = Rtnetlink.openIn(tor(number))) {
      return links.addresses(links.requireLink("swp1").index()).stream()
          .map(Address::address)
          .filter(IpAddress::isLinkLocal)
          .findFirst()
          .orElseThrow()
          .toString();
    }
  }

  private void await(String what, Callable<Boolean> condition) throws Exception {
    long until = System.nanoTime() + TimeUnit.SECONDS.toNanos(PATIENCE_SECONDS);
    while (!condition.call()) {
      if (System.nanoTime() > until) {
        throw new AssertionError(
            what
                + ": "
                + ForeignProcess.output(node, List.of("ip", "route"))
                + Files.readString(directory.resolve("node/node.log")));
      }
      Thread.sleep(100);
    }
  }

  private void ping() throws Exception {
    await(
        "ping from the VTEP",
        () -> {
          try {
            var text =
                ForeignProcess.output(
                    node,
                    List.of("ping", "-n", "-c", "2", "-i", "0.2", "-W", "1", "-I", VTEP, FAR_VTEP));
            return text.contains(" 0% packet loss");
          } catch (IOException _) {
            return false;
          }
        });
  }

  /** Takes both links of a switch away, or gives them back. */
  private void links(int number, boolean up) {
    try (var links = Rtnetlink.openIn(tor(number))) {
      for (var name : List.of("swp1", "swp2")) {
        links.setLink(links.requireLink(name).index(), LinkSettings.NONE.withUp(up));
      }
      if (up) {
        links.execute(
            new Request.AddRoute(Route.of(IpPrefix.parse(FAR_VTEP + "/32"), far(number))));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void ecmpOverTwoSwitchesThatShrinksWithOneOfThem(boolean numbered) throws Exception {
    var tors = List.of(frr(0, numbered), frr(1, numbered));
    var process = startNode(numbered);
    var both = new TreeSet<String>();
    for (int i = 0; i < 2; i++) {
      both.add("eth" + i + " " + gateway(i, numbered));
    }
    await("both switches are next hops", () -> hops().equals(both));
    for (int i = 0; i < 2; i++) {
      var tor = tors.get(i);
      await(
          "the switch has the VTEP in its table",
          () ->
              tor.vtysh("show ip route " + VTEP + "/32 json")
                  .path(VTEP + "/32")
                  .path(0)
                  .path("installed")
                  .asBoolean());
      var path = tor.vtysh("show bgp ipv4 unicast " + VTEP + "/32 json").path("paths").path(0);
      assertThat(path.path("aspath").path("string").asText()).isEqualTo("65000");
      var said = tor.vtysh("show bgp ipv4 unicast json").path("routes");
      assertThat(said.has(FAR_VTEP + "/32")).isTrue();
      assertThat(said.path(VTEP + "/32").size()).as("of the node alone").isEqualTo(1);
    }
    ping();

    assertThat(millisToLeave(numbered)).isLessThan(6_000L);

    ForeignProcess.output(node, List.of("ip", "route", "del", FAR_VTEP, "proto", "bgp"));
    await("a foreign hand is mended", () -> hops().size() == 2);

    process.kill();
    assertThat(hops()).as("the kernel forwards on").hasSize(2);
    ForeignProcess.output(
        node,
        List.of(
            "ip",
            "route",
            "add",
            "10.255.9.9",
            "via",
            "inet6",
            "fe80::9",
            "dev",
            "eth0",
            "proto",
            "bgp",
            "metric",
            "20"));
    startAgain();
    await("what was left over goes", () -> routes("10.255.9.9").isEmpty());
    assertThat(hops()).hasSize(2);
    ping();
  }

  /**
   * Both switches only connect: to our end of the link, as neither knows of another. One of them
   * dies without a word, and nothing but BFD can tell within the hold time of 90 s.
   */
  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void switchesConnectToTheLinkAndBfdSeesOneDie(boolean numbered) throws Exception {
    assumeTrue(Files.exists(FrrDaemons.BFDD), "needs FRR's bfdd at " + FrrDaemons.BFDD);
    var tors = List.of(frrWithBfd(0, numbered), frrWithBfd(1, numbered));
    startNode(
        numbered,
        fabric(numbered)
            .replace("holdSeconds: 3", "holdSeconds: 90")
            .replace(
                "allowAsIn: 1", "allowAsIn: 1\n    bfd: {intervalMillis: 100, multiplier: 3}"));
    await("both switches are next hops", () -> hops().size() == 2);
    for (int i = 0; i < 2; i++) {
      var tor = tors.get(i);
      var name = numbered ? "100.64." + i + ".0" : "swp1";
      await(
          "BFD is up at the switch",
          () -> tor.vtysh("show bfd peers json").path(0).path("status").asText().equals("up"));
      var peer = tor.vtysh("show bfd peers json").path(0);
      assertThat(peer.path("multihop").asBoolean()).isFalse();
      assertThat(peer.path("interface").asText()).isEqualTo("swp1");
      assertThat(tor.vtysh("show bgp neighbors " + name + " json").path(name).path("bgpState"))
          .hasToString("\"Established\"");
    }
    Thread.sleep(1_000); // the poll sequence of FRR ends: from then on the agreed times hold

    assertThat(millisToLeave(numbered))
        .as("3 x 100 ms and what it takes to look")
        .isLessThan(2_000L);
  }

  /** How long a dead switch is a next hop. */
  private long millisToLeave(boolean numbered) throws Exception {
    links(0, false);
    long cut = System.nanoTime();
    await("the other switch is left", () -> hops().size() == 1);
    long millis = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - cut);
    assertThat(hops()).containsExactly("eth1 " + gateway(1, numbered));
    ping();
    links(0, true);
    await("both are back", () -> hops().size() == 2);
    return millis;
  }

  private void startAgain() throws IOException {
    open.push(NodeProgram.start(node, directory.resolve("node"), NAME + "-t-"));
  }
}
