package io.weft.kubernetes.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.weft.kubernetes.api.ExecProgram.Interaction;
import io.weft.kubernetes.yaml.YamlNode;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;

/** Reads {@code users[].user.exec} of a kubeconfig (ExecConfig of client.authentication.k8s.io). */
final class ExecReader {
  private static final String V1 = "client.authentication.k8s.io/v1";
  private static final String V1BETA1 = "client.authentication.k8s.io/v1beta1";

  /** What a cluster has for such programs alone. */
  private static final String EXTENSION = "client.authentication.k8s.io/exec";

  private final YamlNode exec;
  private final Path file;

  private ExecReader(YamlNode exec, Path file) {
    this.exec = exec;
    this.file = file;
  }

  /**
   * The program.
   *
   * @param file the kubeconfig
   * @param authorities of the cluster
   * @throws IOException with the place of what is wrong
   */
  static ExecProgram read(YamlNode exec, Path file, YamlNode cluster, Optional<PemText> authorities)
      throws IOException {
    var reader = new ExecReader(exec, file);
    var version = reader.version();
    var wantsCluster = Kubeconfig.text(exec, "provideClusterInfo").filter("true"::equals);
    return new ExecProgram(
        exec.place(),
        version,
        reader.command(),
        reader.arguments(),
        reader.environment(),
        reader.interaction(version),
        Kubeconfig.text(exec, "installHint"),
        wantsCluster.isPresent()
            ? Optional.of(clusterInfo(cluster, authorities))
            : Optional.empty());
  }

  private String version() throws IOException {
    var version = Kubeconfig.text(exec, "apiVersion").orElse("");
    if (!version.equals(V1) && !version.equals(V1BETA1)) {
      throw Kubeconfig.failure(
          exec.place(), "'apiVersion' of 'exec' is '" + version + "'; give " + V1);
    }
    return version;
  }

  /** A name with a slash counts from the kubeconfig's directory; others are looked for in PATH. */
  private String command() throws IOException {
    var command = Kubeconfig.text(exec, "command").filter(name -> !name.isEmpty());
    if (command.isEmpty()) {
      throw Kubeconfig.failure(exec.place(), "'command' of 'exec' is missing");
    }
    return command.get().contains("/")
        ? file.toAbsolutePath().resolveSibling(command.get()).normalize().toString()
        : command.get();
  }

  private List<String> arguments() throws IOException {
    var arguments = new ArrayList<String>();
    for (var item : items("args")) {
      if (!(item instanceof YamlNode.Scalar(_, _, var text))) {
        throw Kubeconfig.failure(item.place(), "'args' has what is no text");
      }
      arguments.add(text);
    }
    return arguments;
  }

  private SortedMap<String, String> environment() throws IOException {
    var environment = new TreeMap<String, String>();
    for (var item : items("env")) {
      var name = Kubeconfig.text(item, "name").filter(text -> text.matches("[^=\\x00]+"));
      if (name.isEmpty()) {
        throw Kubeconfig.failure(item.place(), "'env' has a variable without a name");
      }
      environment.put(name.get(), Kubeconfig.text(item, "value").orElse(""));
    }
    return environment;
  }

  private List<YamlNode> items(String field) {
    return Kubeconfig.find(exec, field).orElse(exec) instanceof YamlNode.Sequence(_, var items)
        ? items
        : List.of();
  }

  /** It must be said of v1; before that it could be left out. */
  private Interaction interaction(String version) throws IOException {
    var mode =
        Kubeconfig.text(exec, "interactiveMode").orElse(version.equals(V1) ? "" : "IfAvailable");
    return switch (mode) {
      case "Never" -> Interaction.NEVER;
      case "IfAvailable" -> Interaction.IF_AVAILABLE;
      case "Always" -> Interaction.ALWAYS;
      default ->
          throw Kubeconfig.failure(
              exec.place(),
              "'interactiveMode' of 'exec' is '" + mode + "'; give Never, IfAvailable or Always");
    };
  }

  private static String clusterInfo(YamlNode cluster, Optional<PemText> authorities)
      throws IOException {
    var info = JsonNodeFactory.instance.objectNode();
    info.put("server", Kubeconfig.text(cluster, "server").orElse(""));
    if (authorities.isPresent()) {
      var text = authorities.get().text().getBytes(StandardCharsets.ISO_8859_1);
      info.put("certificate-authority-data", Base64.getEncoder().encodeToString(text));
    }
    if (Kubeconfig.find(cluster, "extensions").orElse(cluster)
        instanceof YamlNode.Sequence(_, var extensions)) {
      for (var each : extensions) {
        if (Kubeconfig.text(each, "name").filter(EXTENSION::equals).isPresent()) {
          Kubeconfig.find(each, "extension").ifPresent(value -> info.set("config", json(value)));
        }
      }
    }
    return info.toString();
  }

  private static JsonNode json(YamlNode node) {
    var make = JsonNodeFactory.instance;
    return switch (node) {
      case YamlNode.Mapping mapping -> {
        var object = make.objectNode();
        mapping.entries().forEach(each -> object.set(each.key(), json(each.value())));
        yield object;
      }
      case YamlNode.Sequence(_, var items) -> {
        var array = make.arrayNode();
        items.forEach(item -> array.add(json(item)));
        yield array;
      }
      case YamlNode.Scalar(_, var form, var text) ->
          switch (form) {
            case NOTHING -> make.nullNode();
            case TRUTH -> make.booleanNode(text.equals("true"));
            case INTEGER -> make.numberNode(Long.parseLong(text));
            case TEXT, OTHER_NUMBER -> make.textNode(text);
          };
    };
  }
}
