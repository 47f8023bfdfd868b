package io.weft.agent.cni;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which pod each endpoint is, in a file that goes when the machine starts again, as the endpoints
 * do: so an agent that starts can name pods of before its time. Nothing else depends on it: what
 * cannot be read or written is logged, and then nothing is said of those pods.
 */
final class KeptPods {
  private static final Logger LOG = LoggerFactory.getLogger(KeptPods.class);
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String FORMAT = "weft-pods/1";

  /** More than {@link PodNetworks#MAX_PLACED} pods with the longest names have. */
  private static final int MOST_OCTETS = 8 << 20;

  private final Path file;
  private boolean failed;

  KeptPods(Path file) {
    this.file = file;
  }

  /**
   * A pod that runs.
   *
   * @param network that was chosen for it
   */
  record Placed(PodName pod, String network) {}

  /** By endpoint; empty where there is no file that can be read. */
  SortedMap<String, Placed> read() {
    var placed = new TreeMap<String, Placed>();
    try (var in = Files.newInputStream(file)) {
      var document = JSON.readTree(in.readNBytes(MOST_OCTETS));
      if (!document.path("format").asText().equals(FORMAT)) {
        throw new IOException("it is not of the form " + FORMAT);
      }
      for (var each : document.path("pods")) {
        placed.put(
            each.path("endpoint").asText(),
            new Placed(
                new PodName(
                    each.path("namespace").asText(),
                    Optional.of(each.path("name").asText("")).filter(name -> !name.isEmpty()),
                    Optional.of(each.path("uid").asText("")).filter(uid -> !uid.isEmpty())),
                each.path("network").asText()));
      }
      return placed;
    } catch (NoSuchFileException _) {
      return placed;
    } catch (IOException e) {
      LOG.warn("{} is not read: {}; pods that run already are not named", file, e.getMessage());
      return new TreeMap<>();
    }
  }

  /** All of them, in place of what is there. */
  void write(SortedMap<String, Placed> placed) {
    var document = JSON.createObjectNode().put("format", FORMAT);
    var pods = document.putArray("pods");
    placed.forEach(
        (endpoint, each) -> {
          var pod = pods.addObject().put("endpoint", endpoint);
          pod.put("namespace", each.pod().namespace()).put("network", each.network());
          each.pod().name().ifPresent(name -> pod.put("name", name));
          each.pod().uid().ifPresent(uid -> pod.put("uid", uid));
        });
    try {
      put(JSON.writeValueAsBytes(document));
      failed = false;
    } catch (IOException e) {
      if (!failed) {
        LOG.warn("{} is not written: {}; an agent that starts does not name pods", file, e);
      }
      failed = true;
    }
  }

  /** Beside, and renamed: a kill leaves the old one or the new one. */
  private void put(byte[] document) throws IOException {
    var fresh = file.resolveSibling("." + file.getFileName());
    Files.deleteIfExists(fresh); // a leftover
    try (var channel =
        FileChannel.open(
            fresh,
            EnumSet.of(StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE),
            PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")))) {
      var octets = ByteBuffer.wrap(document);
      while (octets.hasRemaining()) {
        channel.write(octets);
      }
    }
    Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE);
  }
}
