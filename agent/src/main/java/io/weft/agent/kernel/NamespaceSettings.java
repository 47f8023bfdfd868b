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

  /** A link sends them when it or all do, and begins as the default is. */
  private static final List<String> REDIRECTS =
      List.of("ipv4/conf/all/send_redirects", "ipv4/conf/default/send_redirects");

  private NamespaceSettings() {}

  /**
   * Gateways made from now on send no redirects (RFC 1812 §5.2.7.2): a host would keep to a router
   * beside it for minutes after that is gone. Written where it is not so; a container may be kept
   * from it, and goes on.
   *
   * @return true when it is so now
   */
  static boolean sendNoRedirects(Descriptor namespace, String name) {
    try {
      return NetworkNamespaces.<Boolean, IOException>callHereIn(
          namespace,
          () -> {
            for (var setting : REDIRECTS) {
              set(setting, "0");
            }
            return true;
          });
    } catch (IOException e) {
      LOG.warn("network namespace {}: gateways will send ICMP redirects: {}", name, e.getMessage());
      return false;
    }
  }

  /** What {@link #sendNoRedirects} made so is so still. */
  static boolean sendsNoRedirects(Descriptor namespace) {
    try {
      return NetworkNamespaces.<Boolean, IOException>callHereIn(
          namespace,
          () -> {
            for (var setting : REDIRECTS) {
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
