package io.weft.agent.intent;

import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.intent.IntentApi;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.kubernetes.intent.IntentSource;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Where the resources are. */
public sealed interface IntentPlace {
  /**
   * How long a daemon that starts waits for the API. What stands in the kernel forwards meanwhile,
   * and peers keep a restarting node's routes; whoever supervises the daemon starts it again.
   */
  Duration PATIENCE = Duration.ofSeconds(60);

  /** A directory of YAML files. */
  record Directory(Path path) implements IntentPlace {
    @Override
    public String toString() {
      return path.toString();
    }
  }

  /** The Kubernetes API of the current context of a kubeconfig. */
  record Kubeconfig(Path file) implements IntentPlace {
    @Override
    public String toString() {
      return "the Kubernetes API by " + file;
    }
  }

  /** The Kubernetes API of the cluster whose pod this is, by its service account. */
  record InCluster() implements IntentPlace {
    @Override
    public String toString() {
      return "the Kubernetes API of this cluster";
    }
  }

  /**
   * Reads what is there.
   *
   * @throws IOException when it cannot be read; the message says why and names it
   */
  default IntentSource open() throws IOException {
    return this instanceof Directory(var path)
        ? IntentDirectory.open(path)
        : watched(client().orElseThrow());
  }

  /**
   * A client of the API; empty where there is none.
   *
   * @throws IOException when kubeconfig or service account cannot be used
   */
  default Optional<ApiClient> client() throws IOException {
    return switch (this) {
      case Directory _ -> Optional.empty();
      case Kubeconfig(var file) -> Optional.of(ApiClient.ofKubeconfig(file));
      case InCluster() -> Optional.of(new ApiClient(ApiAccess.inCluster(System.getenv())));
    };
  }

  private static IntentSource watched(ApiClient client) throws IOException {
    try {
      return IntentApi.open(client, PATIENCE);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the Kubernetes API");
    }
  }
}
