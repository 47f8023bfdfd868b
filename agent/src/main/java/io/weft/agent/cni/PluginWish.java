package io.weft.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;

/**
 * What {@code weft cni install} was told, kept beside the configurations for the agent, which
 * writes Weft's anew when another plugin's changes.
 *
 * @param network that all containers get an interface in; empty: that of the pod's namespace
 * @param socket where the agent listens for the plugin
 * @param limits the program {@link #BANDWIDTH} is installed
 * @param ports the standard plugin {@link #PORTMAP} is there
 */
record PluginWish(
    PluginMode mode, Optional<String> network, Path socket, boolean limits, boolean ports) {
  /** The program, and the type of the plugin. */
  static final String PROGRAM = "weft";

  /** The program by this name runs the standard plugin {@code bandwidth} where our ports are. */
  static final String BANDWIDTH = "weft-bandwidth";

  /** The standard plugin for host ports, which the node's own rules of translation are. */
  static final String PORTMAP = "portmap";

  /** The version that runtimes of Kubernetes 1.30 all understand. */
  private static final CniVersion VERSION = CniVersion.V1_0_0;

  private static final ObjectMapper JSON = new ObjectMapper();

  /** The same in another mode. */
  PluginWish in(PluginMode other) {
    return new PluginWish(other, network, socket, limits, ports);
  }

  /** As it is kept. */
  ObjectNode document() {
    var document = JsonNodeFactory.instance.objectNode();
    document.put("mode", mode.text());
    network.ifPresent(name -> document.put("network", name));
    return document
        .put("agentSocket", socket.toString())
        .put("bandwidth", limits)
        .put(PORTMAP, ports);
  }

  /**
   * Reads what was kept.
   *
   * @throws IOException when it is not that
   */
  static PluginWish read(byte[] octets) throws IOException {
    JsonNode document = JSON.readTree(octets);
    var mode = PluginMode.parse(document == null ? "" : document.path("mode").asText());
    if (mode.isEmpty()) {
      throw new IOException("it has no 'mode'");
    }
    return new PluginWish(
        mode.get(),
        Optional.of(document.path("network").asText()).filter(name -> !name.isEmpty()),
        socket(document.path("agentSocket").asText(CniServer.DEFAULT_SOCKET)),
        document.path("bandwidth").asBoolean(),
        document.path(PORTMAP).asBoolean());
  }

  private static Path socket(String text) throws IOException {
    try {
      return Path.of(text);
    } catch (InvalidPathException e) {
      throw new IOException("its 'agentSocket' is no path: " + e.getReason(), e);
    }
  }

  /** The list in which Weft makes {@code eth0}. */
  ObjectNode primary() {
    var list = JsonNodeFactory.instance.objectNode();
    list.put("cniVersion", VERSION.text()).put("name", PROGRAM);
    var plugins = list.putArray("plugins");
    add(plugins)
        .putObject("capabilities")
        .put("ips", true)
        .put("mac", true)
        .put("portMappings", true) // to refuse them where the node does not reach the pod
        .put(CniWishes.ANNOTATIONS, true);
    if (limits) {
      var bandwidth = plugins.addObject().put("type", BANDWIDTH);
      bandwidth.putObject("capabilities").put("bandwidth", true);
      tellSocket(bandwidth);
    }
    if (ports) {
      var portmap = plugins.addObject().put("type", PORTMAP);
      portmap.putObject("capabilities").put("portMappings", true);
    }
    return list;
  }

  /**
   * Another's list with Weft behind it. All that is the other's stays, its {@code name} above all:
   * by that its plugins and the runtime know again what they gave to pods that run.
   */
  ObjectNode behind(ObjectNode other) {
    var list = other.deepCopy();
    // Addresses, MAC and ports that a runtime asks for are eth0's, so the other's.
    add(list.withArray("plugins")).putObject("capabilities").put(CniWishes.ANNOTATIONS, true);
    return list;
  }

  private ObjectNode add(ArrayNode plugins) {
    var weft = plugins.addObject().put("type", PROGRAM);
    network.ifPresent(name -> weft.put("network", name));
    tellSocket(weft);
    return weft;
  }

  private void tellSocket(ObjectNode plugin) {
    if (!socket.equals(Path.of(CniServer.DEFAULT_SOCKET))) {
      plugin.put("agentSocket", socket.toString());
    }
  }
}
