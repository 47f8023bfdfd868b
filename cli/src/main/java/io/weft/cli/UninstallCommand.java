package io.weft.cli;

import io.weft.agent.control.ControlClient;
import io.weft.agent.kernel.KernelRemoval;
import io.weft.agent.node.NodeOptions;
import io.weft.linux.ffi.LinuxException;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code weft uninstall}. */
@Command(
    name = "uninstall",
    mixinStandardHelpOptions = true,
    description = {
      "Take away all that Weft put on this host: the CNI plugin and its configuration, and in the",
      "kernel the tenants' namespaces with all that is in them, and rules. The agent must be",
      "stopped. Endpoints lose their interfaces; links that were given to Weft come back. Copies"
          + " of",
      "what the API said (/var/lib/weft) and /run/weft stay."
    },
    footerHeading = "%nExample:%n",
    footer = "  weft uninstall")
final class UninstallCommand implements Callable<Integer> {
  @Mixin private final CniPlaces places = new CniPlaces();

  @Spec private final CommandSpec spec = CommandSpec.create();

  @Option(
      names = "--netns-prefix",
      paramLabel = "PREFIX",
      defaultValue = NodeOptions.DEFAULT_PREFIX,
      description =
          "In front of the names of tenants' network namespaces (default: ${DEFAULT-VALUE}).")
  private String prefix = NodeOptions.DEFAULT_PREFIX;

  @Option(
      names = "--underlay-routes",
      description = {
        "Also the routes of the underlay that a peer of a unicast family brought (main table, proto"
            + " bgp,",
        "metric 20). Those of FRR or BIRD look the same: only where no such daemon runs here."
      })
  private boolean underlayRoutes;

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      defaultValue = NodeOptions.DEFAULT_SOCKET,
      description = "The agent's, to see that none runs (default: ${DEFAULT-VALUE}).")
  private Path socket = Path.of(NodeOptions.DEFAULT_SOCKET);

  @Override
  public Integer call() throws IOException {
    if (answers()) {
      throw new IOException(
          "an agent answers on " + socket + "; stop it first, it would put back what it has");
    }
    var out = spec.commandLine().getOut();
    for (var file : places.files().uninstall()) {
      out.println("removed " + file);
    }
    var outcome = removeAll();
    out.println("removed " + outcome.removed() + " objects of the kernel");
    outcome.refused().forEach(refused -> spec.commandLine().getErr().println("left: " + refused));
    return outcome.refused().isEmpty() ? 0 : Weft.FAILED;
  }

  private KernelRemoval.Outcome removeAll() throws IOException {
    try {
      return KernelRemoval.removeAll(prefix, underlayRoutes);
    } catch (LinuxException e) {
      throw new IOException(e.getMessage(), e);
    }
  }

  private boolean answers() {
    try (var _ = ControlClient.connect(socket)) {
      return true;
    } catch (IOException _) {
      return false; // nobody there
    }
  }
}
