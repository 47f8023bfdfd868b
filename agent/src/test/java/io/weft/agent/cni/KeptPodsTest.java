package io.weft.agent.cni;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.cni.KeptPods.Placed;
import io.weft.kubernetes.intent.ClusterPods.PodName;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class KeptPodsTest {
  @TempDir private Path directory;

  @Test
  void whatIsWrittenIsReadAndWhatIsDamagedIsNotUsed() throws Exception {
    var file = directory.resolve("weft.sock.pods");
    var kept = new KeptPods(file);
    assertThat(kept.read()).isEmpty();
    var pods =
        new TreeMap<>(
            Map.of(
                "c1/eth0@weft",
                new Placed(new PodName("shop", Optional.of("web-0"), Optional.of("u-1")), "web"),
                "c2/eth0@weft",
                new Placed(new PodName("shop", Optional.empty(), Optional.empty()), "db")));
    kept.write(pods);
    assertThat(new KeptPods(file).read()).isEqualTo(pods);
    assertThat(PosixFilePermissions.toString(Files.getPosixFilePermissions(file)))
        .isEqualTo("rw-------");
    Files.writeString(file, Files.readString(file).substring(0, 40));
    assertThat(kept.read()).isEmpty();
    Files.writeString(file, "{}");
    assertThat(kept.read()).isEmpty();
    kept.write(pods);
    assertThat(kept.read()).isEqualTo(pods);
  }

  @Test
  void withoutAPlaceToWriteNothingElseFails() {
    var kept = new KeptPods(directory.resolve("nowhere/pods"));
    kept.write(new TreeMap<>());
    assertThat(kept.read()).isEmpty();
  }
}
