package io.weft.agent.node;

import io.weft.linux.netns.NetworkNamespaces;
import io.weft.linux.tap.TapDevice;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import java.util.Arrays;

/**
 * What a hypervisor and its guest are to a network: opens a tap by its name, answers questions for
 * its address (RFC 826) and echoes (RFC 792).
 */
final class VirtualMachine implements AutoCloseable {
  private final TapDevice tap;
  private final byte[] mac;
  private final byte[] address;
  private final Thread thread;
  private volatile boolean stopping;

  /** Starts it in the namespace where taps are. */
  VirtualMachine(String namespace, String tap, MacAddress mac, IpAddress address) {
    this.tap = NetworkNamespaces.callIn(namespace, () -> TapDevice.open(tap));
    this.mac = mac.octets();
    this.address = address.octets();
    this.thread = Thread.ofPlatform().daemon().name("vm " + tap).start(this::run);
  }

  private void run() {
    while (!stopping) {
      tap.receive(50).ifPresent(this::answer);
    }
  }

  private void answer(byte[] frame) {
    int type = (frame[12] & 0xff) << 8 | frame[13] & 0xff;
    boolean question = type == 0x0806 && frame[21] == 1 && has(frame, 38);
    boolean echo = type == 0x0800 && frame[23] == 1 && frame[34] == 8 && has(frame, 30);
    if (!question && !echo) {
      return;
    }
    System.arraycopy(frame, 6, frame, 0, 6);
    System.arraycopy(mac, 0, frame, 6, 6);
    if (question) {
      frame[21] = 2;
      System.arraycopy(frame, 22, frame, 32, 10);
      System.arraycopy(mac, 0, frame, 22, 6);
      System.arraycopy(address, 0, frame, 28, 4);
    } else {
      System.arraycopy(frame, 26, frame, 30, 4);
      System.arraycopy(address, 0, frame, 26, 4);
      frame[34] = 0; // the checksum grows by what the type has lost (RFC 1624)
      int sum = ((frame[36] & 0xff) << 8 | frame[37] & 0xff) + 0x800;
      sum = (sum & 0xffff) + (sum >> 16);
      frame[36] = (byte) (sum >> 8);
      frame[37] = (byte) sum;
    }
    tap.send(frame);
  }

  private boolean has(byte[] frame, int offset) {
    return Arrays.equals(frame, offset, offset + 4, address, 0, 4);
  }

  /** A broadcast frame from this MAC, of a type that nobody uses (IEEE local experimental). */
  void broadcast(MacAddress from) {
    var frame = new byte[60];
    Arrays.fill(frame, 0, 6, (byte) 0xff);
    System.arraycopy(from.octets(), 0, frame, 6, 6);
    frame[12] = (byte) 0x88;
    frame[13] = (byte) 0xb5;
    tap.send(frame);
  }

  @Override
  public void close() {
    stopping = true;
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    tap.close();
  }
}
