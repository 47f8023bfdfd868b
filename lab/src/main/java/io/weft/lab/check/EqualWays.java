package io.weft.lab.check;

import io.weft.lab.process.Attached;
import io.weft.lab.process.RunningLab;
import io.weft.linux.netlink.Route;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.linux.packet.EchoStream;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.Ipv4Address;
import io.weft.net.Ipv6Address;
import io.weft.net.Vni;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.BooleanSupplier;

/**
 * Equal ways of a node to one prefix, by several hosts: all of them carry packets, and when one
 * fails, traffic goes on by the others.
 */
final class EqualWays {
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration POLL = Duration.ofMillis(100);
  private static final Duration PACE = Duration.ofMillis(10);

  /** Addresses behind them: the kernel spreads by address, and these go all ways. */
  private static final int STREAMS = 16;

  /** BFD finds a dead path after three times 300 ms; then the reflector tells the nodes. */
  private static final Duration LONGEST_GAP = Duration.ofSeconds(3);

  private final RunningLab lab;
  private final Attached endpoint;
  private final Target target;
  private final List<String> hosts;
  private final Findings findings;

  /**
   * Where packets go.
   *
   * @param prefix of the route
   * @param addresses in it that answer
   * @param l3Vni in which they travel
   */
  record Target(IpPrefix prefix, List<IpAddress> addresses, Vni l3Vni) {}

  /**
   * Those of the node of an endpoint.
   *
   * @param hosts the VTEPs that the ways lead to, by name
   */
  EqualWays(
      RunningLab lab, Attached endpoint, Target target, List<String> hosts, Findings findings) {
    this.lab = lab;
    this.endpoint = endpoint;
    this.target = target;
    this.hosts = List.copyOf(hosts);
    this.findings = findings;
  }

  /** Some of a prefix, enough to use all ways. */
  static List<IpAddress> addresses(IpPrefix prefix) {
    var addresses = new ArrayList<IpAddress>();
    for (int i = 1; i <= STREAMS; i++) {
      addresses.add(prefix.address().plus(i));
    }
    return addresses;
  }

  static boolean await(BooleanSupplier condition) throws InterruptedException {
    long deadline = System.nanoTime() + PATIENCE.toNanos();
    while (!condition.getAsBoolean()) {
      if (System.nanoTime() > deadline) {
        return false;
      }
      Thread.sleep(POLL);
    }
    return true;
  }

  /** Something that happens to a host. */
  interface Trouble {
    void befall() throws IOException, InterruptedException;
  }

  /** Traffic while trouble befalls one host; for how long it was silent. */
  String gap(String victim, Trouble trouble) throws IOException, InterruptedException {
    var streams = new ArrayList<EchoStream>();
    try {
      for (var address : target.addresses()) {
        streams.add(EchoStream.startIn(endpoint.namespace(), address, PACE));
      }
      Thread.sleep(500);
      trouble.befall();
      var rest = hosts.stream().filter(host -> !host.equals(victim)).toList();
      findings.expect(
          await(() -> used().equals(vteps(rest))), endpoint.node() + " still sends to " + used());
      Thread.sleep(500);
      long silent = 0;
      int lost = 0;
      for (var stream : streams) {
        var seen = stream.stop(Duration.ofMillis(500));
        silent = Math.max(silent, PACE.toMillis() * seen.longestSilence());
        lost += seen.lost();
      }
      findings.expect(
          silent <= LONGEST_GAP.toMillis(), "traffic stood for " + silent + " ms of a failure");
      return silent + " ms of silence (" + lost + " packets of " + streams.size() + " flows lost)";
    } finally {
      streams.forEach(EchoStream::close);
    }
  }

  /** Until all are used by the node, and carry packets. */
  void awaitAll() throws InterruptedException {
    findings.expect(
        await(() -> used().equals(vteps(hosts))),
        endpoint.node() + " uses " + used() + " of " + vteps(hosts));
    var silent = new TreeSet<String>();
    await(
        () -> {
          silent.clear();
          silent.addAll(silent());
          return silent.isEmpty();
        });
    findings.expect(silent.isEmpty(), "nothing goes through " + silent);
  }

  /** As next hops: IPv6 leads to the mapped addresses of IPv4 VTEPs. */
  private Set<IpAddress> vteps(List<String> some) {
    var vteps = new TreeSet<IpAddress>();
    for (var host : some) {
      var vtep = lab.plan().loopback(host);
      boolean mapped = vtep.isIpv4() && !target.prefix().address().isIpv4();
      vteps.add(mapped ? Ipv6Address.mapped((Ipv4Address) vtep) : vtep);
    }
    return vteps;
  }

  /** The next hops of the node's way. */
  private Set<IpAddress> used() {
    var hops = new TreeSet<IpAddress>();
    try (var netlink = Rtnetlink.openIn(lab.tenantNamespace(endpoint.node(), endpoint.network()))) {
      for (var route : netlink.routes()) {
        if (route.protocol() == Route.BGP && route.prefix().equals(target.prefix())) {
          route.nextHops().forEach(hop -> hop.via().ifPresent(hops::add));
        }
      }
    } catch (IOException e) {
      throw new IllegalStateException(String.valueOf(e.getMessage()), e);
    }
    return hops;
  }

  /** Hosts to which none of the flows goes. */
  private List<String> silent() {
    var recordings = new TreeMap<String, Recording>();
    var silent = new ArrayList<String>();
    try {
      for (var host : hosts) {
        recordings.put(host, Recording.startIn(lab.plan().namespace(host).name(), "eth0"));
      }
      for (var address : target.addresses()) {
        Pings.ping(endpoint.namespace(), address, Pings.PAYLOAD, Duration.ofMillis(200));
      }
      recordings.forEach(
          (host, recording) -> {
            var vtep = lab.plan().loopback(host);
            boolean heard =
                recording.vxlan().stream()
                    .anyMatch(
                        frame ->
                            frame.vni() == target.l3Vni().value()
                                && frame.destination().equals(vtep));
            if (!heard) {
              silent.add(host);
            }
          });
    } finally {
      recordings.values().forEach(Recording::close);
    }
    return silent;
  }
}
