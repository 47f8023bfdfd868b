package io.weft.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.StableHash;
import io.weft.overlay.attachment.AttachRequest;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * What the configuration and the arguments of a call ask for. A wish may come by capability ({@code
 * runtimeConfig}), by an annotation of the pod, by {@code args.cni}, or by {@code CNI_ARGS}; the
 * first that has it counts.
 */
record CniWishes(CniCall call) {
  /** The interface that is made beside that of an earlier plugin, where nothing else is said. */
  private static final String BESIDE = "weft0";

  /** The capability by which containerd hands on the annotations of a Kubernetes pod. */
  static final String ANNOTATIONS = "io.kubernetes.cri.pod-annotations";

  private static final String ANNOTATION_PREFIX = "weft.io/";

  /** Containers with longer names are known by a part and a hash: they share 255 octets. */
  private static final int MAX_CONTAINER = 32;

  private static final int SHORT_CONTAINER = 12;
  private static final int MAX_NAME = 32;

  /** The node's name of the attachment: of container, interface and CNI network. */
  String endpoint() {
    return endpoint(call.container(), call.interfaceName());
  }

  /** The name that an attachment of the same CNI network has. */
  String endpoint(String container, String interfaceName) {
    return attachment(container, interfaceName) + suffix();
  }

  private static String attachment(String container, String interfaceName) {
    return shortened(container, MAX_CONTAINER, SHORT_CONTAINER) + "/" + interfaceName;
  }

  /** True of the same attachment, of Weft's own list where this is another's, or the reverse. */
  boolean isUnderAnotherName(String endpoint) {
    var stem = attachment(call.container(), call.interfaceName()) + "@";
    boolean own = call.name().equals(PluginWish.PROGRAM);
    return endpoint.startsWith(stem) && (own || endpoint.equals(stem + PluginWish.PROGRAM));
  }

  /** What the names of all attachments of this CNI network end in. */
  String suffix() {
    return "@" + shortened(call.name(), MAX_NAME, MAX_NAME / 2 - 1);
  }

  private static String shortened(String text, int longest, int kept) {
    return text.length() <= longest
        ? text
        : text.substring(0, kept) + "-" + String.format("%016x", StableHash.of(text));
  }

  /** The interface in the container: beside an earlier plugin's it has a name of its own. */
  String interfaceName() {
    return call.previous().isEmpty()
        ? call.interfaceName()
        : call.configuration().path("interface").asText(BESIDE);
  }

  /** The Network that the configuration names for all its containers. */
  Optional<String> network() {
    return Optional.of(call.configuration().path("network").asText(""))
        .filter(name -> !name.isEmpty());
  }

  /** The pod, where the runtime is that of Kubernetes. */
  Optional<PodName> pod() {
    return argument("K8S_POD_NAMESPACE")
        .map(
            namespace -> new PodName(namespace, argument("K8S_POD_NAME"), argument("K8S_POD_UID")));
  }

  private Optional<String> argument(String name) {
    return Optional.ofNullable(call.arguments().get(name)).filter(text -> !text.isEmpty());
  }

  /**
   * The attach request.
   *
   * @param reached the node reaches the pods of the network
   * @throws CniFailure with the field that cannot be used
   */
  AttachRequest request(String network, boolean reached) throws CniFailure {
    refuseForeignIpam();
    if (!reached) {
      refuseWorkOfTheHost();
    }
    var request =
        new AttachRequest(
            endpoint(), network, call.networkNamespace(), interfaceName(), mac(), addresses());
    var claim = first("claim", "WEFT_CLAIM");
    boolean standby = first("standby", "WEFT_STANDBY").contains("true");
    return claim.isEmpty() ? request : request.withClaim(inNamespace(claim.getFirst()), standby);
  }

  /** Of pods each namespace has names of its own: nobody takes another tenant's claim. */
  private String inNamespace(String claim) {
    return pod().map(pod -> pod.namespace() + "." + claim).orElse(claim);
  }

  /**
   * Refuses what a plugin behind this one would do for an interface that the node reaches, where it
   * does not reach ours. Behind another plugin it is that one's.
   */
  private void refuseWorkOfTheHost() throws CniFailure {
    var runtime = call.configuration().path("runtimeConfig");
    var ports = runtime.path("portMappings");
    if (call.previous().isEmpty() && !ports.isEmpty()) {
      throw new CniFailure(
          CniFailure.INVALID_CONFIGURATION,
          "host ports cannot lead to this container",
          ("hostPort %s: its network is not reachable from the node; leave it out, give its"
                  + " tenant 'egress: cluster', or let 'bridge' make eth0 and weft stand behind it")
              .formatted(ports.findValuesAsText("hostPort")));
    }
  }

  private void refuseForeignIpam() throws CniFailure {
    var ipam = call.configuration().path("ipam");
    if (ipam.isObject() && !ipam.isEmpty()) {
      throw new CniFailure(
          CniFailure.UNSUPPORTED_FIELD,
          "unsupported field 'ipam'",
          "Weft gives the addresses itself, from the subnets of the Network; leave 'ipam' out");
    }
  }

  private Optional<MacAddress> mac() throws CniFailure {
    var text = first("mac", "MAC");
    try {
      return text.isEmpty() ? Optional.empty() : Optional.of(MacAddress.parse(text.get(0)));
    } catch (IllegalArgumentException e) {
      throw invalid("mac: " + e.getMessage());
    }
  }

  private List<IpAddress> addresses() throws CniFailure {
    var addresses = new ArrayList<IpAddress>();
    for (var text : first("ips", "IP")) {
      int slash = text.indexOf('/');
      try {
        addresses.add(IpAddress.parse(slash < 0 ? text : text.substring(0, slash)));
      } catch (IllegalArgumentException e) {
        throw invalid("ips: " + e.getMessage());
      }
    }
    return addresses;
  }

  /** The values of a wish where it is said first. */
  private List<String> first(String field, String argument) {
    var configuration = call.configuration();
    var runtime = configuration.path("runtimeConfig");
    var annotation = runtime.path(ANNOTATIONS).path(ANNOTATION_PREFIX + field).asText("");
    return Stream.of(
            texts(runtime.path(field)),
            listed(annotation),
            texts(configuration.path("args").path("cni").path(field)),
            listed(call.arguments().getOrDefault(argument, "")))
        .filter(values -> !values.isEmpty())
        .findFirst()
        .orElse(List.of());
  }

  private static List<String> listed(String text) {
    return text.isEmpty() ? List.of() : List.of(text.split(",", -1));
  }

  private static List<String> texts(JsonNode node) {
    var texts = new ArrayList<String>();
    if (node.isTextual()) {
      texts.add(node.asText());
    }
    for (var each : node) {
      texts.add(each.asText());
    }
    return texts;
  }

  static CniFailure invalid(String details) {
    return new CniFailure(
        CniFailure.INVALID_CONFIGURATION, "invalid network configuration", details);
  }
}
