package io.weft.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.control.ControlServer;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** What commands ask an agent, and how they show its answers. */
class AgentCommandsTest {
  @TempDir private Path directory;
  private ScriptedAgent agent;

  @BeforeEach
  void open() throws IOException {
    agent = new ScriptedAgent(directory.resolve("weft.sock"));
  }

  @AfterEach
  void close() throws IOException {
    agent.close();
  }

  @Test
  void aRefusalIsCode1WithItsReason() {
    var run = agent.run("attach", "web-1", "--network=blue", "--netns=web-1");
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.out()).isEmpty();
    assertThat(run.err())
        .isEqualTo("weft: network 'blue' is not known on node n1 [UNKNOWN_NETWORK]\n");
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
      var more = arguments.subList(1, arguments.size());
      more.add("--json");
      var run = agent.run(command.getFirst(), more.toArray(String[]::new));
      assertThat(run.code()).as("%s", run).isZero();
      assertThat(run.err()).isEmpty();
      assertThat(ScriptedAgent.JSON.readTree(run.out()).path("ok").asBoolean()).isTrue();
    }
  }

  @Test
  void statusReadsLikeThis() {
    assertThat(agent.run("status").out())
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
            attaching  Endpoint web-2: the kernel has yet to follow

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
    try (var _ =
        ControlServer.open(socket, new TreeMap<>(Map.of("status", agent.answering(status))))) {
      assertThat(Run.weft("status", "--socket=" + socket).out())
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
    assertThat(agent.run("routes").out())
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
            agent
                .run(
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
    assertThat(agent.requests())
        .singleElement()
        .hasToString(
            "{\"call\":\"routes\",\"type\":2,\"vni\":100,\"mac\":\"02:00:00:00:00:01\","
                + "\"ip\":\"10.1.1.1\",\"prefix\":\"10.1.0.0/16\",\"rt\":\"65000:100\","
                + "\"rd\":\"10.0.0.1:1\",\"peer\":\"10.0.0.9\",\"family\":\"l2vpn-evpn\","
                + "\"limit\":7,\"best\":true,\"local\":true}");
  }

  @Test
  void onePeerReadsLikeThis() {
    assertThat(agent.run("peers", "10.0.0.10").out())
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
    assertThat(agent.run("peers", "10.0.0.9").out())
        .endsWith(
            """
            families         l2vpn-evpn,route-target
            password         yes
            TTL security     1
            import policy    from-rr
            maximum prefixes limit 1000, warn percent 75, action close, restart seconds 60
            BFD              state UP, multihop false, detection millis 300.0
            """);
    var run = agent.run("peers", "10.0.0.11");
    assertThat(run.code()).isEqualTo(Weft.FAILED);
    assertThat(run.err())
        .isEqualTo("weft: there is no neighbour 10.0.0.11; 'weft peers' lists them\n");
  }

  @Test
  void whyNotReadsLikeThis() {
    var known = agent.run("why-not", "10.1.1.1");
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
    assertThat(agent.requests()).last().hasToString("{\"call\":\"why\",\"route\":\"10.1.1.1\"}");
    var unknown = agent.run("why-not", "nobody");
    assertThat(unknown.code()).isEqualTo(Weft.FAILED);
    assertThat(unknown.out()).isEqualTo("nothing is known of nobody\n  there are no neighbours\n");
  }

  @Test
  void peersAndNetworksReadLikeThis() {
    assertThat(agent.run("peers").out())
        .isEqualTo(
            """
            PEER          AS  ROUTER ID  STATE        FOR    RECEIVED  SENT  STALE  ROLE    BFD  LAST DOWN
            10.0.0.9   65000  10.0.0.9   Established  1h02m         2     1      0  peer    UP   -
            10.0.0.10  65000  -          Active       0m05s         0     0      0  client  -    connection lost: ?[31mred
            """);
    assertThat(agent.run("networks").out())
        .isEqualTo(
            """
            NETWORK  TENANT  VNI  SUBNETS         GATEWAY       MTU  LOCAL  REMOTE  FLOOD  IMPORT     NAMESPACE  STATE
            red-web  red     100  192.168.1.0/24  192.168.1.1  1450      1       2      3  65000:100  weft-red   realised
            """);
  }

  @Test
  void tenantsReadLikeThis() {
    assertThat(agent.run("tenants").out())
        .isEqualTo(
            """
            TENANT  L3 VNI  RD             NETWORKS  PREFIXES  IMPORT      EXPORT      WAY OUT      CONNECTIONS  STATE
            blue    -       -                     1  -         -           -           -                      0  Layer 2 only
            red     5001    10.0.0.1:5001         2  2         65000:5001  65000:5001  node (IPv4)            0  routes here
            """);
    assertThat(agent.run("tenants", "red").out())
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
    assertThat(agent.requests()).last().asString().contains("\"tenant\":\"red\"");
  }

  @Test
  void attachAsksForWhatWasTyped() {
    var run =
        agent.run(
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
    assertThat(agent.requests())
        .singleElement()
        .hasToString(
            "{\"call\":\"attach\",\"endpoint\":\"web-1\",\"network\":\"red-web\","
                + "\"netns\":\"/proc/7/ns/net\",\"interface\":\"net1\","
                + "\"mac\":\"0a:58:c0:a8:01:0a\","
                + "\"addresses\":[\"192.168.1.10\",\"fd00:1::a\"]}");
    agent.run("attach", "web-1", "--network=red-web", "--netns=w", "--sticky");
    assertThat(agent.requests()).last().asString().contains("\"sticky\":true");
    assertThat(agent.run("detach", "web-1").out()).isEqualTo("web-1 detached\n");
  }
}
