package io.weft.agent.intent;

import io.weft.kubernetes.api.ApiAccess;
import io.weft.kubernetes.api.ApiClient;
import io.weft.kubernetes.api.KeptObjects;
import io.weft.kubernetes.intent.IntentApi;
import io.weft.kubernetes.intent.IntentDirectory;
import io.weft.kubernetes.intent.IntentSource;
import io.weft.kubernetes.nodes.SpeakerNodes;
import java.io.IOException;
import java.io.InterruptedIOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;

/** Where the resources are. */
public sealed interface IntentPlace {
  /**
   * How long a daemon that starts waits for the API, where it has kept nothing. What stands in the
   * kernel forwards meanwhile, and peers keep a restarting node's routes; whoever supervises the
   * daemon starts it again.
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
   * @param client by {@link #access}, where that is; it is closed with what is opened
   * @param kept what is gone on with where an API does not answer
   * @throws IOException when it cannot be read; the message says why and names it
   */
  default IntentSource open(Optional<ApiClient> client, Optional<KeptObjects> kept)
      throws IOException {
    return this instanceof Directory(var path)
        ? IntentDirectory.open(path)
        : watched(client.orElseThrow(), kept);
  }

  /**
   * How the API is reached; empty where there is none.
   *
   * @throws IOException when kubeconfig or service account cannot be used
   */
  default Optional<ApiAccess> access() throws IOException {
    return switch (this) {
      case Directory _ -> Optional.empty();
      case Kubeconfig(var file) -> Optional.of(ApiAccess.ofKubeconfig(file));
      case InCluster() -> Optional.of(ApiAccess.inCluster(System.getenv()));
    };
  }

  /**
   * The nodes of a cluster.
   *
   * @param client closed with them
   * @param self the name of this node
   * @param kept what is gone on with where the API does not answer
   * @throws IOException when the API does not answer, and there is no copy
   */
  static SpeakerNodes nodes(ApiClient client, String self, Optional<KeptObjects> kept)
      throws IOException {
    try {
      return SpeakerNodes.open(client, self, PATIENCE, kept);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the Kubernetes API");
    }
  }

  private static IntentSource watched(ApiClient client, Optional<KeptObjects> kept)
      throws IOException {
    try {
      return IntentApi.open(client, PATIENCE, kept);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      throw new InterruptedIOException("interrupted while waiting for the Kubernetes API");
    }
  }
}
