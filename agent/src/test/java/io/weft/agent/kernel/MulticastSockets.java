package io.weft.agent.kernel;

import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.ProtocolFamily;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;

/** Sockets of hosts that send to a group, and that have joined one. */
final class MulticastSockets {
  static final int PORT = 5000;

  private MulticastSockets() {}

  /** A receiver, which does not block, on {@code eth0} of a namespace. */
  static DatagramChannel join(String namespace, String group) {
    return NetworkNamespaces.callIn(
        namespace,
        () -> {
          try {
            var channel = DatagramChannel.open(family(group));
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(new InetSocketAddress(PORT));
            channel.configureBlocking(false);
            channel.join(InetAddress.getByName(group), NetworkInterface.getByName("eth0"));
            return channel;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** As {@link #join}, of what one host sends alone. */
  static DatagramChannel join(String namespace, String group, String source) {
    return NetworkNamespaces.callIn(
        namespace,
        () -> {
          try {
            var channel = DatagramChannel.open(family(group));
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.bind(new InetSocketAddress(PORT));
            channel.configureBlocking(false);
            channel.join(
                InetAddress.getByName(group),
                NetworkInterface.getByName("eth0"),
                InetAddress.getByName(source));
            return channel;
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** One datagram. */
  static void send(String namespace, String group) {
    NetworkNamespaces.callIn(
        namespace,
        () -> {
          try (var channel = DatagramChannel.open(family(group))) {
            channel.setOption(
                StandardSocketOptions.IP_MULTICAST_IF, NetworkInterface.getByName("eth0"));
            channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, 4);
            return channel.send(
                ByteBuffer.wrap(new byte[] {1}),
                new InetSocketAddress(InetAddress.getByName(group), PORT));
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  /** How many datagrams wait. */
  static int received(DatagramChannel channel) throws IOException {
    int count = 0;
    while (channel.receive(ByteBuffer.allocate(16)) != null) {
      count++;
    }
    return count;
  }

  private static ProtocolFamily family(String group) {
    return group.contains(":") ? StandardProtocolFamily.INET6 : StandardProtocolFamily.INET;
  }
}
