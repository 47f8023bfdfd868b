package io.weft.agent.learning;

import static org.assertj.core.api.Assertions.assertThat;

import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.packet.NeighbourSocket;
import io.weft.net.MacAddress;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import io.weft.net.Vni;
import io.weft.overlay.node.LearningPort;
import io.weft.overlay.node.Sighting;
import java.util.List;
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Against the real kernel: who floods a port is told of in part, and what fails says so. */
class PortListenerTest {
  private static final long FIRST = 0x0200_0000_0000L;

  private TestNamespaces namespaces;
  private String namespace;

  @BeforeEach
  void open() throws Exception {
    namespaces = new TestNamespaces();
    namespace = namespaces.create("tenant");
    var links = namespaces.links(namespace);
    var bridge = links.createBridge("br100", LinkSettings.UP);
    links.createVeth(
        "port", LinkSettings.UP.withMaster(bridge.index()), "far", LinkSettings.UP, links);
  }

  @AfterEach
  void close() throws Exception {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  private PortListener listening(Consumer<List<Sighting>> heard) {
    var listener = namespaces.closing(new PortListener(heard));
    listener.listen(List.of(new LearningPort(namespace, "port", new Vni(100))));
    return listener;
  }

  private void speak(int from, int to) {
    try (var socket = NeighbourSocket.openIn(namespace, "far")) {
      for (int i = from; i < to; i++) {
        var frame = new OctetWriter();
        frame.bytes(MacAddress.parse("ff:ff:ff:ff:ff:ff").octets());
        frame.bytes(new MacAddress(FIRST + i).octets()).u16(0x88b5);
        for (int j = 0; j < 6; j++) {
          frame.u64(0);
        }
        assertThat(socket.send(Octets.of(frame.toArray()))).isZero();
      }
    }
  }

  @Test
  void whoFloodsIsToldOfInPart() throws Exception {
    var told = new Semaphore(0);
    BlockingQueue<List<Sighting>> heard = new ArrayBlockingQueue<>(1_000);
    listening(
        seen -> {
          heard.add(seen);
          told.acquireUninterruptibly();
        });
    speak(0, 1);
    assertThat(heard.poll(60, TimeUnit.SECONDS)).isNotNull();
    speak(1, 3_000); // while nobody reads
    told.release(1_000_000);
    var flood = heard.poll(60, TimeUnit.SECONDS);
    assertThat(flood).isNotNull();
    assertThat(flood.size()).isBetween(500, 1_024);
  }

  @Test
  void whatFailsIsKnown() throws Exception {
    var listener =
        listening(
            _ -> {
              throw new IllegalStateException("the brain takes nothing");
            });
    speak(0, 1);
    assertThat(listener.failed())
        .failsWithin(20, TimeUnit.SECONDS)
        .withThrowableThat()
        .withMessageContaining("the brain takes nothing");
  }
}
