package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.ffi.NumberFiles;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of a namespace netlink does not set, but only files do. Those that are read stay open: to
 * enter the namespace takes longer than to read them again. Where that cannot be done for now, as
 * the process has too many files open, whoever asks gets a {@link
 * io.weft.linux.ffi.LinuxException}, and may ask again. For a platform thread.
 */
final class NamespaceSettings implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(NamespaceSettings.class);
  private static final String DIRECTORY = "/proc/sys/net/";

  /** A link does so when it or all do, and begins as the default is, which may be the node's. */
  private static final List<String> OFF =
      List.of(
          "ipv4/conf/all/send_redirects",
          "ipv4/conf/default/send_redirects",
          "ipv4/conf/all/route_localnet",
          "ipv4/conf/default/route_localnet");

  private static final String ROUTES_IPV6 = "ipv6/conf/all/forwarding";

  private final Descriptor namespace;
  private final NumberFiles off = new NumberFiles();
  private final NumberFiles forwarding = new NumberFiles();

  /** As it was when it was last read, and no notice has come since. */
  private Optional<Boolean> routesIpv6 = Optional.empty();

  /** The descriptor stays the caller's. */
  NamespaceSettings(Descriptor namespace) {
    this.namespace = namespace;
  }

  /**
   * Gateways made from now on send no redirects (RFC 1812 §5.2.7.2): a host would keep to a router
   * beside it for minutes after that is gone. None leads to 127.0.0.0/8 (RFC 1122 §3.2.1.3), even
   * where kube-proxy has the node do so. Written where it is not so; a container may be kept from
   * it, and goes on.
   *
   * @param name for the log
   * @return true when it is so now
   */
  boolean restrain(String name) {
    try {
      var standing = read(off, OFF);
      for (int i = 0; i < standing.length; i++) {
        if (standing[i] != 0) {
          write(OFF.get(i), "0");
        }
      }
      return true;
    } catch (IOException e) {
      LOG.warn(
          "network namespace {}: gateways may send ICMP redirects, and route 127.0.0.0/8: {}",
          name,
          e.getMessage());
      return false;
    }
  }

  /** What {@link #restrain} made so is so still. */
  boolean isRestrained() {
    return Arrays.stream(read(off, OFF)).allMatch(value -> value == 0);
  }

  /** True when packets of IPv6 are routed on in the namespace; never without IPv6. */
  boolean routesIpv6() {
    boolean routes = routesIpv6.orElseGet(() -> read(forwarding, List.of(ROUTES_IPV6))[0] == 1);
    routesIpv6 = Optional.of(routes);
    return routes;
  }

  /** It may be otherwise now whether packets of IPv6 are routed: of that the kernel tells. */
  void suspect() {
    routesIpv6 = Optional.empty();
  }

  private void write(String setting, String value) throws IOException {
    NetworkNamespaces.<Path, IOException>callHereIn(
        namespace, () -> Files.writeString(Path.of(DIRECTORY, setting), value));
  }

  /** /proc/sys/net shows the namespace of the thread that opens it, also later and to others. */
  private int[] read(NumberFiles files, List<String> settings) {
    if (files.count() == 0) {
      NetworkNamespaces.callHereIn(
          namespace,
          () -> {
            files.open(settings.stream().map(DIRECTORY::concat).toList());
            return files;
          });
    }
    return files.read();
  }

  @Override
  public void close() {
    off.close();
    forwarding.close();
  }
}
