package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What of a namespace netlink does not set, but only files do. For a platform thread. */
final class NamespaceSettings {
  private static final Logger LOG = LoggerFactory.getLogger(NamespaceSettings.class);
  private static final String DIRECTORY = "/proc/sys/net/";

  private NamespaceSettings() {}

  /**
   * Gateways made from now on send no redirects (RFC 1812 §5.2.7.2): a host would keep to a router
   * beside it for minutes after that is gone. Written where it is not so; a container may be kept
   * from it, and goes on.
   */
  static void sendNoRedirects(Descriptor namespace, String name) {
    try {
      NetworkNamespaces.<Boolean, IOException>callHereIn(
          namespace,
          () -> {
            // A link sends them when it or all do, and begins as the default is.
            set("ipv4/conf/all/send_redirects", "0");
            set("ipv4/conf/default/send_redirects", "0");
            return true;
          });
    } catch (IOException e) {
      LOG.warn("network namespace {}: gateways will send ICMP redirects: {}", name, e.getMessage());
    }
  }

  /** /proc/sys/net shows the namespace of the thread that opens it. */
  private static void set(String setting, String value) throws IOException {
    var file = Path.of(DIRECTORY, setting);
    if (!Files.readString(file).strip().equals(value)) {
      Files.writeString(file, value);
    }
  }

  /** True when packets of IPv6 are routed on in the namespace. */
  static boolean routesIpv6(Descriptor namespace) {
    try {
      return NetworkNamespaces.<String, IOException>callHereIn(
              namespace, () -> Files.readString(Path.of(DIRECTORY, "ipv6/conf/all/forwarding")))
          .strip()
          .equals("1");
    } catch (IOException _) {
      return false; // a kernel without IPv6
    }
  }
}
