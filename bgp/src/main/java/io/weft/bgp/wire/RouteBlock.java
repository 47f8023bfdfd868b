package io.weft.bgp.wire;

import io.weft.net.MalformedInput;
import io.weft.net.OctetReader;
import java.util.AbstractList;
import java.util.Arrays;
import java.util.Optional;
import java.util.RandomAccess;

/**
 * EVPN routes as the octets that carry them: a list that makes each route when it is asked for.
 * Whoever only keeps routes and passes them on never asks. Immutable, as long as nobody changes the
 * array.
 */
public final class RouteBlock extends AbstractList<Route> implements RandomAccess {
  private final byte[] octets;

  /** Where each NLRI begins, and behind them where the last one ends; they follow each other. */
  private final int[] bounds;

  private final int size;

  /** Of each route only the key counts, whatever the octets say of the rest: it is withdrawn. */
  private final boolean keys;

  private RouteBlock(byte[] octets, int[] bounds, int size, boolean keys) {
    this.octets = octets;
    this.bounds = bounds;
    this.size = size;
    this.keys = keys;
  }

  /** Routes from well-formed NLRI: for all of them in the array, or none. */
  static Optional<RouteBlock> of(byte[] octets, int from, int end) {
    // The first tells about how many there are: most often all are of one size.
    int first = NlriParts.plainEnd(octets, from, end);
    if (first < 0) {
      return Optional.empty();
    }
    var bounds = new int[(end - from) / (first - from) + 2];
    int size = 0;
    int at = from;
    while (at < end) {
      int next = size == 0 ? first : NlriParts.plainEnd(octets, at, end);
      if (next < 0) {
        return Optional.empty();
      }
      if (size + 2 > bounds.length) {
        bounds = Arrays.copyOf(bounds, bounds.length * 2);
      }
      bounds[size++] = at;
      at = next;
    }
    bounds[size] = end;
    return Optional.of(new RouteBlock(octets, bounds, size, false));
  }

  @Override
  public Route get(int index) {
    int at = start(index);
    int body = at + 2;
    try {
      var in = new OctetReader(octets, body, bounds[index + 1] - body);
      var route = EvpnRouteCodec.decode(octets[at] & 0xff, in);
      return keys ? route.key() : route;
    } catch (MalformedInput e) {
      throw new IllegalStateException("checked, and yet: " + e.getMessage(), e);
    }
  }

  @Override
  public int size() {
    return size;
  }

  /** The array that holds the NLRI; not to be changed. */
  public byte[] octets() {
    return octets;
  }

  /** Where the NLRI of a route begins: type, length, body. */
  public int start(int index) {
    if (index < 0 || index >= size) {
      throw new IndexOutOfBoundsException(index);
    }
    return bounds[index];
  }

  /** Octets of all NLRI together. */
  public int length() {
    return bounds[size] - bounds[0];
  }

  /** The same to be withdrawn. */
  RouteBlock keys() {
    return new RouteBlock(octets, bounds, size, true);
  }

  int from() {
    return bounds[0];
  }

  /** The routes from {@code index} on of which the NLRI fit into {@code room} octets. */
  RouteBlock fitting(int index, int room) {
    int end = index;
    while (end < size && bounds[end + 1] - bounds[index] <= room) {
      end++;
    }
    return index == 0 && end == size
        ? this
        : new RouteBlock(octets, Arrays.copyOfRange(bounds, index, end + 1), end - index, keys);
  }

  /** Gathers NLRI. */
  public static final class Builder {
    private byte[] octets;
    private int[] bounds;
    private int size;

    public Builder(int routes) {
      octets = new byte[Math.max(1, routes) * 40];
      bounds = new int[Math.max(1, routes) + 1];
    }

    /** Adds the route of these parts; see {@link NlriParts#join}. */
    public void add(byte[] key, int keyAt, int keyLength, byte[] rest, int restAt, int restLength) {
      int at = bounds[size];
      if (octets.length - at < NlriParts.MAX_NLRI) {
        octets = Arrays.copyOf(octets, octets.length * 2 + NlriParts.MAX_NLRI);
      }
      if (size + 2 > bounds.length) {
        bounds = Arrays.copyOf(bounds, bounds.length * 2);
      }
      bounds[size + 1] =
          at + NlriParts.join(key, keyAt, keyLength, rest, restAt, restLength, octets, at);
      size++;
    }

    /** Adds the route of these parts, each a whole array. */
    public void add(byte[] key, byte[] rest) {
      add(key, 0, key.length, rest, 0, rest.length);
    }

    public int size() {
      return size;
    }

    public RouteBlock build() {
      return new RouteBlock(octets, bounds, size, false);
    }
  }
}
