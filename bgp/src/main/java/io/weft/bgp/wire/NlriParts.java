package io.weft.bgp.wire;

import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import io.weft.net.OctetWriter;
import java.util.Arrays;

/**
 * The NLRI of one route in two parts, for tables that keep routes as octets: the key, equal for
 * routes that replace each other, and the rest, which is much the same for many routes (ESI,
 * labels, gateway). A scratch pad: filled again for each route, owned by one thread.
 *
 * <pre>{@code
 * key   1 family | of EVPN: 1 type, then the body without what is not key | else: the NLRI
 * rest  type 1: label | type 2: ESI, labels | type 5: ESI, gateway, label | types 6 to 8: the whole
 *       body where its flags are not zero | else nothing
 * }</pre>
 */
public final class NlriParts {
  /** Octets of the longest NLRI: type, length, body. */
  public static final int MAX_NLRI = 2 + 255;

  private static final int EVPN = 0;
  private static final int IPV4 = 4;
  private static final int IPV6 = 6;

  private static final int RD = 8;
  private static final int ESI = 10;
  private static final int TAG = 4;
  private static final int MAC = 6;
  private static final int MAC_BITS = 48;

  private final byte[] key = new byte[MAX_NLRI];
  private final byte[] rest = new byte[MAX_NLRI];
  private int keyLength;
  private int restLength;

  /** The octets of the key, as many as {@link #keyLength}; not to be changed. */
  public byte[] key() {
    return key;
  }

  public int keyLength() {
    return keyLength;
  }

  /** The octets of the rest, as many as {@link #restLength}; not to be changed. */
  public byte[] rest() {
    return rest;
  }

  public int restLength() {
    return restLength;
  }

  /** Takes apart a route of any family that a table keeps. */
  public void split(Route route) {
    var out = new OctetWriter(64);
    switch (route) {
      case EvpnRoute evpn -> {
        EvpnRouteCodec.encode(evpn, out);
        split(out.toArray(), 0);
      }
      case UnicastRoute unicast -> {
        UnicastRouteCodec.encode(unicast, out);
        begin(unicast.family().equals(Family.IPV4_UNICAST) ? IPV4 : IPV6);
        toKey(out.toArray(), 0, out.size());
      }
      case RouteTargetMembership membership ->
          throw new IllegalArgumentException("no table keeps " + membership);
    }
  }

  /** Takes apart the EVPN route whose NLRI stands whole and well-formed at {@code at}. */
  public void split(byte[] octets, int at) {
    int type = octets[at] & 0xff;
    int length = octets[at + 1] & 0xff;
    int body = at + 2;
    begin(EVPN);
    key[keyLength++] = (byte) type;
    switch (type) {
      case 1 -> {
        toKey(octets, body, RD + ESI + TAG);
        toRest(octets, body + RD + ESI + TAG, length - RD - ESI - TAG);
      }
      case 2 -> {
        int ipBits = body + RD + ESI + TAG + 1 + MAC;
        int labels = ipBits + 1 + (octets[ipBits] & 0xff) / 8;
        toKey(octets, body, RD);
        toKey(octets, body + RD + ESI, TAG);
        toKey(octets, body + RD + ESI + TAG + 1, labels - body - RD - ESI - TAG - 1);
        toRest(octets, body + RD, ESI);
        toRest(octets, labels, body + length - labels);
      }
      case 5 -> {
        int prefix = body + RD + ESI + TAG;
        int width = prefixWidth(length);
        toKey(octets, body, RD);
        toKey(octets, body + RD + ESI, TAG + 1 + width);
        toRest(octets, body + RD, ESI);
        toRest(octets, prefix + 1 + width, body + length - prefix - 1 - width);
      }
      case 6, 7, 8 -> splitMulticast(type, octets, body, length);
      default -> toKey(octets, body, length);
    }
  }

  private void splitMulticast(int type, byte[] octets, int body, int length) {
    EvpnRoute route;
    try {
      route = EvpnRouteCodec.decode(type, new OctetReader(octets, body, length));
    } catch (MalformedInput e) {
      throw new IllegalArgumentException("not a well-formed route: " + e.getMessage(), e);
    }
    var out = new OctetWriter(64);
    EvpnRouteCodec.encode(route.key(), out);
    toKey(out.toArray(), 2, out.size() - 2);
    if (!Arrays.equals(key, 2, keyLength, octets, body, body + length)) {
      toRest(octets, body, length);
    }
  }

  /** The address family of a key that begins at {@code at}. */
  public static Family family(byte[] octets, int at) {
    return switch (octets[at]) {
      case EVPN -> Family.L2VPN_EVPN;
      case IPV4 -> Family.IPV4_UNICAST;
      default -> Family.IPV6_UNICAST;
    };
  }

  /** The EVPN route type in a key that begins at {@code at}; -1 in that of another family. */
  public static int evpnType(byte[] octets, int at) {
    return octets[at] == EVPN ? octets[at + 1] & 0xff : -1;
  }

  /** The route of a key and a rest, each a whole array. */
  public static Route route(byte[] key, byte[] rest) {
    try {
      if (key[0] != EVPN) {
        return UnicastRouteCodec.decode(
            new OctetReader(key, 1, key.length - 1), key[0] == IPV4 ? 32 : 128);
      }
      var nlri = new byte[MAX_NLRI];
      int length = join(key, 0, key.length, rest, 0, rest.length, nlri, 0);
      return EvpnRouteCodec.decode(nlri[0] & 0xff, new OctetReader(nlri, 2, length - 2));
    } catch (MalformedInput e) {
      throw new IllegalArgumentException("not the parts of a route: " + e.getMessage(), e);
    }
  }

  /**
   * Writes the NLRI of an EVPN route.
   *
   * @param restLength zero: what is not key is written as zero, with one label
   * @return its length
   */
  public static int join(
      byte[] key,
      int keyAt,
      int keyLength,
      byte[] rest,
      int restAt,
      int restLength,
      byte[] to,
      int at) {
    int type = key[keyAt + 1] & 0xff;
    int body = at + 2;
    int from = keyAt + 2;
    int length = keyLength - 2;
    int end =
        switch (type) {
          case 1 -> {
            System.arraycopy(key, from, to, body, length);
            yield copyOrZero(rest, restAt, restLength, to, body + length, 3);
          }
          case 2 -> {
            System.arraycopy(key, from, to, body, RD);
            int esiEnd = copyOrZero(rest, restAt, Math.min(restLength, ESI), to, body + RD, ESI);
            System.arraycopy(key, from + RD, to, esiEnd, TAG);
            to[esiEnd + TAG] = MAC_BITS;
            System.arraycopy(key, from + RD + TAG, to, esiEnd + TAG + 1, length - RD - TAG);
            int labels = esiEnd + 1 + length - RD;
            yield copyOrZero(rest, restAt + ESI, Math.max(0, restLength - ESI), to, labels, 3);
          }
          case 5 -> {
            System.arraycopy(key, from, to, body, RD);
            int esiEnd = copyOrZero(rest, restAt, Math.min(restLength, ESI), to, body + RD, ESI);
            System.arraycopy(key, from + RD, to, esiEnd, length - RD);
            int gateway = esiEnd + length - RD;
            int width = length - RD - TAG - 1;
            int left = Math.max(0, restLength - ESI);
            yield copyOrZero(rest, restAt + ESI, left, to, gateway, width + 3);
          }
          default -> {
            boolean whole = restLength > 0;
            int taken = whole ? restLength : length;
            System.arraycopy(whole ? rest : key, whole ? restAt : from, to, body, taken);
            yield body + taken;
          }
        };
    to[at] = (byte) type;
    to[at + 1] = (byte) (end - body);
    return end - at;
  }

  /** Where the next octet goes. */
  private static int copyOrZero(byte[] from, int fromAt, int length, byte[] to, int at, int zeros) {
    if (length == 0) {
      Arrays.fill(to, at, at + zeros, (byte) 0);
      return at + zeros;
    }
    System.arraycopy(from, fromAt, to, at, length);
    return at + length;
  }

  /** Octets of an address in a type 5 body (RFC 9136 §3.1). */
  private static int prefixWidth(int bodyLength) {
    return bodyLength == EvpnRouteCodec.PREFIX_BODY_IPV4 ? 4 : 16;
  }

  /**
   * The end of the EVPN NLRI that begins at {@code at}; -1 when it is cut short, malformed, or not
   * in the one form in which we write it: such a route is to be decoded, and so judged, whole.
   */
  static int plainEnd(byte[] octets, int at, int end) {
    if (end - at < 2) {
      return -1;
    }
    int length = octets[at + 1] & 0xff;
    int body = at + 2;
    if (length > end - body) {
      return -1;
    }
    boolean plain =
        switch (octets[at] & 0xff) {
          case 1 -> length == RD + ESI + TAG + 3;
          case 2 -> isPlainMacIp(octets, body, length);
          case 3 -> length > RD + TAG && isAddress(octets[body + RD + TAG], length - RD - TAG - 1);
          case 4 -> length > RD + ESI && isAddress(octets[body + RD + ESI], length - RD - ESI - 1);
          case 5, 6, 7, 8 -> false;
          default -> true;
        };
    return plain ? body + length : -1;
  }

  private static boolean isPlainMacIp(byte[] octets, int body, int length) {
    if (length < 33 || octets[body + RD + ESI + TAG] != MAC_BITS) {
      return false;
    }
    int ipBits = octets[body + RD + ESI + TAG + 1 + MAC] & 0xff;
    int without = length - 33 - ipBits / 8;
    return (ipBits == 0 || ipBits == 32 || ipBits == 128) && (without == 0 || without == 3);
  }

  private static boolean isAddress(byte bits, int octets) {
    return octets == 4 && bits == 32 || octets == 16 && (bits & 0xff) == 128;
  }

  private void begin(int family) {
    key[0] = (byte) family;
    keyLength = 1;
    restLength = 0;
  }

  private void toKey(byte[] from, int at, int length) {
    System.arraycopy(from, at, key, keyLength, length);
    keyLength += length;
  }

  private void toRest(byte[] from, int at, int length) {
    System.arraycopy(from, at, rest, restLength, length);
    restLength += length;
  }
}
