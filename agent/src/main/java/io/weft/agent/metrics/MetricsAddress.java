package io.weft.agent.metrics;

import java.net.InetAddress;

/**
 * Where metrics are served.
 *
 * @param chosen true: somebody asked for it, and is told when it cannot be had
 */
public record MetricsAddress(InetAddress address, int port, boolean chosen) {
  /** Of a node when nothing is said, on the loopback. */
  public static final int NODE_PORT = 9477;

  /** Of a reflector. */
  public static final int REFLECTOR_PORT = 9478;

  /** Of a controller. */
  public static final int CONTROLLER_PORT = 9479;

  /** When nothing is said: this machine alone can read it. */
  public static MetricsAddress standard(int port) {
    return new MetricsAddress(InetAddress.ofLiteral("127.0.0.1"), port, false);
  }

  /**
   * Reads {@code ADDRESS:PORT}; an IPv6 address may be in brackets. Names are not looked up.
   *
   * @throws IllegalArgumentException in words
   */
  public static MetricsAddress parse(String text) {
    int colon = text.lastIndexOf(':');
    if (colon < 1) {
      throw new IllegalArgumentException("'" + text + "' is not ADDRESS:PORT");
    }
    var host = text.substring(0, colon);
    if (host.startsWith("[") && host.endsWith("]")) {
      host = host.substring(1, host.length() - 1);
    }
    int port;
    try {
      port = Integer.parseInt(text.substring(colon + 1));
    } catch (NumberFormatException _) {
      throw new IllegalArgumentException("'" + text + "' is not ADDRESS:PORT");
    }
    if (port < 1 || port > 65535) {
      throw new IllegalArgumentException("port " + port + " is out of 1..65535");
    }
    try {
      return new MetricsAddress(InetAddress.ofLiteral(host), port, true);
    } catch (IllegalArgumentException _) {
      throw new IllegalArgumentException("'" + host + "' is not an IP address");
    }
  }

  /** The address as it stands in a URL. */
  String host() {
    var text = address.getHostAddress();
    return text.contains(":") ? "[" + text + "]" : text;
  }

  @Override
  public String toString() {
    return address.getHostAddress() + " port " + port;
  }
}
