package io.weft.lab.check;

import io.weft.linux.netns.NetworkNamespaces;
import io.weft.net.IpAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.NetworkInterface;
import java.net.StandardProtocolFamily;
import java.net.StandardSocketOptions;
import java.nio.ByteBuffer;
import java.nio.channels.DatagramChannel;
import java.util.Optional;

/** A datagram socket of an endpoint that sends to a multicast group, or has joined it. */
final class GroupSocket implements AutoCloseable {
  private static final int PORT = 5004;
  private static final int HOPS = 4;

  private final DatagramChannel channel;
  private final IpAddress group;

  private GroupSocket(DatagramChannel channel, IpAddress group) {
    this.channel = channel;
    this.group = group;
  }

  /** One that has joined the group on {@code eth0}. */
  static GroupSocket join(String namespace, IpAddress group) {
    var socket = open(namespace, group);
    NetworkNamespaces.callIn(namespace, () -> socket.join(Optional.empty()));
    return socket;
  }

  /** As {@link #join}, of what the source sends alone. */
  static GroupSocket join(String namespace, IpAddress group, IpAddress source) {
    var socket = open(namespace, group);
    NetworkNamespaces.callIn(namespace, () -> socket.join(Optional.of(source)));
    return socket;
  }

  private boolean join(Optional<IpAddress> source) {
    try {
      channel.bind(new InetSocketAddress(PORT));
      var link = NetworkInterface.getByName("eth0");
      if (source.isPresent()) {
        channel.join(address(), link, InetAddress.getByAddress(source.get().octets()));
      } else {
        channel.join(address(), link);
      }
      return true;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** One that sends by {@code eth0}. */
  static GroupSocket open(String namespace, IpAddress group) {
    return NetworkNamespaces.callIn(
        namespace,
        () -> {
          try {
            var family =
                group.isIpv4() ? StandardProtocolFamily.INET : StandardProtocolFamily.INET6;
            var channel = DatagramChannel.open(family);
            channel.setOption(StandardSocketOptions.SO_REUSEADDR, true);
            channel.setOption(
                StandardSocketOptions.IP_MULTICAST_IF, NetworkInterface.getByName("eth0"));
            channel.setOption(StandardSocketOptions.IP_MULTICAST_TTL, HOPS);
            channel.configureBlocking(false);
            return new GroupSocket(channel, group);
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        });
  }

  private InetAddress address() throws IOException {
    return InetAddress.getByAddress(group.octets());
  }

  void send() throws IOException {
    channel.send(ByteBuffer.wrap(new byte[] {1}), new InetSocketAddress(address(), PORT));
  }

  /** How many datagrams have come since the last call. */
  int received() throws IOException {
    int count = 0;
    while (channel.receive(ByteBuffer.allocate(16)) != null) {
      count++;
    }
    return count;
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
