package io.weft.agent.cni;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.kubernetes.intent.NamespaceResolution.Choice;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.Attached;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.node.NodeView;
import java.util.List;
import java.util.Optional;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** The verbs of CNI, carried out by a node. */
final class CniPlugin {
  private static final Logger LOG = LoggerFactory.getLogger(CniPlugin.class);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final Attachments node;

  CniPlugin(Attachments node) {
    this.node = node;
  }

  /**
   * What the program prints, and whether it succeeded.
   *
   * @param output empty where the verb has no result
   */
  record Answer(boolean succeeded, String output) {}

  /** Answers a call as the program sent it. */
  Answer answer(byte[] octets) throws InterruptedException {
    var version = CniVersion.V1_1_0.text();
    try {
      var raw = CniCall.Raw.read(octets);
      version = versionOf(raw);
      var call = CniCall.of(raw);
      if (raw.asksForNamespace()) {
        return new Answer(true, namespace(new CniWishes(call).endpoint()));
      }
      var result = carryOut(call, version);
      return new Answer(true, result.map(CniPlugin::line).orElse(""));
    } catch (CniFailure e) {
      LOG.info("a CNI call failed: {}: {}", e.getMessage(), e.details());
      return new Answer(false, line(CniResult.failure(version, e)));
    } catch (RuntimeException e) {
      LOG.error("a CNI call failed; this is a defect of Weft", e);
      var failure =
          new CniFailure(CniFailure.TRY_AGAIN, "the agent failed to answer", e.toString());
      return new Answer(false, line(CniResult.failure(version, failure)));
    }
  }

  private static String line(ObjectNode document) {
    return document + "\n";
  }

  /** An error is told in the caller's version even where the call is not understood. */
  private static String versionOf(CniCall.Raw raw) {
    try {
      var configuration = JSON.readTree(raw.configuration());
      var version = configuration == null ? "" : configuration.path("cniVersion").asText("");
      return version.isEmpty() ? CniVersion.V1_1_0.text() : version;
    } catch (JsonProcessingException _) {
      return CniVersion.V1_1_0.text();
    }
  }

  private Optional<ObjectNode> carryOut(CniCall call, String asked)
      throws CniFailure, InterruptedException {
    return switch (call.verb()) {
      case ADD -> Optional.of(add(call));
      case VERSION -> Optional.of(CniResult.versions(asked));
      case DEL -> {
        detach(new CniWishes(call));
        yield Optional.empty();
      }
      case CHECK -> {
        check(call);
        yield Optional.empty();
      }
      case GC -> {
        collect(call);
        yield Optional.empty();
      }
      case STATUS -> {
        status();
        yield Optional.empty();
      }
    };
  }

  private ObjectNode add(CniCall call) throws CniFailure, InterruptedException {
    var wishes = new CniWishes(call);
    var network = network(call, wishes);
    if (network.isEmpty()) {
      return CniResult.passedOn(call);
    }
    var request = wishes.request(network.get(), node.isReached(network.get()));
    if (!PodLink.exists(call.networkNamespace())) {
      throw new CniFailure(
          CniFailure.UNKNOWN_CONTAINER,
          "the container has no network namespace",
          call.networkNamespace() + " does not exist");
    }
    var attached = node.attach(request);
    var pod = wishes.pod();
    if (wishes.network().isEmpty() && pod.isPresent()) {
      node.started(request.endpoint(), pod.get(), request.network());
    }
    return CniResult.added(
        call, attached, wishes.interfaceName(), defaults(call, wishes, attached));
  }

  /**
   * The configured network, if it lets the pod's namespace in, or that of the namespace. Empty
   * where the namespace has none and an earlier plugin has given the pod an interface already.
   */
  private Optional<String> network(CniCall call, CniWishes wishes)
      throws CniFailure, InterruptedException {
    var named = wishes.pod();
    if (wishes.network().isPresent() && named.isEmpty()) {
      return wishes.network();
    }
    var pod =
        named.orElseThrow(
            () ->
                CniWishes.invalid(
                    "'network' is missing, and so is K8S_POD_NAMESPACE in CNI_ARGS: name a"
                        + " Network of this cluster"));
    return switch (node.networkOf(pod, wishes.network())) {
      case Choice.Chosen(var network) -> Optional.of(network);
      case Choice.Refused(var why) -> throw CniWishes.invalid(why);
      case Choice.NoNetwork(var why) -> {
        if (call.previous().isEmpty()) {
          throw new CniFailure(CniFailure.TRY_AGAIN, "the namespace has no network", why);
        }
        yield Optional.empty();
      }
    };
  }

  /** As they are: a container that had a default route of the family has kept it. */
  private static List<IpAddress> defaults(CniCall call, CniWishes wishes, Attached attached)
      throws CniFailure {
    return attached.gateways().isEmpty()
        ? List.of()
        : PodLink.look(call.networkNamespace(), wishes.interfaceName())
            .map(PodLink::gateways)
            .orElse(List.of());
  }

  /**
   * Also what the container got when Weft's list had another name: it has its own where Weft is
   * primary, and the other plugin's beside that one.
   */
  private void detach(CniWishes wishes) throws CniFailure, InterruptedException {
    if (node.detach(wishes.endpoint())) {
      return;
    }
    for (var each : node.view().endpoints()) {
      if (wishes.isUnderAnotherName(each.endpoint().name())) {
        node.detach(each.endpoint().name());
      }
    }
  }

  // ---- CHECK ------------------------------------------------------------------------------

  private void check(CniCall call) throws CniFailure, InterruptedException {
    var wishes = new CniWishes(call);
    var previous =
        call.previous()
            .orElseThrow(
                () ->
                    new CniFailure(
                        CniFailure.INVALID_CONFIGURATION,
                        "invalid network configuration",
                        "CHECK needs 'prevResult'"));
    if (wishes.network().isEmpty() && !CniResult.hasPort(previous, wishes.endpoint())) {
      return; // its namespace had no network when it was added, and it keeps what it has
    }
    var standing = find(node.view(), wishes.endpoint());
    if (standing.isEmpty() || !standing.get().attached()) {
      throw notAsGiven(
          "endpoint '%s' %s on this node"
              .formatted(
                  wishes.endpoint(), standing.isEmpty() ? "is not attached" : "does not stand"));
    }
    checkAddresses(standing.get().endpoint(), previous);
    checkPod(call, standing.get().endpoint(), insideName(call, wishes, previous));
  }

  /** The path of the network namespace with the endpoint's port; empty when there is none. */
  private String namespace(String endpoint) throws CniFailure, InterruptedException {
    var view = node.view();
    return find(view, endpoint).stream()
        .flatMap(
            found ->
                view.networks().stream()
                    .filter(each -> each.intent().name().equals(found.endpoint().network())))
        .map(network -> NetworkNamespaces.DIRECTORY + "/" + network.namespace())
        .findFirst()
        .orElse("");
  }

  private static Optional<NodeView.EndpointView> find(NodeView view, String name) {
    return view.endpoints().stream()
        .filter(each -> each.endpoint().name().equals(name))
        .findFirst();
  }

  /**
   * The name that the interface got: as first plugin the one asked for, else that beside it. The
   * previous result of a CHECK is the final one of the ADD and holds ours in either case.
   */
  private static String insideName(CniCall call, CniWishes wishes, JsonNode result) {
    var port = AddressPlan.portName(wishes.endpoint());
    var interfaces = result.path("interfaces");
    for (int i = 0; i + 1 < interfaces.size(); i++) {
      if (interfaces.get(i).path("name").asText().equals(port)) {
        return interfaces.get(i + 1).path("name").asText();
      }
    }
    return call.interfaceName();
  }

  private static void checkAddresses(Endpoint endpoint, JsonNode result) throws CniFailure {
    var given = new TreeSet<String>();
    result.path("ips").forEach(ip -> given.add(ip.path("address").asText()));
    for (var host : endpoint.addresses()) {
      if (!given.contains(host.toString())) {
        throw notAsGiven(
            "endpoint '%s' has the address %s, which the result does not have: %s"
                .formatted(endpoint.name(), host, given));
      }
    }
  }

  private static void checkPod(CniCall call, Endpoint endpoint, String name) throws CniFailure {
    var link =
        PodLink.look(call.networkNamespace(), name)
            .orElseThrow(
                () -> notAsGiven("no interface " + name + " in " + call.networkNamespace()));
    if (!link.mac().equals(Optional.of(endpoint.mac()))) {
      throw notAsGiven(
          "%s has the MAC address %s, not %s"
              .formatted(name, link.mac().map(Object::toString).orElse("none"), endpoint.mac()));
    }
    for (HostAddress host : endpoint.addresses()) {
      if (!link.addresses().contains(host.address())) {
        throw notAsGiven(name + " has lost its address " + host);
      }
    }
  }

  private static CniFailure notAsGiven(String details) {
    return new CniFailure(
        CniFailure.NOT_AS_GIVEN, "the attachment is not as it was given", details);
  }

  // ---- GC, STATUS -------------------------------------------------------------------------

  /** Takes away what this CNI network has here and the runtime no longer knows. */
  private void collect(CniCall call) throws CniFailure, InterruptedException {
    var wishes = new CniWishes(call);
    var valid = new TreeSet<String>();
    var field = call.configuration().path("cni.dev/valid-attachments");
    if (!field.isArray()) {
      throw new CniFailure(
          CniFailure.INVALID_CONFIGURATION,
          "invalid network configuration",
          "GC needs the list 'cni.dev/valid-attachments'");
    }
    for (var each : field) {
      valid.add(wishes.endpoint(each.path("containerID").asText(), each.path("ifname").asText()));
    }
    for (var each : node.view().endpoints()) {
      var name = each.endpoint().name();
      if (name.endsWith(wishes.suffix()) && !valid.contains(name)) {
        LOG.info("endpoint {}: its container is gone; it is detached", name);
        node.detach(name);
      }
    }
  }

  private void status() throws CniFailure, InterruptedException {
    var view = node.view();
    if (view.underlay().isEmpty()) {
      throw new CniFailure(
          CniFailure.NOT_AVAILABLE, "this node has no VTEP address yet", view.underlayReason());
    }
  }
}
