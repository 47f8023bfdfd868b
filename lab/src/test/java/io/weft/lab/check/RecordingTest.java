package io.weft.lab.check;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.packet.PacketCapture;
import io.weft.net.Octets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class RecordingTest {
  private static final String NAMESPACE = "weft-recording-" + ProcessHandle.current().pid();

  @BeforeEach
  void make() throws Exception {
    assumeTrue(Files.getAttribute(Path.of("/proc/self"), "unix:uid").equals(0), "needs root");
    NetworkNamespaces.create(NAMESPACE);
    try (var rtnetlink = Rtnetlink.openIn(NAMESPACE)) {
      rtnetlink.setLink(rtnetlink.requireLink("lo").index(), LinkSettings.UP);
    }
  }

  @AfterEach
  void remove() throws Exception {
    NetworkNamespaces.deleteIfExists(NAMESPACE);
  }

  /** Whoever is asked again after a second must not be counted twice. */
  @Test
  void endsWhereThereIsAlwaysSomethingToSee() throws Exception {
    try (var recording = Recording.startIn(NAMESPACE, "lo")) {
      var sending = Thread.ofPlatform().start(() -> send(Duration.ofSeconds(3)));
      try {
        long before = System.nanoTime();
        assertThat(recording.frames()).hasSizeGreaterThan(5);
        assertThat(Duration.ofNanos(System.nanoTime() - before)).isLessThan(Duration.ofSeconds(1));
      } finally {
        sending.interrupt();
        sending.join();
      }
    }
  }

  /** A frame every five milliseconds. */
  private static void send(Duration forSo) {
    long until = System.nanoTime() + forSo.toNanos();
    try (var sender = PacketCapture.openIn(NAMESPACE, "lo")) {
      while (System.nanoTime() < until) {
        sender.send(Octets.of(new byte[60]));
        Thread.sleep(5);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt(); // enough was seen
    }
  }
}
