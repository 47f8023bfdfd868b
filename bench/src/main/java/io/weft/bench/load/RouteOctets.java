package io.weft.bench.load;

import java.nio.ByteBuffer;

/**
 * Messages as they go over the wire. A route is a number: it stands in the low octets of the MAC
 * address, where the receiver finds it again.
 */
final class RouteOctets {
  static final int HEADER = 19;
  static final int OPEN = 1;
  static final int UPDATE = 2;
  static final int NOTIFICATION = 3;
  static final int KEEPALIVE = 4;
  static final int MP_REACH = 14;
  static final int MP_UNREACH = 15;
  static final int MAC_IP = 2;

  /** Where the number is in the NLRI: 2 type and length, 8 RD, 10 ESI, 4 tag, 1, 2 of the MAC. */
  static final int NUMBER = 27;

  static final int NLRI = 39;

  private static final int LONGEST = 4096;
  private static final int AS = 65000;
  private static final int HOLD_SECONDS = 90;
  private static final int NETWORKS = 10;
  private static final int NO_SEQUENCE = -1;

  private final LoadPlan plan;

  RouteOctets(LoadPlan plan) {
    this.plan = plan;
  }

  /** OPEN (RFC 4271 §4.2): EVPN, route refresh, 4-octet AS. */
  static ByteBuffer open(String address) {
    var out = ByteBuffer.allocate(64);
    int start = header(out, OPEN);
    out.put((byte) 4).putShort((short) AS).putShort((short) HOLD_SECONDS);
    address(out, address);
    out.put((byte) 18).put((byte) 2).put((byte) 16);
    out.put((byte) 1).put((byte) 4).putShort((short) 25).put((byte) 0).put((byte) 70);
    out.put((byte) 2).put((byte) 0);
    out.put((byte) 65).put((byte) 4).putInt(AS);
    out.put((byte) 70).put((byte) 0); // RFC 7313
    return finished(out, start).flip();
  }

  static ByteBuffer keepalive() {
    var out = ByteBuffer.allocate(HEADER);
    return finished(out, header(out, KEEPALIVE)).flip();
  }

  /** All that a sender has to say, in one buffer outside the heap. */
  ByteBuffer announcements(int sender) {
    int end = plan.firstOf(sender + 1);
    int count = end - plan.firstOf(sender);
    int each = plan.shape() == LoadPlan.Shape.PACKED ? NLRI + 4 : 120;
    var out = ByteBuffer.allocateDirect(count * each + NETWORKS * LONGEST);
    int at = plan.firstOf(sender);
    while (at < end) {
      at = announce(out, sender, at, end);
    }
    return out.flip();
  }

  /** One more route, which no sender's share contains. */
  ByteBuffer probe(int sender, int number) {
    var out = ByteBuffer.allocateDirect(LONGEST);
    announceOne(out, sender, number, NO_SEQUENCE);
    return out.flip();
  }

  ByteBuffer withdrawal(int sender, int number) {
    var out = ByteBuffer.allocateDirect(LONGEST);
    int start = header(out, UPDATE);
    out.putShort((short) 0).putShort((short) (4 + 3 + NLRI));
    out.put((byte) 0x90).put((byte) MP_UNREACH).putShort((short) (3 + NLRI));
    out.putShort((short) 25).put((byte) 70);
    nlri(out, sender, number);
    return finished(out, start).flip();
  }

  private int announce(ByteBuffer out, int sender, int from, int end) {
    switch (plan.shape()) {
      case SINGLE -> announceOne(out, sender, from, NO_SEQUENCE);
      case DISTINCT -> announceOne(out, sender, from, from);
      case PACKED -> {
        int start = header(out, UPDATE);
        int attributes = attributes(out, sender, from, NO_SEQUENCE);
        int reach = reach(out, sender);
        int at = from;
        while (at < end
            && network(sender, at) == network(sender, from)
            && out.position() - start + NLRI <= LONGEST) {
          nlri(out, sender, at++);
        }
        close(out, start, attributes, reach);
        return at;
      }
    }
    return from + 1;
  }

  private void announceOne(ByteBuffer out, int sender, int number, int sequence) {
    int start = header(out, UPDATE);
    int attributes = attributes(out, sender, number, sequence);
    int reach = reach(out, sender);
    nlri(out, sender, number);
    close(out, start, attributes, reach);
  }

  private static void close(ByteBuffer out, int start, int attributes, int reach) {
    out.putShort(reach, (short) (out.position() - reach - 2));
    out.putShort(attributes, (short) (out.position() - attributes - 2));
    finished(out, start);
  }

  /** Contiguous parts of a sender's share; the probes are of the last. */
  private int network(int sender, int number) {
    int first = plan.firstOf(sender);
    int size = Math.max(1, (plan.firstOf(sender + 1) - first + NETWORKS - 1) / NETWORKS);
    return Math.min(NETWORKS - 1, (number - first) / size);
  }

  private int attributes(ByteBuffer out, int sender, int number, int sequence) {
    out.putShort((short) 0);
    int length = out.position();
    out.putShort((short) 0);
    out.put((byte) 0x40).put((byte) 1).put((byte) 1).put((byte) 0); // ORIGIN IGP
    out.put((byte) 0x40).put((byte) 2).put((byte) 0); // AS_PATH, empty
    out.put((byte) 0x40).put((byte) 5).put((byte) 4).putInt(100); // LOCAL_PREF
    out.put((byte) 0xc0).put((byte) 16).put((byte) (sequence == NO_SEQUENCE ? 16 : 24));
    out.putShort((short) 0x0002).putShort((short) AS).putInt(100 + network(sender, number));
    out.putShort((short) 0x030c).putInt(0).putShort((short) 8); // RFC 9012 §4.1: VXLAN
    if (sequence != NO_SEQUENCE) {
      out.putShort((short) 0x0600).putShort((short) 0).putInt(sequence);
    }
    return length;
  }

  /** MP_REACH_NLRI (RFC 4760 §3) up to its NLRI; where its length is to be written. */
  private static int reach(ByteBuffer out, int sender) {
    out.put((byte) 0x90).put((byte) MP_REACH);
    int length = out.position();
    out.putShort((short) 0).putShort((short) 25).put((byte) 70);
    out.put((byte) 4).putInt(vtep(sender)).put((byte) 0);
    return length;
  }

  /** RFC 7432 §7.2, with an IPv4 address and one label. */
  private void nlri(ByteBuffer out, int sender, int number) {
    int network = network(sender, number);
    out.put((byte) MAC_IP).put((byte) (NLRI - 2));
    out.putShort((short) 1).putInt(vtep(sender)).putShort((short) (network + 1));
    out.putLong(0).putShort((short) 0).putInt(0);
    out.put((byte) 48).putShort((short) 0x0200).putInt(number);
    out.put((byte) 32).putInt(0x0b00_0000 + number);
    int vni = 100 + network;
    out.put((byte) (vni >> 16)).putShort((short) vni);
  }

  private static int vtep(int sender) {
    return 0x0ac8_0001 + sender;
  }

  private static int header(ByteBuffer out, int type) {
    int start = out.position();
    out.putLong(-1).putLong(-1).putShort((short) 0).put((byte) type);
    return start;
  }

  private static ByteBuffer finished(ByteBuffer out, int start) {
    return out.putShort(start + 16, (short) (out.position() - start));
  }

  private static void address(ByteBuffer out, String dotted) {
    for (var part : dotted.split("[.]", -1)) {
      out.put((byte) Integer.parseInt(part));
    }
  }
}
