package io.weft.linux.netlink;

import io.weft.linux.ffi.Descriptor;
import io.weft.net.MacAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What to set on a link; what is absent stays as it is. Compare with the {@link Link} before a
 * write: setting a bridge's MAC to what it already is makes the kernel flush neighbours.
 *
 * @param mtu octets of an IP packet, 68..65535
 * @param alias at most 255 octets; empty takes it away. The kernel ignores it in a creation
 * @param master index of a bridge; 0 leaves the bridge
 * @param linkLocal false: no IPv6 link-local address is made (IN6_ADDR_GEN_MODE_NONE), so the link
 *     says nothing on its own. The kernel ignores it in a creation
 * @param forwarding true: IPv4 packets that come in here are routed on, with the reverse path
 *     filter loose (RFC 3704 §2.4); false: they are not. Either way the link answers ARP only for
 *     addresses of its own. The kernel ignores it in a creation
 * @param ownSources true: IPv4 packets that come in here with a source address of this namespace's
 *     own are taken (accept_local): another router may have the same. Goes only with forwarding
 * @param namespace the namespace to make the link in, or to move it to
 */
public record LinkSettings(
    Optional<MacAddress> mac,
    OptionalInt mtu,
    Optional<String> alias,
    OptionalInt master,
    Optional<Boolean> up,
    Optional<Boolean> linkLocal,
    Optional<Boolean> forwarding,
    Optional<Boolean> ownSources,
    Optional<Descriptor> namespace) {
  /** Nothing. */
  public static final LinkSettings NONE =
      new LinkSettings(
          Optional.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          OptionalInt.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty(),
          Optional.empty());

  /** Up, and nothing else. */
  public static final LinkSettings UP = NONE.withUp(true);

  public LinkSettings {
    if (mtu.isPresent() && (mtu.getAsInt() < 68 || mtu.getAsInt() > 65535)) {
      throw new IllegalArgumentException("MTU " + mtu.getAsInt() + " is out of 68..65535");
    }
    if (alias.isPresent() && alias.get().getBytes(StandardCharsets.UTF_8).length > 255) {
      throw new IllegalArgumentException("a link's alias has at most 255 octets");
    }
  }

  public LinkSettings withMac(MacAddress mac) {
    return new LinkSettings(
        Optional.of(mac), mtu, alias, master, up, linkLocal, forwarding, ownSources, namespace);
  }

  public LinkSettings withMtu(int mtu) {
    return new LinkSettings(
        mac, OptionalInt.of(mtu), alias, master, up, linkLocal, forwarding, ownSources, namespace);
  }

  public LinkSettings withAlias(String alias) {
    return new LinkSettings(
        mac, mtu, Optional.of(alias), master, up, linkLocal, forwarding, ownSources, namespace);
  }

  public LinkSettings withMaster(int master) {
    return new LinkSettings(
        mac, mtu, alias, OptionalInt.of(master), up, linkLocal, forwarding, ownSources, namespace);
  }

  public LinkSettings withUp(boolean up) {
    return new LinkSettings(
        mac, mtu, alias, master, Optional.of(up), linkLocal, forwarding, ownSources, namespace);
  }

  public LinkSettings withLinkLocal(boolean linkLocal) {
    return new LinkSettings(
        mac, mtu, alias, master, up, Optional.of(linkLocal), forwarding, ownSources, namespace);
  }

  public LinkSettings withForwarding(boolean forwarding) {
    return new LinkSettings(
        mac, mtu, alias, master, up, linkLocal, Optional.of(forwarding), ownSources, namespace);
  }

  public LinkSettings withOwnSources(boolean ownSources) {
    return new LinkSettings(
        mac, mtu, alias, master, up, linkLocal, forwarding, Optional.of(ownSources), namespace);
  }

  public LinkSettings withNamespace(Descriptor namespace) {
    return new LinkSettings(
        mac, mtu, alias, master, up, linkLocal, forwarding, ownSources, Optional.of(namespace));
  }

  /** The part that a creation takes: address, MTU, namespace. */
  LinkSettings atCreation() {
    return new LinkSettings(
        mac,
        mtu,
        Optional.empty(),
        OptionalInt.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        Optional.empty(),
        namespace);
  }

  /** The part to set once the link stands. */
  LinkSettings afterCreation() {
    return new LinkSettings(
        Optional.empty(),
        OptionalInt.empty(),
        alias,
        master,
        up,
        linkLocal,
        forwarding,
        ownSources,
        Optional.empty());
  }

  boolean isNothing() {
    return equals(NONE);
  }

  /** Only what is set, for errors. */
  @Override
  public String toString() {
    var parts = new ArrayList<String>();
    mac.ifPresent(value -> parts.add("mac " + value));
    mtu.ifPresent(value -> parts.add("mtu " + value));
    alias.ifPresent(value -> parts.add("alias '" + value + "'"));
    master.ifPresent(value -> parts.add("master " + value));
    up.ifPresent(value -> parts.add(value ? "up" : "down"));
    linkLocal.ifPresent(value -> parts.add("link-local " + (value ? "on" : "off")));
    forwarding.ifPresent(value -> parts.add("forwarding " + (value ? "on" : "off")));
    ownSources.ifPresent(value -> parts.add("own sources " + (value ? "on" : "off")));
    namespace.ifPresent(value -> parts.add("namespace " + value));
    return "[" + String.join(", ", parts) + "]";
  }
}
