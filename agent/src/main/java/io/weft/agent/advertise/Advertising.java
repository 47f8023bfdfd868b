package io.weft.agent.advertise;

import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.net.Octets;
import io.weft.overlay.node.AdvertisedNetwork;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;

/**
 * When the gateways of this node say to whom that they are there (RFC 4861 §6.2). Each endpoint is
 * a link of its own: it hears them when it comes, some times soon after, when it asks, when what is
 * said changes, and now and then. Pure: time is a parameter.
 */
final class Advertising {
  /** RFC 4861 §6.2.1, MaxRtrAdvInterval. */
  static final Duration INTERVAL = Duration.ofMinutes(10);

  /** RFC 4861 §10, MAX_INITIAL_RTR_ADVERT_INTERVAL and MAX_INITIAL_RTR_ADVERTISEMENTS. */
  static final Duration INITIAL_INTERVAL = Duration.ofSeconds(16);

  static final int INITIAL = 3;

  /** RFC 4861 §10, MIN_DELAY_BETWEEN_RAS. */
  static final Duration LEAST_INTERVAL = Duration.ofSeconds(3);

  private final TreeMap<Port, Link> links = new TreeMap<>();

  /** The ports of a namespace by the MACs of their endpoints: of two networks one may have two. */
  private final TreeMap<String, TreeMap<MacAddress, TreeSet<Port>>> askers = new TreeMap<>();

  private final List<Sending> outgoing = new ArrayList<>();

  /** A frame that shall leave by the host's end of an endpoint's veth. */
  record Sending(String namespace, String port, Octets frame) {}

  private record Port(String namespace, String name) implements Comparable<Port> {
    @Override
    public int compareTo(Port other) {
      int order = namespace.compareTo(other.namespace);
      return order == 0 ? name.compareTo(other.name) : order;
    }
  }

  private static final class Link {
    private final MacAddress mac;
    private AdvertisedNetwork network;
    private long sentAt;
    private long due;
    private int sent;

    private Link(MacAddress mac, AdvertisedNetwork network, long now) {
      this.mac = mac;
      this.network = network;
      this.sentAt = now - LEAST_INTERVAL.toNanos();
      this.due = now;
    }
  }

  /** These networks are advertised now, and no other; {@code now} is in nanoseconds. */
  void networks(long now, List<AdvertisedNetwork> networks) {
    var gone = new TreeMap<>(links);
    for (var network : networks) {
      network
          .ports()
          .forEach(
              (mac, name) -> {
                var port = new Port(network.namespace(), name);
                gone.remove(port);
                follow(now, port, mac, network);
              });
    }
    gone.forEach(
        (port, link) -> {
          links.remove(port);
          // The endpoint may be there still; if it is not, nobody hears it.
          send(port, RouterFrame.last(link.network));
        });
    askers.clear();
    links.forEach(
        (port, link) ->
            askers
                .computeIfAbsent(port.namespace(), _ -> new TreeMap<>())
                .computeIfAbsent(link.mac, _ -> new TreeSet<>())
                .add(port));
    timePassed(now);
  }

  private void follow(long now, Port port, MacAddress mac, AdvertisedNetwork network) {
    var link = links.get(port);
    if (link == null || !link.mac.equals(mac) || !link.network.name().equals(network.name())) {
      links.put(port, new Link(mac, network, now));
      return;
    }
    var before = link.network;
    link.network = network;
    boolean same =
        before.mtu() == network.mtu()
            && before.prefixes().equals(network.prefixes())
            && before.autonomous() == network.autonomous();
    if (!same) {
      var withdrawn = new ArrayList<IpPrefix>(before.prefixes());
      withdrawn.removeAll(network.prefixes());
      send(port, RouterFrame.of(network, withdrawn));
      sentNow(link, now);
    }
  }

  /**
   * Somebody with this MAC asks for routers; of one that is no endpoint nothing is heeded. It is
   * answered when {@link #timePassed}.
   */
  void solicited(String namespace, MacAddress from) {
    for (var port :
        askers.getOrDefault(namespace, new TreeMap<>()).getOrDefault(from, new TreeSet<>())) {
      var link = links.get(port);
      if (link != null) {
        link.due = earlier(link.due, link.sentAt + LEAST_INTERVAL.toNanos());
      }
    }
  }

  /** Does what is due. */
  void timePassed(long now) {
    links.forEach(
        (port, link) -> {
          if (link.due - now <= 0) {
            send(port, RouterFrame.of(link.network, List.of()));
            sentNow(link, now);
          }
        });
  }

  private static void sentNow(Link link, long now) {
    link.sent++;
    link.sentAt = now;
    link.due = now + (link.sent < INITIAL ? INITIAL_INTERVAL : INTERVAL).toNanos();
  }

  private static long earlier(long one, long other) {
    return one - other < 0 ? one : other;
  }

  private void send(Port port, Octets frame) {
    outgoing.add(new Sending(port.namespace(), port.name(), frame));
  }

  /** What is to be sent since the last call. */
  List<Sending> drain() {
    var drained = List.copyOf(outgoing);
    outgoing.clear();
    return drained;
  }

  /** When {@link #timePassed} is due; empty: never. */
  Optional<Long> nextDeadline() {
    return links.values().stream().map(link -> link.due).reduce(Advertising::earlier);
  }
}
