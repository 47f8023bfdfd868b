package io.weft.agent.cni;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Runs a list of plugins as a container runtime does (CNI specification, § Section 3): ADD and
 * CHECK from the first to the last, DEL the other way round, each with the result before it and
 * with what the runtime has for its capabilities. The result of an ADD is kept for CHECK and DEL.
 */
final class PluginChain {
  /** Where the distribution has the reference plugins. */
  static final Path REFERENCE = Path.of("/usr/lib/cni");

  private final String host;
  private final List<Path> programs;
  private final ObjectNode list;
  private final Map<Attachment, JsonNode> results = new ConcurrentHashMap<>();

  /**
   * For a host.
   *
   * @param host network namespace that the plugins are started in
   * @param programs directories with plugins
   * @param list network configuration list
   */
  PluginChain(String host, List<Path> programs, String list) throws IOException {
    this.host = host;
    this.programs = programs;
    this.list = (ObjectNode) PluginProgram.JSON.readTree(list);
  }

  /**
   * One interface of a container.
   *
   * @param capabilities what the runtime has for plugins that declare it, as a JSON object
   */
  record Attachment(String container, String netns, String name, String args, String capabilities) {
    static Attachment of(String container, String netns) {
      return new Attachment(container, netns, "eth0", "", "{}");
    }

    Attachment with(String json) {
      return new Attachment(container, netns, name, args, json);
    }

    Attachment named(String other) {
      return new Attachment(container, netns, other, args, capabilities);
    }
  }

  /** A plugin of the list that failed. */
  static final class Failed extends Exception {
    private final PluginProgram.Outcome outcome;

    Failed(String type, PluginProgram.Outcome outcome) {
      super(type + ": " + outcome);
      this.outcome = outcome;
    }

    PluginProgram.Outcome outcome() {
      return outcome;
    }
  }

  /** The result of the last plugin. */
  JsonNode add(Attachment attachment) throws Exception {
    JsonNode last = PluginProgram.JSON.nullNode();
    for (var plugin : list.path("plugins")) {
      last = PluginProgram.JSON.readTree(run("ADD", attachment, plugin, last).output());
    }
    results.put(attachment, last);
    return last;
  }

  /**
   * Of all plugins but these: of the reference plugins, {@code bridge} takes all addresses for
   * eth0's, and {@code portmap} wants rules for IPv6 where there is no address.
   */
  void check(Attachment attachment, String... leftOut) throws Exception {
    var result = results.getOrDefault(attachment, PluginProgram.JSON.nullNode());
    for (var plugin : list.path("plugins")) {
      if (!List.of(leftOut).contains(plugin.path("type").asText())) {
        run("CHECK", attachment, plugin, result);
      }
    }
  }

  void delete(Attachment attachment) throws Exception {
    var result = results.getOrDefault(attachment, PluginProgram.JSON.nullNode());
    var plugins = new ArrayList<JsonNode>();
    list.path("plugins").forEach(plugins::add);
    Collections.reverse(plugins);
    for (var plugin : plugins) {
      run("DEL", attachment, plugin, result);
    }
    results.remove(attachment);
  }

  private PluginProgram.Outcome run(
      String verb, Attachment attachment, JsonNode plugin, JsonNode previous) throws Exception {
    ObjectNode configuration = plugin.deepCopy();
    configuration.set("cniVersion", list.path("cniVersion"));
    configuration.set("name", list.path("name"));
    if (!previous.isNull()) {
      configuration.set("prevResult", previous);
    }
    var has = PluginProgram.JSON.readTree(attachment.capabilities());
    var runtime = PluginProgram.JSON.createObjectNode();
    for (var capability : plugin.path("capabilities").properties()) {
      if (capability.getValue().asBoolean() && has.has(capability.getKey())) {
        runtime.set(capability.getKey(), has.path(capability.getKey()));
      }
    }
    configuration.remove("capabilities");
    if (!runtime.isEmpty()) {
      configuration.set("runtimeConfig", runtime);
    }
    var type = plugin.path("type").asText();
    var environment = new TreeMap<String, String>();
    environment.put("CNI_COMMAND", verb);
    environment.put("CNI_CONTAINERID", attachment.container());
    environment.put("CNI_NETNS", attachment.netns());
    environment.put("CNI_IFNAME", attachment.name());
    environment.put("CNI_ARGS", attachment.args());
    environment.put("CNI_PATH", String.join(":", programs.stream().map(Path::toString).toList()));
    environment.put("PATH", "/usr/sbin:/usr/bin:/sbin:/bin");
    var outcome = start(type, environment, configuration.toString());
    if (!outcome.succeeded()) {
      throw new Failed(verb + " " + type, outcome);
    }
    return outcome;
  }

  private PluginProgram.Outcome start(String type, Map<String, String> environment, String input)
      throws IOException, InterruptedException {
    var program =
        programs.stream()
            .map(directory -> directory.resolve(type))
            .filter(Files::isExecutable)
            .findFirst()
            .orElseThrow(() -> new IOException("no plugin " + type + " in " + programs));
    var builder = new ProcessBuilder(program.toString());
    builder.environment().clear();
    builder.environment().putAll(environment);
    var process = NetworkNamespaces.<Process, IOException>callIn(host, builder::start);
    try (var stdin = process.getOutputStream()) {
      stdin.write(input.getBytes(StandardCharsets.UTF_8));
    }
    var output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    return new PluginProgram.Outcome(process.waitFor(), output);
  }
}
