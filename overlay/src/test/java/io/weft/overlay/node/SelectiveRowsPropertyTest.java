package io.weft.overlay.node;

import static io.weft.overlay.node.OneNode.attributes;
import static io.weft.overlay.node.OneNode.floodRoute;
import static io.weft.overlay.node.OneNode.request;
import static io.weft.overlay.node.SelectiveMulticastTest.ANY;
import static io.weft.overlay.node.SelectiveMulticastTest.ANY6;
import static io.weft.overlay.node.SelectiveMulticastTest.GROUP6;
import static io.weft.overlay.node.SelectiveMulticastTest.PROXY;
import static io.weft.overlay.node.SelectiveMulticastTest.WEB;
import static io.weft.overlay.node.SelectiveMulticastTest.address;
import static io.weft.overlay.node.SelectiveMulticastTest.channel;
import static io.weft.overlay.node.SelectiveMulticastTest.nobody;
import static io.weft.overlay.node.SelectiveMulticastTest.row;
import static org.assertj.core.api.Assertions.assertThat;

import io.weft.bgp.wire.MulticastRoute.SelectiveMulticast;
import io.weft.bgp.wire.PathAttributes;
import io.weft.bgp.wire.PmsiTunnel;
import io.weft.bgp.wire.Route;
import io.weft.net.IpAddress;
import io.weft.net.Ipv4Address;
import io.weft.net.RouteDistinguisher;
import io.weft.net.Vni;
import io.weft.overlay.forwarding.ForwardingKey.Kind;
import io.weft.overlay.forwarding.ForwardingObject;
import io.weft.overlay.forwarding.ForwardingObject.FloodEntry;
import io.weft.overlay.forwarding.ForwardingObject.MulticastEntry;
import io.weft.overlay.forwarding.MulticastChannel;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The rows of groups against a model of them, written down apart. */
class SelectiveRowsPropertyTest {
  private final OneNode one = new OneNode();

  /**
   * Whatever order routes come, change and go in: what stands follows from those that are there.
   */
  @ParameterizedTest
  @ValueSource(longs = {1, 2, 3, 4, 5, 6})
  void rowsFollowFromTheRoutesAlone(long seed) {
    one.start(WEB);
    one.attach(request("a", "web", "192.168.1.10"));
    var random = new Random(seed);
    var floods = new TreeMap<String, Flood>();
    var said = new LinkedHashMap<Route, Wanted>();
    for (int i = 0; i < 200; i++) {
      var name = "10.0.0." + (2 + random.nextInt(4));
      switch (random.nextInt(6)) {
        case 0, 1 -> {
          var flood = Flood.any(random);
          floods.put(name, flood);
          one.say(floodRoute(name, 100), flood.attributes(name));
        }
        case 2 -> {
          if (floods.remove(name) != null) {
            one.unsay(floodRoute(name, 100));
          }
        }
        case 3 -> {
          if (!said.isEmpty()) {
            var gone = List.copyOf(said.keySet()).get(random.nextInt(said.size()));
            said.remove(gone);
            one.unsay(gone);
          }
        }
        default -> {
          var route = anyRoute(random);
          var vtep = "10.0.0." + (2 + random.nextInt(2));
          said.put(route.key(), new Wanted(route, vtep));
          one.say(route, attributes(vtep, 100));
        }
      }
      assertThat(one.kernel(Kind.MULTICAST))
          .as("after %s steps", i)
          .containsExactlyInAnyOrderElementsOf(expected(floods, said));
      assertThat(one.kernel(Kind.FLOOD))
          .as("after %s steps", i)
          .containsExactlyInAnyOrderElementsOf(
              floods.entrySet().stream()
                  .filter(of -> of.getValue().wantsAny())
                  .map(of -> floodEntry(of.getKey(), of.getValue().vni()))
                  .toList());
    }
  }

  private static final List<MulticastChannel> CHANNELS =
      List.of(
          channel("*"),
          channel("192.168.1.8"),
          channel("192.168.1.9"),
          MulticastChannel.of(GROUP6),
          new MulticastChannel(GROUP6, address("fd00:1::8")),
          MulticastChannel.of(IpAddress.parse("232.0.0.1")));

  private static SelectiveMulticast anyRoute(Random random) {
    var origin = "10.0.0." + (2 + random.nextInt(2));
    var rd = RouteDistinguisher.of(Ipv4Address.parse(origin), 100 + random.nextInt(2));
    int flags = List.of(4, 12, 2).get(random.nextInt(3));
    Optional<IpAddress> group;
    Optional<IpAddress> source = Optional.empty();
    switch (random.nextInt(10)) {
      case 0 -> group = Optional.of(random.nextBoolean() ? ANY : ANY6); // names what is no group
      case 1 -> group = Optional.empty();
      default -> {
        var channel = CHANNELS.get(random.nextInt(CHANNELS.size()));
        group = Optional.of(channel.group());
        source = channel.source();
      }
    }
    return new SelectiveMulticast(rd, 0, source, group, IpAddress.parse(origin), flags);
  }

  private static FloodEntry floodEntry(String vtep, Vni wanted) {
    return new FloodEntry("weft-red", new Vni(100), IpAddress.parse(vtep), wanted);
  }

  /**
   * What a VTEP says by its route of Type 3.
   *
   * @param speaks it says by routes of Type 6 what it wants
   * @param flags U and BM (RFC 9574 §4)
   */
  private record Flood(boolean speaks, Vni vni, int flags) {
    static Flood any(Random random) {
      return new Flood(
          random.nextBoolean(), new Vni(100 + random.nextInt(2)), 2 * random.nextInt(4));
    }

    boolean wantsAny() {
      return flags != (PmsiTunnel.NO_BROADCAST | PmsiTunnel.NO_UNKNOWN);
    }

    PathAttributes attributes(String vtep) {
      var said = speaks ? OneNode.attributes(vtep, 100, PROXY) : OneNode.attributes(vtep, 100);
      return said.withPmsiTunnel(
          Optional.of(PmsiTunnel.ingressReplication(flags, vni.value(), IpAddress.parse(vtep))));
    }
  }

  /** A route of Type 6, and its next hop. */
  private record Wanted(SelectiveMulticast route, String vtep) {
    boolean isOfAll() {
      return route.group().isEmpty();
    }

    /** A source counts with version 3 of IGMP or 2 of MLD alone, and where it is not left out. */
    Optional<MulticastChannel> channel() {
      return route
          .group()
          .filter(IpAddress::isMulticast)
          .map(
              group ->
                  new MulticastChannel(
                      group,
                      route.source().filter(_ -> route.flags() == (group.isIpv4() ? 4 : 2))));
    }
  }

  private static List<ForwardingObject> expected(
      TreeMap<String, Flood> floods, Map<Route, Wanted> said) {
    var rows = new ArrayList<ForwardingObject>();
    var joined = new TreeMap<MulticastChannel, TreeSet<String>>();
    var all = new TreeSet<String>();
    floods.forEach(
        (vtep, flood) -> {
          if (flood.wantsAny() && !flood.speaks()) {
            all.add(vtep);
          }
        });
    for (var wanted : said.values()) {
      if (wanted.isOfAll()
          && Optional.ofNullable(floods.get(wanted.vtep())).filter(Flood::wantsAny).isPresent()) {
        all.add(wanted.vtep());
      }
      wanted
          .channel()
          .ifPresent(of -> joined.computeIfAbsent(of, _ -> new TreeSet<>()).add(wanted.vtep()));
    }
    for (var any : List.of(ANY, ANY6)) {
      all.forEach(vtep -> rows.add(row(any, vtep, floods.get(vtep).vni())));
      if (all.isEmpty()) {
        rows.add(nobody(any));
      }
    }
    joined.forEach(
        (channel, vteps) -> {
          var getting = new TreeSet<>(all);
          getting.addAll(vteps);
          getting.addAll(joined.getOrDefault(channel.fromAnywhere(), new TreeSet<>()));
          floods.forEach(
              (vtep, flood) -> {
                if (flood.wantsAny() && getting.contains(vtep)) {
                  rows.add(
                      new MulticastEntry(
                          "weft-red",
                          new Vni(100),
                          channel.group(),
                          channel.source(),
                          IpAddress.parse(vtep),
                          Optional.of(flood.vni())));
                }
              });
        });
    return rows;
  }
}
