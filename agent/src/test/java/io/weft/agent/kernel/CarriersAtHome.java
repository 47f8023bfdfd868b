package io.weft.agent.kernel;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.extension.AfterAllCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/**
 * Fails the test class that leaves a carrier of virtual threads in another network namespace: a
 * thread is born into the namespace of the one that makes it, and later tests would connect from
 * there. Found by {@code META-INF/services}.
 */
public final class CarriersAtHome implements AfterAllCallback {
  private static final Path SELF = Path.of("/proc/self");

  @Override
  public void afterAll(ExtensionContext context) throws IOException {
    assertThat(abroad())
        .as("threads that began a virtual thread inside NetworkNamespaces.callIn, or live there")
        .isEmpty();
  }

  private static List<String> abroad() throws IOException {
    var home = Files.readSymbolicLink(SELF.resolve("ns/net"));
    try (var threads = Files.list(SELF.resolve("task"))) {
      return threads
          .filter(thread -> isCarrierElsewhere(thread, home))
          .map(Path::toString)
          .toList();
    }
  }

  private static boolean isCarrierElsewhere(Path thread, Path home) {
    try {
      return Files.readString(thread.resolve("comm")).startsWith("ForkJoinPool-1")
          && !Files.readSymbolicLink(thread.resolve("ns/net")).equals(home);
    } catch (IOException _) {
      return false; // it has ended
    }
  }
}
