package io.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlServer;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.control.ControlServer.Handler;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class WeftTest {
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS);

  private static final String STATUS =
      """
      {"role": "node", "name": "n1", "vtep": "10.0.0.1", "underlayMtu": 1500, "overlayMtu": 1450,
       "asn": 65000, "routerId": "10.0.0.1", "peers": {"configured": 2, "established": 1},
       "converged": false,
       "kernel": {"objects": 12, "pending": 1, "writes": 9, "failures":
         [{"object": "port weft-red ep1", "reason": "EEXIST", "attempts": 3}]},
       "endpoints": [{"name": "web-1", "network": "red-web", "attached": true, "port": "ep1",
         "mac": "0a:58:c0:a8:01:0a", "addresses": ["192.168.1.10/24"]},
         {"name": "vm-1", "network": "red-web", "attached": true, "port": "ep2", "tap": "tap0",
         "mac": "52:54:00:00:00:01", "addresses": []},
         {"name": "db-1", "network": "red-web", "attached": false, "port": "ep3", "link": "eth1",
         "vlan": 100, "mac": "52:54:00:00:00:02", "addresses": []}],
       "duplicates": [{"mac": "0a:58:c0:a8:01:0a", "network": "red-web", "endpoint": "web-1",
         "vtep": "10.0.0.2", "moves": 5, "seconds": 60, "recoversInSeconds": 120}],
       "stopped": {"ports": [{"port": "ep1", "endpoint": "web-1", "frames": 9,
         "reasons": {"source-mac": 2, "arp": 7}}],
         "vxlan": {"packets": 3, "sources": [{"address": "10.0.0.66", "packets": 3}]},
         "services": [{"namespace": "weft-red", "packets": 4}], "repairs": 0},
       "paths": {"passing": 3, "tooNarrow": 1, "unknown": 1, "waiting": 2, "leftOut": 0,
         "findings": [{"vtep": "10.0.0.3", "promised": 1500, "passes": 1400, "overlayMtu": 1450,
           "overlayPasses": 1350, "router": "10.1.0.9",
           "where": "router 10.1.0.9 says that its next link takes 1400 octets",
           "action": "raise the MTU there to 1500, or give the networks 'mtu: 1350'"}],
         "silent": [{"vtep": "10.0.0.4", "reason": "it answers no ICMP echo"}]},
       "problems": ["a.yaml:3:8: Network a: unknown key 'vin'"]}
      """;

  private static final String ROUTES =
      """
      {"routes": [
        {"type": 2, "rd": "10.0.0.1:1", "mac": "0a:58:c0:a8:01:0a", "ip": "192.168.1.10",
         "vni": 100, "nextHop": "10.0.0.1", "routeTargets": ["65000:100"], "local": true,
         "best": true, "stale": false},
        {"type": 3, "rd": "10.0.0.2:1", "ip": "10.0.0.2", "vni": 100, "nextHop": "10.0.0.2",
         "routeTargets": ["65000:100"], "local": false, "best": true, "stale": true,
         "peer": "10.0.0.9"},
        {"type": 3, "rd": "10.0.0.3:1", "ip": "10.0.0.3", "vni": 200, "nextHop": "10.0.0.3",
         "routeTargets": ["65000:200"], "local": false, "best": false, "stale": false,
         "peer": "10.0.0.9"}], "matching": 5, "more": 2}
      """;

  private static final String PEERS =
      """
      {"asn": 65000, "routerId": "10.0.0.1", "peers": [
        {"address": "10.0.0.9", "asn": 65000, "routerId": "10.0.0.9", "client": false,
         "state": "Established", "seconds": 3725, "received": 2, "sent": 1, "stale": 0,
         "families": ["l2vpn-evpn", "route-target"], "password": true, "ttlSecurity": 1,
         "importPolicy": "from-rr",
         "maximumPrefixes": {"limit": 1000, "warnPercent": 75, "action": "close",
           "restartSeconds": 60},
         "bfd": {"state": "UP", "multihop": false, "detectionMillis": 300.0}},
        {"address": "10.0.0.10", "asn": 65000, "client": true, "state": "Active",
         "seconds": 5, "received": 0, "sent": 0, "stale": 0,
         "lastReason": "connection lost: \\u001b[31mred"}]}
      """;

  private static final String NETWORKS =
      """
      {"networks": [{"name": "red-web", "tenant": "red", "vni": 100, "namespace": "weft-red",
        "realised": true, "orphaned": false, "rd": "10.0.0.1:1", "mtu": 1450,
        "localEndpoints": 1, "remoteMacs": 2, "floodTargets": 3, "subnets": ["192.168.1.0/24"],
        "gateways": ["192.168.1.1"],
        "importTargets": ["65000:100"], "exportTargets": ["65000:100"]}]}
      """;

  private static final String WHY =
      """
      {"question": "10.1.1.1", "known": true, "more": 2, "routes": [
        {"route": "[3] 10.0.0.2:1 tag 0 10.0.0.2",
         "paths": [{"peer": "10.0.0.9", "local": false, "reason": "best"}],
         "refused": [{"peer": "10.0.0.8", "reason":
           "not imported: policy edge rejects it by rule no-red"}],
         "networks": [{"name": "blue", "imported": false, "reason":
           "not imported: it imports [65000:200], the route carries [65000:100]"}],
         "tenants": [{"name": "red", "imported": true, "used": true, "reason":
           "imported, used: 10.9.0.0/16 via 10.0.0.2 in VNI 5001"}],
         "peers": [{"address": "10.0.0.9", "obstacle": true,
           "reason": "not sent: the route is from there"}]}]}
      """;

  private static final String UNKNOWN =
      """
      {"question": "nobody", "known": false, "more": 0, "routes": [],
       "reasons": ["there are no neighbours"]}
      """;

  private static final String ATTACHED =
      """
      {"endpoint": "web-1", "network": "red-web", "vni": 100, "interface": "eth0",
       "mac": "0a:58:c0:a8:01:0a", "mtu": 1450, "addresses": ["192.168.1.10/24"],
       "gateways": ["192.168.1.1"]}
      """;

  private static final String TENANTS =
      """
      {"tenants": [
        {"name": "blue", "namespace": "weft-blue", "routes": false, "realised": false,
         "networks": [{"name": "blue-web", "routed": false, "realised": true}]},
        {"name": "red", "namespace": "weft-red", "routes": true, "realised": true, "l3vni": 5001,
         "importTargets": ["65000:5001"], "exportTargets": ["65000:5001"],
         "egress": {"ipv4": true, "ipv6": false}, "rd": "10.0.0.1:5001",
         "routerMac": "0a:5a:0a:00:00:01", "remotePrefixes": 2,
         "networks": [{"name": "red-web", "routed": true, "realised": true},
           {"name": "red-db", "routed": true, "realised": false}]}]}
      """;

  private static final String TENANT =
      """
      {"tenants": [
        {"name": "red", "namespace": "weft-red", "routes": true, "realised": true, "l3vni": 5001,
         "importTargets": ["65000:5001"], "exportTargets": ["65000:5001"],
         "rd": "10.0.0.1:5001", "routerMac": "0a:5a:0a:00:00:01", "remotePrefixes": 5000,
         "networks": [{"name": "red-web", "routed": true, "realised": true},
           {"name": "red-sto", "routed": false, "realised": false}],
         "connections": [
           {"connection": "logging", "with": "logs", "direction": "out",
            "reaches": {"prefixes": [], "inForce": true, "routes": 0,
              "remark": "no route of tenant 'logs' is known here; 'weft why-not PREFIX' tells more"}},
           {"connection": "shared", "with": "services", "direction": "both",
            "reaches": {"prefixes": ["10.0.1.0/24"], "inForce": true, "routes": 12},
            "reachedBy": {"prefixes": [], "inForce": true}}]}],
       "counts": {"connected": 1, "endpoint": 2, "node": 0, "host": 4999, "prefix": 1},
       "prefixes": [
         {"prefix": "192.168.1.0/24", "source": "connected", "used": true, "ways": []},
         {"prefix": "192.168.1.0/24", "source": "prefix", "used": false,
          "ways": [{"via": "10.0.0.2", "vni": 5001}]},
         {"prefix": "10.9.0.0/16", "source": "prefix", "used": true, "owner": "services",
          "ways": [{"via": "10.0.0.2", "vni": 5001}, {"via": "10.0.0.3", "vni": 7001}]}],
       "more": 904}
      """;

  @TempDir private Path directory;
  private ControlServer agent;
  private final List<JsonNode> requests = new ArrayList<>();

  @BeforeEach
  void startAgent() throws IOException {
    var handlers = new TreeMap<String, Handler>();
    handlers.put("status", answering(STATUS));
    handlers.put("routes", answering(ROUTES));
    handlers.put("peers", answering(PEERS));
    handlers.put("networks", answering(NETWORKS));
    handlers.put(
        "tenants", request -> answering(request.has("tenant") ? TENANT : TENANTS).answer(request));
    handlers.put(
        "why",
        request ->
            answering(request.path("route").asText().equals("nobody") ? UNKNOWN : WHY)
                .answer(request));
    handlers.put("attach", this::attach);
    handlers.put("detach", answering("{\"endpoint\": \"web-1\", \"wasAttached\": true}"));
    agent = ControlServer.open(socket(), handlers);
  }

  @AfterEach
  void stopAgent() throws IOException {
    agent.close();
  }

  private Handler answering(String text) {
    return request -> {
      requests.add(request);
      return parsed(text);
    };
  }

  private static ObjectNode parsed(String text) {
    try {
      return (ObjectNode) JSON.readTree(text);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  private ObjectNode attach(JsonNode request) throws CallRefused {
    requests.add(request);
    if (request.path("network").asText().equals("blue")) {
      throw new CallRefused("UNKNOWN_NETWORK", "network 'blue' is not known on node n1");
    }
    return parsed(ATTACHED);
  }

  private Path socket() {
    return directory.resolve("weft.sock");
  }

  private record Run(int code, String out, String err) {}

  private static Run weft(String... arguments) {
    var out = new StringWriter();
    var err = new StringWriter();
    var outWriter = new PrintWriter(out);
    int code = Weft.commandLine(outWriter, new PrintWriter(err, true)).execute(arguments);
    outWriter.flush();
    return new Run(code, out.toString(), err.toString());
  }

  private Run onAgent(String command, String... more) {
    var arguments = new ArrayList<>(List.of(command, "--socket=" + socket()));
    arguments.addAll(List.of(more));
    return weft(arguments.toArray(String[]::new));
  }

  private static List<CommandLine> allCommands() {
    var commands = new ArrayList<CommandLine>();
    collect(Weft.commandLine(new PrintWriter(System.out), new PrintWriter(System.err)), commands);
    return commands;
  }

  private static void collect(CommandLine command, List<CommandLine> into) {
    into.add(command);
    command.getSubcommands().values().forEach(sub -> collect(sub, into));
  }

  @Test
  void everyCommandHasHelpWithAnExampleAndWithoutColours() {
    assertThat(allCommands()).hasSizeGreaterThan(8);
    for (var command : allCommands()) {
      var name = command.getCommandSpec().qualifiedName();
      var words = new ArrayList<>(List.of(name.split(" ")));
      words.removeFirst();
      words.add("--help");
      var run = weft(words.toArray(String[]::new));
      assertThat(run.code()).as(name).isZero();
      assertThat(run.err()).as(name).isEmpty();
      assertThat(run.out())
          .as(name)
          .contains("Usage: " + name)
          .contains("Example")
          .doesNotContain("\u001b");
      assertThat(run.out().lines()).as(name).allMatch(line -> line.length() <= 100);
    }
  }

  @Test
  void theHelpNamesTheExitCodes() {
    assertThat(weft("--help").out()).contains("Exit codes:").contains("3   no agent answers");
    assertThat(weft("--version").out()).startsWith("weft ");
  }

  @Test
  void aWrongCommandLineIsCode2() {
    for (var wrong :
        List.of(
            new String[] {},
            new String[] {"fly"},
            new String[] {"status", "--colour"},
            new String[] {"attach", "web-1"},
            new String[] {"routes", "--type=two"},
            new String[] {"node", "--log-level=loud"},
            new String[] {"reflector", "--asn=65000"},
            new String[] {"reflector", "--listen=127.0.0.1:x", "--asn=1", "--clients=127.0.0.0/8"},
            new String[] {"reflector", "--listen=127.0.0.1:0", "--asn=1", "--clients=127.0.0.0/8"},
            new String[] {"reflector", "--listen=127.0.0.1", "--asn=0", "--clients=127.0.0.0/8"},
            new String[] {"reflector", "--listen=127.0.0.1", "--asn=1", "--clients=127.0.0.1/8"},
            new String[] {"reflector", "--listen=[::1]:1790", "--asn=1", "--clients=::1/128"},
            new String[] {"node", "--netns-prefix=a"})) {
      var run = weft(wrong);
      assertThat(run.code()).as("%s: %s", List.of(wrong), run.err()).isEqualTo(Weft.USAGE);
      assertThat(run.out()).isEmpty();
      assertThat(run.err()).isNotBlank().doesNotContain("\tat ");
    }
  }

  @Test
  void noAgentIsCode3AndSaysWhere() {
    var nowhere = directory.resolve("nobody.sock");
    for (var command :
        List.of(
            List.of("status"),
            List.of("networks"),
            List.of("routes"),
            List.of("peers"),
            List.of("detach", "web-1"))) {
      var arguments = new ArrayList<>(command);
      arguments.add("--socket=" + nowhere);
      var run = weft(arguments.toArray(String[]::new));
      assertThat(run.code()).isEqualTo(Weft.NO_AGENT);
      assertThat(run.out()).isEmpty();
      assertThat(run.err()).startsWith("weft: no agent answers on " + nowhere).hasLineCount(1);
    }
  }

  @Test
  void aRefusalIsCode1WithItsReason() {
    var run = onAgent("attach", "web-1", "--network=blue", "--netns=web-1");
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualTo("weft: network 'blue' is not known on node n1 [UNKNOWN_NETWORK]\n");
  }

  @Test
  void aReflectorRefusesABrokenFabricWithItsFileAndLine() throws IOException {
    Files.writeString(
        directory.resolve("fabric.yaml"),
        "kind: Fabric\nmetadata: {name: default}\nspec:\n  asn: none\n");
    var run = weft("reflector", "--config=" + directory, "--socket=" + directory.resolve("rr"));
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.err())
        .startsWith("weft: fabric.yaml:4:8: Fabric default: asn ")
        .endsWith(
            "does not start without the Fabric that is declared; mend the file and start again\n");
  }

  @Test
  void aDaemonThatCannotStartIsCode1() {
    var run = weft("reflector", "--config=" + directory.resolve("nowhere"));
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.err()).startsWith("weft: ").contains("nowhere").hasLineCount(1);
  }

  @Test
  void aReflectorHasFilesOrSettingsButNotBoth() {
    var run =
        weft(
            "reflector",
            "--config=" + directory,
            "--listen=127.0.0.1:1790",
            "--asn=65000",
            "--clients=127.0.0.0/8",
            "--clients=10.0.0.0/8");
    assertThat(run.code()).isEqualTo(Weft.USAGE);
    assertThat(run.err()).startsWith("--config and --listen exclude each other");
  }

  @Test
  void jsonIsOneDocumentAndNothingElse() throws Exception {
    for (var command :
        List.of(
            List.of("status"),
            List.of("networks"),
            List.of("routes"),
            List.of("peers"),
            List.of("detach", "web-1"),
            List.of("attach", "web-1", "--network=red-web", "--netns=web-1"))) {
      var arguments = new ArrayList<>(command);
      arguments.add("--json");
      arguments.add("--socket=" + socket());
      var run = weft(arguments.toArray(String[]::new));
      assertThat(run.code()).as("%s", run).isZero();
      assertThat(run.err()).isEmpty();
      assertThat(JSON.readTree(run.out()).path("ok").asBoolean()).isTrue();
    }
  }

  @Test
  void statusReadsLikeThis() {
    assertThat(onAgent("status").out())
        .isEqualTo(
            """
            node       n1
            VTEP       10.0.0.1, underlay MTU 1500, overlay MTU 1450
            BGP        AS 65000, router 10.0.0.1, 1 of 2 sessions established
            kernel     12 objects, 1 changes pending, 9 writes since the start; waiting for the peers' routes
            refused    port weft-red ep1: EEXIST (3 attempts)
            duplicate  0a:58:c0:a8:01:0a in red-web is endpoint web-1 here and also at 10.0.0.2: frozen for 120 s more, after 5 moves
            stopped    9 frames of endpoint 'web-1' at port ep1: 2 source-mac, 7 arp
            stopped    3 VXLAN packets of addresses that are no VTEP's: 10.0.0.66 (3)
            stopped    4 packets of other nodes' pods to NodePorts and host ports of pods in weft-red
            paths      3 carry the MTU, 1 do not, 1 cannot be checked, 2 not checked yet
            narrow     path to 10.0.0.3: 1500 octets do not pass, 1400 do: router 10.1.0.9 says that its next link takes 1400 octets; raise the MTU there to 1500, or give the networks 'mtu: 1350'
            unchecked  path to 10.0.0.4: it answers no ICMP echo
            problem    a.yaml:3:8: Network a: unknown key 'vin'

            ENDPOINT  NETWORK  MAC                ADDRESSES        BEHIND         PORT  STATE
            web-1     red-web  0a:58:c0:a8:01:0a  192.168.1.10/24  -              ep1   attached
            vm-1      red-web  52:54:00:00:00:01  -                tap tap0       ep2   attached
            db-1      red-web  52:54:00:00:00:02  -                eth1 VLAN 100  ep3   pending
            """);
  }

  @Test
  void statusOfAControllerReadsLikeThis() throws IOException {
    var socket = directory.resolve("controller.sock");
    var status =
        """
        {"role": "controller", "name": "c1", "leads": false, "leader": "c2_77", "current": true,
         "objects": 12, "claims": 9, "released": 1, "waiting": 0,
         "problems": ["lease: PUT /apis: 403 Forbidden"]}
        """;
    try (var _ = ControlServer.open(socket, new TreeMap<>(Map.of("status", answering(status))))) {
      assertThat(weft("status", "--socket=" + socket).out())
          .isEqualTo(
              """
              controller c1
              leader     c2_77
              cluster    12 objects, 9 VNIs claimed, 1 of them released, 0 calls waiting
              problem    lease: PUT /apis: 403 Forbidden
              """);
    }
  }

  @Test
  void routesReadLikeThis() {
    assertThat(onAgent("routes").out())
        .isEqualTo(
            """
                TYPE  RD          MAC                IP            VNI  NEXT HOP  FROM      ROUTE TARGETS  SEQ
            *      2  10.0.0.1:1  0a:58:c0:a8:01:0a  192.168.1.10  100  10.0.0.1  local     65000:100      -
            *s     3  10.0.0.2:1  -                  10.0.0.2      100  10.0.0.2  10.0.0.9  65000:100      -
                   3  10.0.0.3:1  -                  10.0.0.3      200  10.0.0.3  10.0.0.9  65000:200      -
            ... and 2 more; raise --limit, or narrow the choice
            """);
  }

  @Test
  void theAgentIsAskedForWhatIsWanted() {
    assertThat(
            onAgent(
                    "routes",
                    "--type=2",
                    "--vni=100",
                    "--mac=02:00:00:00:00:01",
                    "--ip=10.1.1.1",
                    "--prefix=10.1.0.0/16",
                    "--rt=65000:100",
                    "--rd=10.0.0.1:1",
                    "--peer=10.0.0.9",
                    "--family=l2vpn-evpn",
                    "--best",
                    "--local",
                    "--limit=7")
                .code())
        .isZero();
    assertThat(requests)
        .singleElement()
        .hasToString(
            "{\"call\":\"routes\",\"type\":2,\"vni\":100,\"mac\":\"02:00:00:00:00:01\","
                + "\"ip\":\"10.1.1.1\",\"prefix\":\"10.1.0.0/16\",\"rt\":\"65000:100\","
                + "\"rd\":\"10.0.0.1:1\",\"peer\":\"10.0.0.9\",\"family\":\"l2vpn-evpn\","
                + "\"limit\":7,\"best\":true,\"local\":true}");
  }

  @Test
  void onePeerReadsLikeThis() {
    assertThat(onAgent("peers", "10.0.0.10").out())
        .isEqualTo(
            """
            address          10.0.0.10
            AS               65000
            role             client
            state            Active
            for              0m05s
            received         0
            sent             0
            stale            0
            last down        connection lost: ?[31mred
            """);
    assertThat(onAgent("peers", "10.0.0.9").out())
        .endsWith(
            """
            families         l2vpn-evpn,route-target
            password         yes
            TTL security     1
            import policy    from-rr
            maximum prefixes limit 1000, warn percent 75, action close, restart seconds 60
            BFD              state UP, multihop false, detection millis 300.0
            """);
    var run = onAgent("peers", "10.0.0.11");
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.err())
        .isEqualTo("weft: there is no neighbour 10.0.0.11; 'weft peers' lists them\n");
  }

  @Test
  void whyNotReadsLikeThis() {
    var known = onAgent("why-not", "10.1.1.1");
    assertThat(known.code()).isZero();
    assertThat(known.out())
        .isEqualTo(
            """
            [3] 10.0.0.2:1 tag 0 10.0.0.2
              path from 10.0.0.9: best
              from 10.0.0.8: not imported: policy edge rejects it by rule no-red
              network blue: not imported: it imports [65000:200], the route carries [65000:100]
              tenant red: imported, used: 10.9.0.0/16 via 10.0.0.2 in VNI 5001
              to 10.0.0.9: not sent: the route is from there
            ... and 2 more routes; ask for one of them
            """);
    assertThat(requests).last().hasToString("{\"call\":\"why\",\"route\":\"10.1.1.1\"}");
    var unknown = onAgent("why-not", "nobody");
    assertThat(unknown.code()).isEqualTo(Weft.FAILED);
    assertThat(unknown.out()).isEqualTo("nothing is known of nobody\n  there are no neighbours\n");
  }

  @Test
  void peersAndNetworksReadLikeThis() {
    assertThat(onAgent("peers").out())
        .isEqualTo(
            """
            PEER          AS  ROUTER ID  STATE        FOR    RECEIVED  SENT  STALE  ROLE    BFD  LAST DOWN
            10.0.0.9   65000  10.0.0.9   Established  1h02m         2     1      0  peer    UP   -
            10.0.0.10  65000  -          Active       0m05s         0     0      0  client  -    connection lost: ?[31mred
            """);
    assertThat(onAgent("networks").out())
        .isEqualTo(
            """
            NETWORK  TENANT  VNI  SUBNETS         GATEWAY       MTU  LOCAL  REMOTE  FLOOD  IMPORT     NAMESPACE  STATE
            red-web  red     100  192.168.1.0/24  192.168.1.1  1450      1       2      3  65000:100  weft-red   realised
            """);
  }

  @Test
  void tenantsReadLikeThis() {
    assertThat(onAgent("tenants").out())
        .isEqualTo(
            """
            TENANT  L3 VNI  RD             NETWORKS  PREFIXES  IMPORT      EXPORT      WAY OUT      CONNECTIONS  STATE
            blue    -       -                     1  -         -           -           -                      0  Layer 2 only
            red     5001    10.0.0.1:5001         2  2         65000:5001  65000:5001  node (IPv4)            0  routes here
            """);
    assertThat(onAgent("tenants", "red").out())
        .isEqualTo(
            """
            tenant     red, routes here
            namespace  weft-red
            L3 VNI     5001
            import     65000:5001
            export     65000:5001
            way out    -
            RD         10.0.0.1:5001
            router     MAC 0a:5a:0a:00:00:01
            network    red-web, routed
            network    red-sto, Layer 2 only, no endpoint here

            CONNECTION  WITH      DIRECTION  REACHES      ROUTES  REACHED AT  ROUTES
            logging     logs      out        everything        0  -           -
            shared      services  both       10.0.1.0/24      12  everything  -
            logging, with logs: no route of tenant 'logs' is known here; 'weft why-not PREFIX' tells more

            prefixes   1 connected, 2 behind endpoints, 4999 hosts and 1 prefixes of other nodes

               PREFIX          SOURCE              VIA
            *  192.168.1.0/24  connected           -
               192.168.1.0/24  prefix              10.0.0.2 in VNI 5001
            *  10.9.0.0/16     prefix of services  10.0.0.2 in VNI 5001, 10.0.0.3 in VNI 7001
            ... and 904 more
            """);
    assertThat(requests).last().asString().contains("\"tenant\":\"red\"");
  }

  @Test
  void attachAsksForWhatWasTyped() {
    var run =
        onAgent(
            "attach",
            "web-1",
            "--network=red-web",
            "--netns=/proc/7/ns/net",
            "--interface=net1",
            "--address=192.168.1.10",
            "--address=fd00:1::a",
            "--mac=0a:58:c0:a8:01:0a");
    assertThat(run.code()).as(run.err()).isZero();
    assertThat(run.out())
        .isEqualTo(
            "web-1 attached to red-web: VNI 100, MAC 0a:58:c0:a8:01:0a,"
                + " addresses 192.168.1.10/24, gateway 192.168.1.1, MTU 1450\n");
    assertThat(requests)
        .singleElement()
        .hasToString(
            "{\"call\":\"attach\",\"endpoint\":\"web-1\",\"network\":\"red-web\","
                + "\"netns\":\"/proc/7/ns/net\",\"interface\":\"net1\","
                + "\"mac\":\"0a:58:c0:a8:01:0a\","
                + "\"addresses\":[\"192.168.1.10\",\"fd00:1::a\"]}");
    onAgent("attach", "web-1", "--network=red-web", "--netns=w", "--sticky");
    assertThat(requests).last().asString().contains("\"sticky\":true");
    assertThat(onAgent("detach", "web-1").out()).isEqualTo("web-1 detached\n");
  }
}
