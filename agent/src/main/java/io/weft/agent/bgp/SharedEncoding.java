package io.weft.agent.bgp;

import io.weft.bgp.wire.Message;
import io.weft.bgp.wire.MessageCodec;
import io.weft.bgp.wire.Peering;
import io.weft.net.OctetWriter;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Encodes for many connections: an UPDATE that several peers are sent is the same object for all,
 * and its octets are made once for each layout. Remembers the last ones only, up to {@link
 * #MAX_OCTETS}. Owned by one thread.
 */
final class SharedEncoding {
  /** What is remembered at most; then all is forgotten, and made again where it is needed. */
  static final int MAX_OCTETS = 2 << 20;

  private final Map<Peering, Map<Message, byte[]>> made = new HashMap<>();
  private Optional<Peering> last = Optional.empty();
  private Map<Message, byte[]> madeForLast = Map.of();
  private int octets;

  /** Appends one whole message, as the codec of its connection encodes it. */
  void encode(MessageCodec codec, Message message, OctetWriter out) {
    if (!(message instanceof Message.Update)) {
      codec.encode(message, out);
      return;
    }
    var known = madeFor(codec.peering());
    var encoded = known.get(message);
    if (encoded != null) {
      out.bytes(encoded);
      return;
    }
    int start = out.size();
    codec.encode(message, out);
    int length = out.size() - start;
    if (octets + length > MAX_OCTETS) {
      clear();
      known = madeFor(codec.peering());
    }
    known.put(message, Arrays.copyOfRange(out.array(), start, start + length));
    octets += length;
  }

  @SuppressWarnings("ReferenceEquality") // a shortcut only; the map compares values
  private Map<Message, byte[]> madeFor(Peering peering) {
    if (last.isEmpty() || last.get() != peering) {
      last = Optional.of(peering);
      madeForLast = made.computeIfAbsent(peering, _ -> new IdentityHashMap<>());
    }
    return madeForLast;
  }

  /** Forgets everything. */
  void clear() {
    if (!made.isEmpty()) {
      made.clear();
      last = Optional.empty();
      madeForLast = Map.of();
      octets = 0;
    }
  }
}
