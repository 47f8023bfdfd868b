package io.weft.lab.check;

import io.weft.linux.packet.Frame;
import io.weft.linux.packet.PacketCapture;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** The frames of an interface from the opening on. */
final class Recording implements AutoCloseable {
  /** More frames than a check can make; the rest is not looked at. */
  private static final int MOST = 100_000;

  private final PacketCapture capture;

  private Recording(PacketCapture capture) {
    this.capture = capture;
  }

  static Recording startIn(String namespace, String interfaceName) {
    return new Recording(PacketCapture.openIn(namespace, interfaceName));
  }

  /** What came until now, after a moment for what is under way. */
  List<Frame> frames() {
    var frames = new ArrayList<Frame>();
    var next = capture.next(Duration.ofMillis(100));
    while (next.isPresent() && frames.size() < MOST) {
      frames.add(next.get());
      next = capture.next(Duration.ofMillis(20));
    }
    return frames;
  }

  /** The VXLAN packets among them. */
  List<VxlanFrame> vxlan() {
    return frames().stream()
        .map(frame -> VxlanFrame.decode(frame.octets().toArray()))
        .flatMap(Optional::stream)
        .toList();
  }

  @Override
  public void close() {
    capture.close();
  }
}
