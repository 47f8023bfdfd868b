package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/** What the kernel takes of a link's IPv6 by /proc/sys alone. */
final class LinkSysctl {
  private LinkSysctl() {}

  /**
   * The link follows no router advertisement, and routes what comes in by it, or not. The setting
   * of the whole namespace stays off, so that no other link routes.
   *
   * @throws IllegalArgumentException in words, when the kernel refuses
   */
  static void setIpv6(Descriptor namespace, String link, boolean forwarding) {
    NetworkNamespaces.callHereIn(
        namespace,
        () -> {
          var settings = Path.of("/proc/sys/net/ipv6/conf", link);
          var force = settings.resolve("force_forwarding");
          if (forwarding && Files.exists(settings) && !Files.exists(force)) {
            throw new IllegalArgumentException(
                "an IPv6 gateway needs a kernel that routes IPv6 by single links"
                    + " (net.ipv6.conf.*.force_forwarding, Linux 6.17 or later)");
          }
          write(settings.resolve("accept_ra"), false);
          write(settings.resolve("forwarding"), forwarding);
          if (Files.exists(force)) {
            write(force, forwarding);
          }
          return true;
        });
  }

  private static void write(Path setting, boolean value) {
    try {
      if (Files.exists(setting.getParent())) { // else there is no IPv6 in this kernel
        Files.writeString(setting, value ? "1" : "0");
      }
    } catch (IOException e) {
      throw new IllegalArgumentException("cannot write " + setting + ": " + e.getMessage(), e);
    }
  }
}
