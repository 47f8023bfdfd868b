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

  private static final Duration MOMENT = Duration.ofMillis(150);

  private final PacketCapture capture;

  private Recording(PacketCapture capture) {
    this.capture = capture;
  }

  static Recording startIn(String namespace, String interfaceName) {
    return new Recording(PacketCapture.openIn(namespace, interfaceName));
  }

  /**
   * What came until now, and in a moment more, for what is under way. No longer where there is
   * always something to see (BFD of neighbours): what is asked again a second later is not meant.
   */
  List<Frame> frames() {
    var frames = new ArrayList<Frame>();
    long until = System.nanoTime() + MOMENT.toNanos();
    var next = capture.next(MOMENT);
    while (next.isPresent() && frames.size() < MOST) {
      frames.add(next.get());
      next = capture.next(Duration.ofNanos(Math.max(0, until - System.nanoTime())));
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
