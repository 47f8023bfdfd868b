package io.weft.cli;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.agent.control.ControlServer;
import io.weft.agent.control.ControlServer.CallRefused;
import io.weft.agent.control.ControlServer.Handler;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.TreeMap;

/** The socket of an agent that gives the same answers each time, and remembers what it is asked. */
final class ScriptedAgent implements AutoCloseable {
  static final ObjectMapper JSON =
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
       "attaching": [{"endpoint": "web-2", "waitsFor": "the kernel has yet to follow"}],
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

  private final Path socket;
  private final ControlServer server;
  private final List<JsonNode> requests = new ArrayList<>();

  ScriptedAgent(Path socket) throws IOException {
    this.socket = socket;
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
    server = ControlServer.open(socket, handlers);
  }

  Handler answering(String text) {
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

  /** What it was asked, the oldest first. */
  List<JsonNode> requests() {
    return requests;
  }

  /** A command that asks it. */
  Run run(String command, String... more) {
    var arguments = new ArrayList<>(List.of(command, "--socket=" + socket));
    arguments.addAll(List.of(more));
    return Run.weft(arguments.toArray(String[]::new));
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
