package io.weft.agent.metrics;

import java.util.List;

/**
 * All metrics of the daemons. None has a row for each endpoint, MAC or route; {@link Readings}
 * bounds the rows of each. The table in docs/metrics.md is made of these.
 */
public enum Metric {
  BUILD(Of.ALL, "weft_build_info", "always 1; which Weft this is", "version", "role", "name"),
  ANSWERS(
      Of.ALL,
      "weft_answers",
      "0 when the brain did not answer within 5 s; then there is"
          + " nothing here but of the process"),
  QUEUE(
      Of.ALL,
      "weft_event_queue_depth",
      "events that wait for the brain; at 2,048 those who" + " bring more wait"),
  LEFT_OUT(
      Of.ALL,
      "weft_metrics_left_out",
      "rows of a metric above 1,024, which are not shown",
      "metric"),
  PROBLEMS(Of.ALL, "weft_problems", "lines 'problem' of weft status"),

  PEERS(Of.SPEAKERS, "weft_bgp_peers", "BGP neighbours by state (RFC 4271 §8.2.2)", "state"),
  PEER_UP(Of.SPEAKERS, "weft_bgp_peer_established", "1 while the session stands", "peer"),
  PEER_SINCE(
      Of.SPEAKERS,
      "weft_bgp_peer_state_seconds",
      "for how long the session has been in its" + " state",
      "peer"),
  PEER_SESSIONS(
      Of.SPEAKERS, true, "weft_bgp_peer_sessions", "sessions that were established", "peer"),
  PEER_RECEIVED(Of.SPEAKERS, "weft_bgp_peer_routes_received", "routes held of the peer", "peer"),
  PEER_SENT(Of.SPEAKERS, "weft_bgp_peer_routes_sent", "routes announced to the peer", "peer"),
  PEER_STALE(
      Of.SPEAKERS,
      "weft_bgp_peer_routes_stale",
      "routes kept of a session that ended" + " (RFC 4724)",
      "peer"),
  PEER_REFUSED(
      Of.SPEAKERS,
      "weft_bgp_peer_routes_refused",
      "routes that the peer said and that are" + " not held, as far as they are remembered",
      "peer"),
  PEER_UPDATES_IN(
      Of.SPEAKERS,
      true,
      "weft_bgp_peer_updates_received",
      "UPDATE messages of the" + " peer",
      "peer"),
  PEER_UPDATES_OUT(
      Of.SPEAKERS,
      true,
      "weft_bgp_peer_updates_sent",
      "UPDATE messages to the peer," + " End-of-RIB among them",
      "peer"),
  ROUTES(
      Of.SPEAKERS,
      "weft_bgp_routes",
      "routes in the table, each once; type is that of EVPN" + " (RFC 7432 §7)",
      "family",
      "type"),
  ATTRIBUTES(
      Of.SPEAKERS, "weft_bgp_attribute_sets", "distinct sets of path attributes in the" + " table"),

  CONVERGED(Of.NODE, "weft_converged", "0 after a start until peers have said all they have"),
  DRAINED(Of.NODE, "weft_drained", "1 after weft drain"),
  ENDPOINTS(
      Of.NODE,
      "weft_endpoints",
      "endpoints of this node, those that are wholly in the kernel" + " and others",
      "attached"),
  WAITING(Of.NODE, "weft_endpoints_waiting", "declared endpoints that are not as declared"),
  NETWORK_ENDPOINTS(
      Of.NODE, "weft_network_endpoints", "endpoints of this node", "network", "tenant"),
  NETWORK_MACS(
      Of.NODE, "weft_network_remote_macs", "MAC addresses on other nodes", "network", "tenant"),
  NETWORK_FLOOD(
      Of.NODE,
      "weft_network_flood_targets",
      "VTEPs that get a copy of each broadcast",
      "network",
      "tenant"),
  ADDRESSES_USED(
      Of.NODE,
      "weft_network_addresses_used",
      "addresses of endpoints of this node",
      "network",
      "subnet"),
  ADDRESSES_FREE(
      Of.NODE,
      "weft_network_addresses_free",
      "addresses that this node can give out"
          + " without another block; none where it takes them from the whole subnet",
      "network",
      "subnet"),
  DUPLICATES(
      Of.NODE,
      "weft_duplicates_frozen",
      "MAC addresses and IP addresses that two places"
          + " claim and that are frozen (docs/life.md)"),
  MOVES(Of.NODE, true, "weft_moves", "moves of MAC and IP addresses from or to this node"),

  KERNEL_OBJECTS(Of.NODE, "weft_kernel_objects", "objects that the kernel holds for the node"),
  KERNEL_PENDING(Of.NODE, "weft_kernel_pending", "changes that are not yet confirmed"),
  KERNEL_REFUSED(
      Of.NODE, "weft_kernel_refused", "changes that the kernel refuses; they are tried" + " again"),
  KERNEL_WRITES(Of.NODE, true, "weft_kernel_writes", "changes that the kernel took"),
  FOREIGN(
      Of.NODE,
      true,
      "weft_foreign_changes",
      "what somebody else did to objects of the node in" + " the kernel",
      "kind",
      "deed"),
  FOREIGN_MENDED(
      Of.NODE,
      true,
      "weft_foreign_changes_mended",
      "how many of these are as they shall" + " be again"),
  FOREIGN_OPEN(Of.NODE, "weft_foreign_changes_open", "how many are not yet"),
  STOPPED(
      Of.NODE,
      true,
      "weft_stopped_frames",
      "frames that were stopped at endpoints' ports"
          + " (docs/security.md); of a network without tenant the tenant is _NETWORK",
      "tenant",
      "reason"),
  STRANGERS(
      Of.NODE,
      true,
      "weft_stopped_vxlan_packets",
      "VXLAN packets from addresses that are no" + " known VTEP's"),
  STOPPED_SERVICES(
      Of.NODE,
      true,
      "weft_stopped_service_packets",
      "packets of pods of other nodes to NodePorts and host ports (docs/primary.md), by the tenant"
          + " of the pods behind these",
      "tenant"),
  GUARD_REPAIRS(
      Of.NODE,
      true,
      "weft_guard_repairs",
      "how often a packet filter was mended after" + " somebody else had changed it"),
  PATHS(Of.NODE, "weft_paths", "paths to other VTEPs by what probes found (docs/mtu.md)", "state"),

  API_CALLS(
      Of.WITH_API,
      true,
      "weft_api_calls",
      "calls of the Kubernetes API: answered, refused" + " (4xx), failed (5xx, or no answer)",
      "outcome"),
  API_ANSWER(Of.WITH_API, "weft_api_last_answer_seconds", "since the API last answered a call"),

  LEADS(Of.CONTROLLER, "weft_controller_leads", "1 at the replica that holds the lease"),
  CURRENT(
      Of.CONTROLLER,
      "weft_controller_current",
      "0 while not all kinds are seen, or the API does" + " not answer: nothing is decided"),
  OBJECTS(Of.CONTROLLER, "weft_controller_objects", "objects that have a status"),
  CLAIMS(
      Of.CONTROLLER,
      "weft_controller_vni_claims",
      "VNIs that are claimed; state: held, or" + " released and kept from others for a while",
      "state"),
  CALLS(Of.CONTROLLER, "weft_controller_calls_waiting", "calls that wait or are under way"),

  MEMORY(
      Of.ALL,
      "weft_jvm_heap_bytes",
      "the heap of the virtual machine; state: used, committed," + " max",
      "state"),
  RESIDENT(Of.ALL, "process_resident_memory_bytes", "memory of the process"),
  CPU(Of.ALL, true, "process_cpu_seconds", "processor time of the process"),
  THREADS(Of.ALL, "process_threads", "threads of the process"),
  DESCRIPTORS(Of.ALL, "process_open_fds", "open files of the process");

  /** Which daemons have it. */
  public enum Of {
    ALL("all"),
    SPEAKERS("node, reflector"),
    NODE("node"),
    WITH_API("node with the Kubernetes API, controller"),
    CONTROLLER("controller");

    private final String words;

    Of(String words) {
      this.words = words;
    }

    @Override
    public String toString() {
      return words;
    }
  }

  private final Of daemons;
  private final boolean counter;
  private final String base;
  private final String help;
  private final String labels;

  Metric(Of daemons, String name, String help, String... labels) {
    this(daemons, false, name, help, labels);
  }

  Metric(Of daemons, boolean counter, String base, String help, String... labels) {
    this.daemons = daemons;
    this.counter = counter;
    this.base = base;
    this.help = help;
    this.labels = String.join(" ", labels);
  }

  /** As it is read. */
  public String title() {
    return counter ? base + "_total" : base;
  }

  /** The name without what its type adds. */
  String base() {
    return base;
  }

  /** True: it only grows, as long as the daemon runs. */
  public boolean isCounter() {
    return counter;
  }

  public Of daemons() {
    return daemons;
  }

  public String help() {
    return help;
  }

  public List<String> labels() {
    return labels.isEmpty() ? List.of() : List.of(labels.split(" ", -1));
  }
}
