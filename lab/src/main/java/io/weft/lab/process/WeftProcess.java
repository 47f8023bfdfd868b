package io.weft.lab.process;

import io.weft.lab.fabric.FabricPlan;
import io.weft.lab.fabric.FabricPlan.Namespace;
import io.weft.lab.fabric.FabricPlan.Role;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Starts {@code weft} as daemons inside the namespaces of their hosts. */
final class WeftProcess {
  /** Names the directory with the {@code weft} command; the command itself sets it. */
  static final String HOME = "WEFT_HOME";

  private WeftProcess() {}

  /** The command to start; the launcher becomes Java, so the process id is the agent's. */
  static Path command() throws LabFailure {
    var home = System.getenv(HOME);
    var command = Path.of(home == null ? "" : home, "weft");
    if (home == null || !Files.isExecutable(command)) {
      throw new LabFailure(
          HOME + " must name the directory with the weft command; run the lab as ./weft lab");
    }
    return command;
  }

  /** {@code cluster}: its resources are those of the API server. */
  static List<String> arguments(
      FabricPlan plan, LabDirectory directory, Namespace host, boolean cluster) {
    var arguments = new ArrayList<String>();
    arguments.add(host.role() == Role.NODE ? "node" : "reflector");
    arguments.addAll(List.of("--name", host.thing()));
    if (cluster) {
      arguments.addAll(List.of("--kubeconfig", directory.kubeconfig().toString()));
      arguments.addAll(List.of("--state", directory.state(host.thing()).toString()));
    } else {
      arguments.addAll(List.of("--config", directory.config(host.thing()).toString()));
    }
    arguments.addAll(List.of("--socket", directory.socket(host.thing()).toString()));
    if (host.role() == Role.NODE) {
      arguments.addAll(List.of("--netns-prefix", plan.tenantNamespacePrefix(host.thing())));
    }
    return arguments;
  }

  /**
   * Starts it and writes its identity down, before anything else can go wrong.
   *
   * @param namespace to start it in
   * @param name under which the lab knows it
   */
  static ProcessIdentity start(
      LabDirectory directory, String namespace, String name, List<String> arguments)
      throws IOException, LabFailure {
    var words = new ArrayList<String>();
    words.add(command().toString());
    words.addAll(arguments);
    Files.createDirectories(directory.host(name));
    var builder =
        new ProcessBuilder(words)
            .redirectInput(Redirect.from(Path.of("/dev/null").toFile()))
            .redirectErrorStream(true)
            .redirectOutput(Redirect.appendTo(directory.log(name).toFile()));
    var process = NetworkNamespaces.callIn(namespace, builder::start);
    var identity = ProcessIdentity.of(process.pid());
    if (identity.isEmpty()) {
      process.destroyForcibly();
      throw new IOException(name + " ended as it was started");
    }
    identity.get().write(directory.pid(name));
    return identity.get();
  }
}
