package io.weft.simulation;

import io.weft.bgp.speaker.SpeakerEffect;
import io.weft.bgp.speaker.SpeakerEvent;
import io.weft.net.Ipv4Address;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.KernelChange;
import io.weft.overlay.node.NodeEffect;
import io.weft.overlay.node.NodeEvent;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import java.util.List;

/**
 * A trace too long to keep: only its SHA-256, and the last lines. It covers, with time and machine,
 * every octet that a machine receives, every change of a kernel, every call and answer, every
 * start, crash and fault.
 */
final class TraceDigest extends Trace {
  private static final int LAST = 40;

  private final MessageDigest digest;
  private final LastEvents last = new LastEvents(LAST);
  private final ByteBuffer numbers = ByteBuffer.allocate(2 * Long.BYTES);

  TraceDigest(Timeline timeline) {
    super(timeline);
    try {
      digest = MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) { // every Java platform has it
      throw new IllegalStateException(e);
    }
  }

  /** Of all that happened so far, in hexadecimal. */
  String hex() {
    try {
      return HexFormat.of().formatHex(((MessageDigest) digest.clone()).digest());
    } catch (CloneNotSupportedException e) { // the platform's own can be cloned
      throw new IllegalStateException(e);
    }
  }

  /** The last ones of those that have a text. */
  List<String> last() {
    return last.lines();
  }

  @Override
  void add(String who, String what) {
    last.add(now(), who, what);
    begin(who, what.length());
    digest.update(what.getBytes(StandardCharsets.UTF_8));
  }

  private void begin(String who, long number) {
    digest.update(numbers.clear().putLong(now()).putLong(number).array());
    digest.update(who.getBytes(StandardCharsets.UTF_8));
  }

  private void line(char sign, String text) {
    digest.update((byte) sign);
    digest.update(text.getBytes(StandardCharsets.UTF_8));
  }

  /** Rows of other nodes' routes, which nearly all objects are, without the detour of a text. */
  private void put(ForwardingObject object) {
    switch (object) {
      case ForwardingObject.VxlanFdbEntry(var space, var vni, var mac, var vtep, var there) ->
          row('f', space, vni.value(), mac.value(), vtep, there.value());
      case ForwardingObject.BridgeFdbEntry(
              var space,
              var vni,
              var mac,
              boolean ipv6,
              boolean fixed) -> {
        char open = ipv6 ? 'B' : 'b';
        char pinned = ipv6 ? 'X' : 'x';
        row(fixed ? pinned : open, space, vni.value(), mac.value());
      }
      case ForwardingObject.NeighbourEntry(var space, var vni, var ip, var mac) ->
          row('n', space, vni.value(), ip, mac.value());
      case ForwardingObject.TenantRoute(var space, var prefix, var hops) -> {
        row('r', space, prefix.address(), prefix.length(), hops.size());
        for (var hop : hops) {
          row(hop.foreign() ? 's' : 'o', "", hop.vni().value(), hop.via());
        }
      }
      default -> line('+', object.toString());
    }
  }

  private void row(char sign, String namespace, Object... values) {
    line(sign, namespace);
    for (var value : values) {
      switch (value) {
        case Long number -> number(number);
        case Integer number -> number(number);
        case Ipv4Address(int address) -> number(address);
        default -> line(' ', value.toString());
      }
    }
  }

  private void number(long value) {
    digest.update(numbers.clear().putLong(value).array(), 0, Long.BYTES);
  }

  @Override
  void delivered(String who, long connection, byte[] octets) {
    begin(who, connection);
    digest.update(octets);
  }

  /** What BGP says came as octets; what it leads to is seen in kernels. */
  @Override
  void event(String who, SpeakerEvent event) {}

  @Override
  void event(String who, NodeEvent event) {
    if (!(event instanceof NodeEvent.Bgp)) {
      super.event(who, event);
    }
  }

  @Override
  void effect(String who, SpeakerEffect effect) {}

  @Override
  void effect(String who, NodeEffect effect) {
    switch (effect) {
      case NodeEffect.Bgp _ -> {}
      case NodeEffect.ApplyChanges(long batch, var changes) -> {
        begin(who, batch);
        for (var change : changes) {
          switch (change) {
            case KernelChange.Put(var object) -> put(object);
            case KernelChange.Remove(var object) -> line('-', object.key().toString());
          }
        }
      }
      default -> super.effect(who, effect);
    }
  }
}
