package io.weft.agent.node;

import io.weft.agent.kernel.TestNamespaces;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.NeighbourSocket;
import io.weft.net.IpAddress;
import io.weft.net.MacAddress;
import io.weft.net.OctetWriter;
import io.weft.net.Octets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A virtual machine that moves: a bridge with the machine's MAC and address, of whose cables one at
 * a time is plugged in. The other end of each cable is a link of a node.
 */
final class RoamingMachine {
  private static final IpAddress ALL_NODES = IpAddress.parse("ff02::1");

  private final TestNamespaces namespaces;
  private final String namespace;
  private final Rtnetlink links;
  private final int device;
  private final MacAddress mac;
  private final IpAddress address;
  private final List<Integer> cables = new ArrayList<>();

  RoamingMachine(TestNamespaces namespaces, String name, MacAddress mac, IpAddress address) {
    this.namespaces = namespaces;
    this.namespace = namespaces.create(name);
    this.links = namespaces.links(namespace);
    this.mac = mac;
    this.address = address;
    this.device = links.createBridge("vm0", LinkSettings.UP.withMac(mac).withMtu(1400)).index();
    links.execute(new Request.AddAddress(Address.of(device, address, address.isIpv4() ? 24 : 64)));
    // A port that stays, so that it has a carrier also when it has just been plugged in elsewhere:
    // the kernel drops what is sent without one, and says nothing.
    var up = LinkSettings.UP;
    var port = links.createVeth("port", up.withMaster(device), "wall", up, links);
    silence(port.peer().index());
    while (!links.requireLink("vm0").running()) {
      Thread.onSpinWait();
    }
  }

  /** A link of the machine that is no card would answer for its address, with a MAC of its own. */
  private void silence(int link) {
    links.setLink(link, LinkSettings.NONE.withForwarding(false).withLinkLocal(false));
  }

  String namespace() {
    return namespace;
  }

  /** Lays a cable to a node's namespace, not plugged in yet; returns its number, from 0. */
  int cable(String to, String link) {
    var pair =
        links.createVeth(
            "cable" + cables.size(), LinkSettings.UP, link, LinkSettings.UP, namespaces.links(to));
    int cable = pair.link().index();
    silence(cable);
    cables.add(cable);
    return cables.size() - 1;
  }

  /** It is at this cable from now on, and says nothing by itself. */
  void plug(int number) {
    for (int cable : cables) {
      if (cable != cables.get(number)) {
        links.setLink(cable, LinkSettings.NONE.withMaster(0));
      }
    }
    links.setLink(cables.get(number), LinkSettings.NONE.withMaster(device));
  }

  /** A gratuitous ARP request (RFC 5227 §3): what a hypervisor sends after a migration. */
  void announce() {
    announce(address);
  }

  /** As {@link #announce()}; of IPv6 an unsolicited neighbour advertisement (RFC 4861 §7.2.6). */
  void announce(IpAddress ip) {
    if (!ip.isIpv4()) {
      send(advertisement(ip));
      return;
    }
    var out = new OctetWriter();
    out.bytes(MacAddress.parse("ff:ff:ff:ff:ff:ff").octets()).bytes(mac.octets()).u16(0x0806);
    out.u16(1).u16(0x0800).u8(6).u8(4).u16(1);
    out.bytes(mac.octets()).bytes(ip.octets());
    out.bytes(MacAddress.ZERO.octets()).bytes(ip.octets());
    send(Octets.of(out.toArray()));
  }

  private Octets advertisement(IpAddress ip) {
    var message = new OctetWriter();
    message.u8(136).u8(0).u16(0).u32(0x2000_0000L).bytes(ip.octets()); // to override
    message.u8(2).u8(1).bytes(mac.octets());
    var pseudo = new OctetWriter();
    pseudo.bytes(ip.octets()).bytes(ALL_NODES.octets()).u32(message.size()).u32(58);
    int sum = 0;
    for (byte[] part : List.of(pseudo.toArray(), message.toArray())) {
      for (int i = 0; i < part.length; i += 2) {
        sum += (part[i] & 0xff) << 8 | part[i + 1] & 0xff;
      }
    }
    sum = (sum & 0xffff) + (sum >>> 16);
    message.patchU16(2, ~(sum + (sum >>> 16)) & 0xffff);
    var out = new OctetWriter();
    out.bytes(MacAddress.parse("33:33:00:00:00:01").octets()).bytes(mac.octets()).u16(0x86dd);
    out.u32(0x6000_0000L).u16(message.size()).u8(58).u8(255);
    out.bytes(ip.octets()).bytes(ALL_NODES.octets()).append(message);
    return Octets.of(out.toArray());
  }

  /** Any frame of its MAC that says nothing of its address, of an experimental type (IEEE 802). */
  void speak() {
    send(frame(mac));
  }

  /** The same of so many other MACs, as a program in it may send them. */
  void flood(int macs) {
    var frames = new Octets[macs];
    Arrays.setAll(frames, i -> frame(new MacAddress(0x0200_0000_0000L + i)));
    send(frames);
  }

  private static Octets frame(MacAddress from) {
    var out = new OctetWriter();
    out.bytes(MacAddress.parse("ff:ff:ff:ff:ff:ff").octets()).bytes(from.octets()).u16(0x88b5);
    for (int i = 0; i < 6; i++) {
      out.u64(0);
    }
    return Octets.of(out.toArray());
  }

  private void send(Octets... frames) {
    try (var socket = NeighbourSocket.openIn(namespace, "vm0")) {
      for (var frame : frames) {
        if (socket.send(frame) != 0) {
          throw new AssertionError("the machine cannot send");
        }
      }
    }
  }

  /** The network card of the machine has another address too, or no more. */
  void own(IpAddress ip, boolean has) {
    var row = Address.of(device, ip, ip.bits());
    links.execute(has ? new Request.AddAddress(row) : new Request.DeleteAddress(row));
  }
}
