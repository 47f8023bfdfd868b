package io.weft.cli;

import io.weft.agent.DaemonFailure;
import io.weft.agent.metrics.MetricsAddress;
import io.weft.controller.ControllerDaemon;
import io.weft.controller.ControllerOptions;
import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/** {@code weft controller}. */
@Command(
    name = "controller",
    mixinStandardHelpOptions = true,
    description = {
      "Run the controller of a cluster in the foreground: it gives VNIs to networks and tenants of"
          + " the Kubernetes API, and writes the status of each object.",
      "Several may run: one works, the others wait for it to end."
    },
    footerHeading = "%nExamples:%n",
    footer = {
      "  weft controller --in-cluster",
      "  weft controller --kubeconfig ~/.kube/config --namespace weft-system --socket"
          + " /tmp/weft-c.sock",
      "  weft status --socket /run/weft/controller.sock"
    })
final class ControllerCommand implements Callable<Integer> {
  private static final String DEFAULT_SOCKET = "/run/weft/controller.sock";
  private static final String DEFAULT_NAMESPACE = "weft-system";

  @ArgGroup(multiplicity = "1")
  private @Nullable Place place;

  @Option(
      names = "--namespace",
      paramLabel = "NAMESPACE",
      description = "Where the lease is (default: that of this pod, or " + DEFAULT_NAMESPACE + ").")
  private Optional<String> namespace = Optional.empty();

  @Option(
      names = "--socket",
      paramLabel = "PATH",
      defaultValue = DEFAULT_SOCKET,
      description = "Unix socket for the CLI, for root only (default: ${DEFAULT-VALUE}).")
  private Path socket = Path.of(DEFAULT_SOCKET);

  @Mixin private final ProcessOptions process = new ProcessOptions();

  /** Which API. */
  static final class Place {
    @Option(
        names = "--kubeconfig",
        paramLabel = "FILE",
        required = true,
        description = "The Kubernetes API of its current context.")
    private @Nullable Path kubeconfig;

    @Option(
        names = "--in-cluster",
        required = true,
        description = "The Kubernetes API, by the service account of this pod.")
    private boolean inCluster;

    ApiClient client() throws IOException {
      return kubeconfig != null
          ? ApiClient.ofKubeconfig(kubeconfig)
          : new ApiClient(ApiAccess.inCluster(System.getenv()));
    }
  }

  @Override
  public Integer call() throws IOException, DaemonFailure, InterruptedException {
    process.startLogging();
    if (place == null) {
      throw new IllegalStateException("picocli asks for one of them");
    }
    var metrics = process.metrics(MetricsAddress.CONTROLLER_PORT);
    var client = place.client();
    var daemon =
        ControllerDaemon.start(
            new ControllerOptions(process.name(), namespace(place), socket, metrics), client);
    return DaemonRun.untilEnd(daemon.ended(), daemon);
  }

  private String namespace(Place where) throws IOException {
    if (namespace.isPresent()) {
      return namespace.get();
    }
    return where.inCluster
        ? ApiAccess.namespaceInCluster().orElse(DEFAULT_NAMESPACE)
        : DEFAULT_NAMESPACE;
  }
}
