package io.weft.lab.check;

import io.weft.lab.topology.Topology.Machine;
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
import java.util.List;

/**
 * A virtual machine that moves between nodes: a bridge with its MAC and address, of whose cables
 * one at a time is plugged in. The other end of each cable is a link of a node.
 */
public final class RoamingMachine implements AutoCloseable {
  private static final MacAddress EVERYBODY = MacAddress.parse("ff:ff:ff:ff:ff:ff");
  private static final int ARP = 0x0806;

  /** For experiments (IEEE 802, local experimental EtherType 1). */
  private static final int EXPERIMENT = 0x88b5;

  private final Machine machine;
  private final String namespace;
  private final Rtnetlink links;
  private final int device;
  private final List<Integer> cables = new ArrayList<>();

  /**
   * Makes it, unplugged.
   *
   * @param prefixLength of its address
   * @param mtu octets of an IP packet
   */
  public RoamingMachine(Machine machine, String namespace, int prefixLength, int mtu) {
    this.machine = machine;
    this.namespace = namespace;
    this.links = Rtnetlink.openIn(namespace);
    this.device =
        links.createBridge("vm0", LinkSettings.UP.withMac(machine.mac()).withMtu(mtu)).index();
    links.execute(new Request.AddAddress(Address.of(device, machine.address(), prefixLength)));
  }

  Machine machine() {
    return machine;
  }

  /** Where its interface is. */
  public String namespace() {
    return namespace;
  }

  /** Lays a cable from a link of a node; they are numbered from 0. */
  public void cable(Rtnetlink node, String link) {
    var pair =
        links.createVeth("cable" + cables.size(), LinkSettings.UP, link, LinkSettings.UP, node);
    int cable = pair.link().index();
    // Unplugged it would answer for the machine's address, with a MAC of its own.
    links.setLink(cable, LinkSettings.NONE.withForwarding(false).withLinkLocal(false));
    cables.add(cable);
  }

  /** It is at this cable from now on, and says nothing by itself. */
  public void plug(int number) {
    for (int cable : cables) {
      if (cable != cables.get(number)) {
        links.setLink(cable, LinkSettings.NONE.withMaster(0));
      }
    }
    links.setLink(cables.get(number), LinkSettings.NONE.withMaster(device));
  }

  /** A gratuitous ARP request (RFC 5227 §3), as hypervisors and keepalived send it. */
  public void announce(IpAddress ip) {
    var out = new OctetWriter();
    out.bytes(EVERYBODY.octets()).bytes(machine.mac().octets()).u16(ARP);
    out.u16(1).u16(0x0800).u8(6).u8(4).u16(1);
    out.bytes(machine.mac().octets()).bytes(ip.octets());
    out.bytes(MacAddress.ZERO.octets()).bytes(ip.octets());
    send(out);
  }

  /** Any frame of its MAC, that says nothing of its address. */
  public void speak() {
    var out = new OctetWriter();
    out.bytes(EVERYBODY.octets()).bytes(machine.mac().octets()).u16(EXPERIMENT);
    for (int i = 0; i < 6; i++) {
      out.u64(0);
    }
    send(out);
  }

  private void send(OctetWriter frame) {
    try (var socket = NeighbourSocket.openIn(namespace, "vm0")) {
      int _ = socket.send(Octets.of(frame.toArray()));
    }
  }

  /** It has one address more, or no more. */
  public void own(IpAddress ip, boolean has) {
    var row = Address.of(device, ip, ip.bits());
    links.execute(has ? new Request.AddAddress(row) : new Request.DeleteAddress(row));
  }

  /** The MAC that it knows of an address; empty text where it knows none. */
  String neighbour(IpAddress ip) {
    return links.neighbours(device).stream()
        .filter(row -> row.address().equals(ip))
        .flatMap(row -> row.mac().stream())
        .map(MacAddress::toString)
        .findFirst()
        .orElse("");
  }

  /** Nothing of it is left, nor of its cables. */
  @Override
  public void close() {
    for (int cable : cables) {
      links.executeIfThere(new Request.DeleteLink(cable));
    }
    links.executeIfThere(new Request.DeleteLink(device));
    links.close();
  }
}
