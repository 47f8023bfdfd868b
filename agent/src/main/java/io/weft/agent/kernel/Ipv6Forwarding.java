package io.weft.agent.kernel;

import io.weft.linux.ffi.Descriptor;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.netlink.Rule;
import io.weft.linux.netns.NetworkNamespaces;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.TreeSet;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Which links of a tenant's namespace route IPv6. Since Linux 6.17 each link says so for itself
 * (force_forwarding). Older kernels know the namespace only: there all of it routes, and rules of
 * the routing policy let only what comes in by these links, and what the node itself sends, find a
 * route; anything else is answered "unreachable". For a platform thread.
 */
final class Ipv6Forwarding {
  private static final Logger LOG = LoggerFactory.getLogger(Ipv6Forwarding.class);
  private static final Path SETTINGS = Path.of("/proc/sys/net/ipv6/conf");

  /** Behind {@link TransitRules}, before the kernel's own. */
  private static final int PRIORITY = 200;

  /** What stands first, so that nothing routes by chance: the end, and the node's own packets. */
  private static final List<Rule> GUARD = List.of(rule("lo"), Rule.unreachable(false, 201));

  private final Rtnetlink rtnetlink;
  private final NamespaceSettings settings;
  private final boolean byLinks;
  private boolean whole;

  private boolean claimed;
  private final TreeSet<String> allowed = new TreeSet<>();

  /**
   * Of the namespace of the socket.
   *
   * @param settings of the same
   * @param byLinks the kernel routes by single links
   */
  Ipv6Forwarding(Rtnetlink rtnetlink, NamespaceSettings settings, boolean byLinks) {
    this.rtnetlink = rtnetlink;
    this.settings = settings;
    this.byLinks = byLinks;
  }

  /** True when this kernel routes IPv6 by single links, or has no IPv6 at all. */
  static boolean isByLinks() {
    return !Files.exists(SETTINGS) || Files.exists(SETTINGS.resolve("all/force_forwarding"));
  }

  private static Rule rule(String link) {
    return Rule.lookup(false, PRIORITY, link, Route.MAIN_TABLE);
  }

  /**
   * The namespace may have inherited that all of it routes (net.core.devconf_inherit_init_net).
   *
   * @param name for the log
   */
  void claim(String name) {
    claimed = byLinks;
    if (!settings.routesIpv6()) {
      return;
    }
    try {
      if (byLinks) {
        write("all", "forwarding", false);
      } else {
        GUARD.forEach(this::add);
      }
    } catch (IllegalArgumentException e) {
      LOG.warn("network namespace {} routes IPv6 for all its links: {}", name, e.getMessage());
      claimed = false;
    }
  }

  /** Where {@link #claim} saw to it that not all of the namespace routes, that is so still. */
  boolean isClaimed() {
    return !claimed || !settings.routesIpv6();
  }

  /**
   * What comes in by the link is routed from now on.
   *
   * @throws IllegalArgumentException in words, when a setting cannot be written
   * @throws io.weft.linux.ffi.LinuxException when the kernel refuses a rule
   */
  void put(String link) {
    if (!Files.exists(SETTINGS)) {
      throw new IllegalArgumentException("this kernel has no IPv6 (CONFIG_IPV6, ipv6.disable)");
    }
    if (byLinks) {
      write(link, "forwarding", true);
      write(link, "force_forwarding", true);
      return;
    }
    add(rule(link));
    GUARD.forEach(this::add);
    write(link, "forwarding", true);
    if (!settings.routesIpv6()) {
      write("all", "forwarding", true);
    }
    look();
  }

  /** It is no longer; the link may be gone. */
  void remove(String link) {
    if (byLinks) {
      write(link, "force_forwarding", false);
    } else {
      delete(rule(link));
    }
    write(link, "forwarding", false);
    look();
  }

  /** Reads what {@link #routes} does not find in the link itself. */
  void look() {
    if (byLinks) {
      return;
    }
    var rules = rtnetlink.rules();
    whole = settings.routesIpv6() && rules.containsAll(GUARD);
    allowed.clear();
    for (var rule : rules) {
      rule.incoming().filter(link -> rule.equals(rule(link))).ifPresent(allowed::add);
    }
  }

  /** True when what comes in by the link is routed, and nothing else by our doing. */
  boolean routes(Link link) {
    return link.forwardingIpv6()
        && (byLinks ? link.forcedIpv6() : whole && allowed.contains(link.name()));
  }

  private void add(Rule rule) {
    var outcome = rtnetlink.execute(List.<Request>of(new Request.AddRule(rule))).getFirst();
    if (outcome.isPresent() && !outcome.get().alreadyThere()) {
      throw outcome.get().toException();
    }
  }

  private void delete(Rule rule) {
    var outcome = rtnetlink.execute(List.<Request>of(new Request.DeleteRule(rule))).getFirst();
    if (outcome.isPresent() && !outcome.get().notThere()) {
      throw outcome.get().toException();
    }
  }

  private void write(String link, String setting, boolean value) {
    write(rtnetlink.namespace(), link, setting, value);
    settings.suspect();
  }

  /** The link follows no router advertisement: an endpoint cannot teach its node a route. */
  static void ignoreRouters(Descriptor namespace, String link) {
    write(namespace, link, "accept_ra", false);
  }

  private static void write(Descriptor namespace, String link, String setting, boolean value) {
    NetworkNamespaces.callHereIn(
        namespace,
        () -> {
          var file = SETTINGS.resolve(link).resolve(setting);
          try {
            if (Files.exists(file.getParent())) { // else there is no IPv6, or the link is gone
              Files.writeString(file, value ? "1" : "0");
            }
          } catch (IOException e) {
            throw new IllegalArgumentException(
                "cannot write " + file + ": " + e.getMessage() + "; IPv6 is not as it shall be", e);
          }
          return true;
        });
  }
}
