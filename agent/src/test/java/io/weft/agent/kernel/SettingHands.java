package io.weft.agent.kernel;

import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;

/**
 * Somebody who writes settings below {@code /proc/sys/net} in a tenant's namespace: those that are
 * ours. Beside them are those of a link that is not, and of the namespace, which nobody may touch.
 */
final class SettingHands {
  private static final List<String> OF_NAMESPACE =
      List.of(
          "ipv4/conf/all/send_redirects",
          "ipv4/conf/default/send_redirects",
          "ipv4/conf/all/route_localnet",
          "ipv4/conf/default/route_localnet");

  private static final List<String> OF_BRIDGE =
      List.of(
          "ipv4/conf/%s/forwarding",
          "ipv4/conf/%s/rp_filter",
          "ipv4/conf/%s/arp_ignore",
          "ipv4/conf/%s/accept_local",
          "ipv6/conf/%s/forwarding",
          "ipv6/conf/%s/accept_ra",
          "ipv6/conf/%s/addr_gen_mode");

  /** With values that no link has by itself. */
  private static final TreeMap<String, String> STRANGERS =
      new TreeMap<>(
          Map.of(
              "ipv4/ip_default_ttl", "77",
              "ipv4/conf/mine/arp_ignore", "2",
              "ipv4/conf/mine/rp_filter", "1",
              "ipv4/conf/mine/accept_local", "1",
              "ipv6/conf/mine/accept_ra", "2"));

  private final String tenant;
  private final Random random;
  private final List<String> ours = new ArrayList<>(OF_NAMESPACE);

  SettingHands(String tenant, Random random) throws IOException {
    this.tenant = tenant;
    this.random = random;
    for (var bridge : List.of("br100", "br5001")) {
      OF_BRIDGE.forEach(setting -> ours.add(setting.formatted(bridge)));
    }
    for (var each : STRANGERS.entrySet()) {
      write(each.getKey(), each.getValue());
    }
  }

  /** All of them, ours and those of others. */
  TreeMap<String, String> standing() throws IOException {
    var found = new TreeMap<String, String>();
    for (var name : ours) {
      found.put(name, read(name));
    }
    for (var name : STRANGERS.keySet()) {
      found.put(name, read(name));
    }
    return found;
  }

  /** What was done; empty text where the link is not there. */
  String change() throws IOException {
    var name = ours.get(random.nextInt(ours.size()));
    var value = "" + random.nextInt(2);
    try {
      if (read(name).equals(value)) {
        return "";
      }
      write(name, value);
      return name + "=" + value;
    } catch (IOException _) {
      return ""; // somebody has just deleted it
    }
  }

  private String read(String name) throws IOException {
    return NetworkNamespaces.<String, IOException>callIn(
        tenant, () -> Files.readString(file(name)).trim());
  }

  private void write(String name, String value) throws IOException {
    NetworkNamespaces.<Path, IOException>callIn(tenant, () -> Files.writeString(file(name), value));
  }

  private static Path file(String name) {
    return Path.of("/proc/sys/net", name);
  }
}
