package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * What of a namespace netlink does not set, but only files do. Those that are read stay open: to
 * enter the namespace takes longer than to read them again. For a platform thread.
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

  private final Descriptor namespace;
  private final Map<String, RandomAccessFile> files = new TreeMap<>();
  private final byte[] octets = new byte[16];

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
      for (var setting : OFF) {
        if (!read(setting).equals("0")) {
          write(setting, "0");
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
    try {
      for (var setting : OFF) {
        if (!read(setting).equals("0")) {
          return false;
        }
      }
      return true;
    } catch (IOException _) {
      return false;
    }
  }

  /** True when packets of IPv6 are routed on in the namespace. */
  boolean routesIpv6() {
    try {
      return read("ipv6/conf/all/forwarding").equals("1");
    } catch (IOException _) {
      return false; // a kernel without IPv6
    }
  }

  private void write(String setting, String value) throws IOException {
    NetworkNamespaces.<Path, IOException>callHereIn(
        namespace, () -> Files.writeString(Path.of(DIRECTORY, setting), value));
  }

  private String read(String setting) throws IOException {
    var file = files.get(setting);
    if (file == null) {
      file = open(setting);
      files.put(setting, file);
    }
    file.seek(0);
    int length = Math.max(0, file.read(octets));
    return new String(octets, 0, length, StandardCharsets.US_ASCII).strip();
  }

  /** /proc/sys/net shows the namespace of the thread that opens it, also later and to others. */
  private RandomAccessFile open(String setting) throws IOException {
    return NetworkNamespaces.<RandomAccessFile, IOException>callHereIn(
        namespace, () -> new RandomAccessFile(DIRECTORY + setting, "r"));
  }

  @Override
  public void close() {
    for (var file : files.values()) {
      try {
        file.close();
      } catch (IOException e) {
        LOG.debug("closing a setting: {}", e.getMessage());
      }
    }
    files.clear();
  }
}
