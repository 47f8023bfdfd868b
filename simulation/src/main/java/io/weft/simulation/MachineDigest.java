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

/**
 * Of a machine's trace, which is too long to keep, only its SHA-256. It covers, with the time,
 * every octet that its brain takes, every change of its kernel, every call and answer, every start,
 * crash and fault.
 */
final class MachineDigest extends MachineTrace {
  private final MessageDigest digest;
  private final ByteBuffer numbers = ByteBuffer.allocate(2 * Long.BYTES);

  MachineDigest() {
    digest = sha256();
  }

  static MessageDigest sha256() {
    try {
      return MessageDigest.getInstance("SHA-256");
    } catch (NoSuchAlgorithmException e) { // every Java platform has it
      throw new IllegalStateException(e);
    }
  }

  /** Of all that happened so far. */
  byte[] octets() {
    try {
      return ((MessageDigest) digest.clone()).digest();
    } catch (CloneNotSupportedException e) { // the platform's own can be cloned
      throw new IllegalStateException(e);
    }
  }

  @Override
  void add(String what) {
    super.add(what);
    begin(what.length());
    digest.update(what.getBytes(StandardCharsets.UTF_8));
  }

  private void begin(long number) {
    digest.update(numbers.clear().putLong(now()).putLong(number).array());
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
  void delivered(long connection, byte[] octets) {
    begin(connection);
    digest.update(octets);
  }

  /** What BGP says came as octets; what it leads to is seen in kernels. */
  @Override
  void event(SpeakerEvent event) {}

  @Override
  void event(NodeEvent event) {
    if (!(event instanceof NodeEvent.Bgp)) {
      super.event(event);
    }
  }

  @Override
  void effect(SpeakerEffect effect) {}

  @Override
  void effect(NodeEffect effect) {
    switch (effect) {
      case NodeEffect.Bgp _ -> {}
      case NodeEffect.ApplyChanges(long batch, var changes) -> {
        begin(batch);
        for (var change : changes) {
          switch (change) {
            case KernelChange.Put(var object) -> put(object);
            case KernelChange.Remove(var object) -> line('-', object.key().toString());
          }
        }
      }
      default -> super.effect(effect);
    }
  }
}
