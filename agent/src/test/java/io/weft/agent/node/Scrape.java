package io.weft.agent.node;

import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.charset.StandardCharsets;

/** Reads the metrics of a daemon in a network namespace, as Prometheus does. */
final class Scrape {
  private Scrape() {}

  /** The answer with its head. The namespace's loopback must be up. */
  static String of(String namespace, String address, int port) throws IOException {
    return NetworkNamespaces.<String, IOException>callIn(
        namespace,
        () -> {
          try (var socket = new Socket(InetAddress.ofLiteral(address), port)) {
            var request = "GET /metrics HTTP/1.0\r\n\r\n";
            socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
          }
        });
  }

  /** The value of the row that begins so; 0 where there is none. */
  static double value(String answer, String row) {
    return answer
        .lines()
        .filter(line -> line.startsWith(row + " "))
        .map(line -> Double.valueOf(line.substring(line.lastIndexOf(' ') + 1)))
        .findFirst()
        .orElse(0.0);
  }
}
