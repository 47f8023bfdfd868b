package io.weft.lab.interop;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.lab.check.ExternalGatewayCheck;
import io.weft.lab.run.Lab;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A tenant behind a pair of FRR's gateways, of which one dies and one loses its cable. */
class ExternalGatewayTest {
  @TempDir private static Path directory;

  @Test
  void aTenantReachesTheWorldThroughAPairOfFrr() throws Exception {
    var home = System.getenv("WEFT_HOME");
    assumeTrue(home != null, "needs WEFT_HOME: run it by make test");
    var example = Files.readString(Path.of(home, "examples", "external-gateway.yaml"));
    var file = ForeignLab.file(directory, example, FrrDaemons.BGPD);
    try (var lab = Lab.open(file, Lab.read(file))) {
      lab.clear();
      try {
        var running = lab.build();
        running.start();
        running.awaitSessions();
        for (var endpoint : running.topology().endpoints()) {
          running.attach(endpoint);
        }
        var result = new ExternalGatewayCheck().run(running);
        assertThat(result.ok()).as(result.detail()).isTrue();
      } finally {
        lab.remove();
      }
    }
  }
}
