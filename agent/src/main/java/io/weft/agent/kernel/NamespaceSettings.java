package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What of a namespace netlink does not set, but only files do. For a platform thread. */
final class NamespaceSettings {
  private static final Logger LOG = LoggerFactory.getLogger(NamespaceSettings.class);
  private static final String DIRECTORY = "/proc/sys/net/";

  /** A link does so when it or all do, and begins as the default is, which may be the node's. */
  private static final List<String> OFF =
      List.of(
          "ipv4/conf/all/send_redirects",
          "ipv4/conf/default/send_redirects",
          "ipv4/conf/all/route_localnet",
          "ipv4/conf/default/route_localnet");

  private NamespaceSettings() {}

  /**
   * Gateways made from now on send no redirects (RFC 1812 §5.2.7.2): a host would keep to a router
   * beside it for minutes after that is gone. None leads to 127.0.0.0/8 (RFC 1122 §3.2.1.3), even
   * where kube-proxy has the node do so. Written where it is not so; a container may be kept from
   * it, and goes on.
   *
   * @return true when it is so now
   */
  static boolean restrain(Descriptor namespace, String name) {
    try {
      return NetworkNamespaces.<Boolean, IOException>callHereIn(
          namespace,
          () -> {
            for (var setting : OFF) {
              set(setting, "0");
            }
            return true;
          });
    } catch (IOException e) {
      LOG.warn(
          "network namespace {}: gateways may send ICMP redirects, and route 127.0.0.0/8: {}",
          name,
          e.getMessage());
      return false;
    }
  }

  /** What {@link #restrain} made so is so still. */
  static boolean isRestrained(Descriptor namespace) {
    try {
      return NetworkNamespaces.<Boolean, IOException>callHereIn(
          namespace,
          () -> {
            for (var setting : OFF) {
              if (!read(setting).equals("0")) {
                return false;
              }
            }
            return true;
          });
    } catch (IOException _) {
      return false;
    }
  }

  /** /proc/sys/net shows the namespace of the thread that opens it. */
  private static void set(String setting, String value) throws IOException {
    if (!read(setting).equals(value)) {
      Files.writeString(Path.of(DIRECTORY, setting), value);
    }
  }

  private static String read(String setting) throws IOException {
    return Files.readString(Path.of(DIRECTORY, setting)).strip();
  }

  /** True when packets of IPv6 are routed on in the namespace. */
  static boolean routesIpv6(Descriptor namespace) {
    try {
      return NetworkNamespaces.<String, IOException>callHereIn(
              namespace, () -> read("ipv6/conf/all/forwarding"))
          .equals("1");
    } catch (IOException _) {
      return false; // a kernel without IPv6
    }
  }
}
