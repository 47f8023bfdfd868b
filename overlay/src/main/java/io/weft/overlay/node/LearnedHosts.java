package io.weft.overlay.node;

import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.net.MacAddress;
import io.weft.overlay.attachment.AddressPlan;
import io.weft.overlay.attachment.AttachResult.HostAddress;
import io.weft.overlay.attachment.Endpoint;
import io.weft.overlay.evpn.RemoteRoutes.RemoteMac;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Consumer;

/**
 * Who was heard behind the ports of one network that learn: MACs that nobody announced, and
 * addresses that nobody announced for them. What was announced on this node is never changed by
 * what is heard. One is forgotten after a stated silence, having been asked, and when another node
 * has it with a higher number.
 */
final class LearnedHosts {
  /** Silence after which a host is asked for its addresses; the kernel's own for a bridge. */
  static final long AGE_NANOS = 300_000_000_000L;

  /** Between two questions, and from the last one to the end. */
  static final long ASK_NANOS = 1_000_000_000L;

  static final int QUESTIONS = 3;

  /** Above this nothing more is learned behind one port. */
  static final int MAX_MACS = 256;

  static final int MAX_ADDRESSES = 1024;

  /** A MAC that is forgotten may be in a sighting that is under way. */
  private static final int MAX_LOST = 1024;

  private static final class Address {
    long heard;
    int asked;

    Address(long heard) {
      this.heard = heard;
    }

    long due() {
      return heard + AGE_NANOS + asked * ASK_NANOS;
    }
  }

  private static final class Host {
    Endpoint view;
    long heard;
    final TreeMap<IpAddress, Address> addresses = new TreeMap<>();

    Host(Endpoint view, long heard) {
      this.view = view;
      this.heard = heard;
    }

    long end() {
      return heard + AGE_NANOS + QUESTIONS * ASK_NANOS;
    }
  }

  private final NetworkInstance network;
  private final Consumer<String> report;
  private final AddressQuarrels quarrels;
  private final TreeMap<MacAddress, Host> hosts = new TreeMap<>();
  private final TreeMap<MacAddress, Long> lost = new TreeMap<>();
  private final TreeSet<String> said = new TreeSet<>();
  private final List<HostQuestion> questions = new ArrayList<>();
  private final List<Endpoint> changed = new ArrayList<>();
  private OptionalLong nextCheck = OptionalLong.empty();

  LearnedHosts(NetworkInstance network, Consumer<String> report) {
    this.network = network;
    this.report = report;
    this.quarrels = new AddressQuarrels(network, report);
  }

  AddressQuarrels quarrels() {
    return quarrels;
  }

  // ---- hearing ----------------------------------------------------------------------------

  /** Somebody was heard behind the port of an endpoint that learns. */
  void hear(long now, Endpoint port, Sighting seen) {
    var mac = seen.mac();
    if (mac.isMulticast() || mac.isZero() || network.isStandby(port) || isOurs(port, mac)) {
      return;
    }
    if (seen.heardNanos() - lost.getOrDefault(mac, Long.MIN_VALUE / 2) <= 0
        || now - seen.heardNanos() >= AGE_NANOS) {
      return;
    }
    var announced = network.local().announced(mac);
    if (announced.isPresent() && !announced.get().name().equals(port.name())) {
      sayOnce(
          "MAC address %s of endpoint '%s' is also behind the port of endpoint '%s', which learns; it stays where it was announced"
              .formatted(mac, announced.get().name(), port.name()));
      return;
    }
    var host = hosts.get(mac);
    if (host == null || !host.view.port().equals(port.port())) {
      if (!seen.fresh() || !arrive(port, seen, announced)) {
        return;
      }
      host = hosts.get(mac);
    } else if (seen.fresh()) {
      network.heardHere(mac);
    }
    if (host != null) {
      host.heard = Math.max(host.heard, seen.heardNanos());
      hearAddress(host, port, seen);
    }
  }

  private boolean isOurs(Endpoint port, MacAddress mac) {
    boolean gateway = network.intent().isRouted() && mac.equals(AddressPlan.GATEWAY_MAC);
    if (gateway) {
      sayOnce(
          "the MAC address of the gateway was heard behind the port of endpoint '%s', which learns; it is ignored"
              .formatted(port.name()));
    }
    return gateway;
  }

  /** It was not behind this port; true when it is now, or was announced there. */
  private boolean arrive(Endpoint port, Sighting seen, Optional<Endpoint> announced) {
    var mac = seen.mac();
    var before = hosts.get(mac);
    if (announced.isPresent()) {
      if (seen.fresh()) {
        network.heardHere(mac);
      }
      seen.ip()
          .filter(ip -> !announced.get().hosts().contains(ip))
          .ifPresent(_ -> hosts.put(mac, new Host(announced.get(), seen.heardNanos())));
      return true;
    }
    if (before != null && before.view.sticky()) {
      sayOnce(
          "MAC address %s is sticky behind the port of endpoint '%s' and was heard behind that of '%s'; it stays"
              .formatted(mac, nameOfPort(before.view), port.name()));
      return false;
    }
    if (before == null && isStickyElsewhere(mac)) {
      sayOnce(
          "MAC address %s was heard behind the port of endpoint '%s'; it is sticky on another node and is ignored"
              .formatted(mac, port.name()));
      return false;
    }
    long macs = hosts.values().stream().filter(h -> h.view.port().equals(port.port())).count();
    if (macs >= MAX_MACS) {
      sayOnce(
          "more than %d MAC addresses are behind the port of endpoint '%s'; no more are learned"
              .formatted(MAX_MACS, port.name()));
      return false;
    }
    if (before == null) {
      arrive(port, mac, seen.heardNanos());
    } else {
      var moved = port.host(mac, before.view.addresses());
      network.change(before.view, moved);
      before.view = moved;
    }
    return true;
  }

  private void arrive(Endpoint port, MacAddress mac, long heard) {
    var host = new Host(port.host(mac, List.of()), heard);
    hosts.put(mac, host);
    network.own(host.view);
    changed.add(host.view);
    // RFC 9135 §7.2: it brings its addresses along, if it still has them.
    network.remote().addressesOf(mac).forEach(ip -> ask(port, mac, ip));
    checkAt(host.end());
  }

  /** Of the endpoint whose port a host is behind. */
  static String nameOfPort(Endpoint host) {
    int blank = host.name().indexOf(' ');
    return blank < 0 ? host.name() : host.name().substring(0, blank);
  }

  // ---- addresses --------------------------------------------------------------------------

  private void hearAddress(Host host, Endpoint port, Sighting seen) {
    if (seen.ip().isEmpty()) {
      return;
    }
    var ip = seen.ip().get();
    var known = host.addresses.get(ip);
    if (known != null) {
      known.heard = Math.max(known.heard, seen.heardNanos());
      known.asked = 0;
    } else if (mayHave(host, port, ip) && quarrels.mayTake(host.view.mac(), ip)) {
      release(ip);
      host.addresses.put(ip, new Address(seen.heardNanos()));
      checkAt(host.addresses.get(ip).due());
      bind(host.view.mac(), ip);
      show(host);
    }
  }

  private boolean mayHave(Host host, Endpoint port, IpAddress ip) {
    if (ip.isMulticast() || ip.isLinkLocal() || subnet(ip).isEmpty()) {
      return false;
    }
    var owner = network.localOwner(ip).filter(o -> !o.mac().equals(host.view.mac()));
    boolean announced =
        owner
            .flatMap(o -> network.local().announced(o.mac()))
            .filter(e -> e.hosts().contains(ip))
            .isPresent();
    if (announced || network.intent().isGateway(ip)) {
      sayOnce(
          "MAC address %s behind the port of endpoint '%s' says that it has address %s, which is that of %s; it is ignored"
              .formatted(
                  host.view.mac(),
                  port.name(),
                  ip,
                  announced ? "endpoint '" + owner.orElseThrow().name() + "'" : "the gateway"));
      return false;
    }
    if (isStickyElsewhere(host.view.mac(), ip)) {
      sayOnce(
          "address %s was heard of MAC address %s behind the port of endpoint '%s'; it is bound to a sticky one on another node, and that is ignored"
              .formatted(ip, host.view.mac(), port.name()));
      return false;
    }
    long count =
        hosts.values().stream()
            .filter(h -> h.view.port().equals(port.port()))
            .mapToLong(h -> h.addresses.size())
            .sum();
    if (count >= MAX_ADDRESSES) {
      sayOnce(
          "more than %d addresses are behind the port of endpoint '%s'; no more are learned"
              .formatted(MAX_ADDRESSES, port.name()));
      return false;
    }
    return true;
  }

  private boolean isStickyElsewhere(MacAddress mac) {
    return network.remote().mac(mac).filter(RemoteMac::sticky).isPresent();
  }

  /** The address is that of another MAC, which is sticky on another node. */
  private boolean isStickyElsewhere(MacAddress mac, IpAddress ip) {
    return network
        .remote()
        .neighbour(ip)
        .filter(r -> !r.mac().equals(mac) && r.sticky())
        .isPresent();
  }

  /**
   * The MAC has the address from now on: it is said with a higher number than the binding to
   * another MAC on another node, which is withdrawn there (RFC 9135 §7, RFC 9721 §6).
   */
  private void bind(MacAddress mac, IpAddress ip) {
    network
        .remote()
        .neighbour(ip)
        .filter(other -> !other.mac().equals(mac) && !other.gateway())
        .ifPresent(other -> network.mobility().raise(mac, other.sequence()));
  }

  /** The subnet that the address is a host's of; a network without subnets takes any. */
  private Optional<IpPrefix> subnet(IpAddress ip) {
    var subnets = network.intent().subnets();
    return subnets.isEmpty()
        ? Optional.of(new IpPrefix(ip, ip.bits()))
        : subnets.stream().filter(subnet -> subnet.isHostAddress(ip)).findFirst();
  }

  /** The address has another MAC now, behind a port of this node or elsewhere. */
  private void release(IpAddress ip) {
    for (var host : List.copyOf(hosts.values())) {
      if (host.addresses.remove(ip) != null) {
        show(host);
      }
    }
  }

  /** The host has the addresses that it has, and what was announced of it. */
  private void show(Host host) {
    var before = host.view;
    var announced = network.local().announced(before.mac());
    var addresses =
        new ArrayList<>(announced.map(Endpoint::addresses).orElse(List.<HostAddress>of()));
    for (var ip : host.addresses.keySet()) {
      subnet(ip).ifPresent(in -> addresses.add(new HostAddress(ip, in.length())));
    }
    var after = before.with(addresses);
    host.view = after;
    changed.add(before);
    changed.add(after);
    network.change(before, after);
    if (announced.isPresent() && host.addresses.isEmpty()) {
      hosts.remove(after.mac());
    }
  }

  // ---- going ------------------------------------------------------------------------------

  /** Other nodes say something else of the MAC than before: it may be gone from here. */
  void settle(long now, MacAddress mac) {
    var host = hosts.get(mac);
    if (host == null || network.isHere(host.view) || network.mobility().isFrozen(mac)) {
      return;
    }
    if (network.local().announced(mac).isPresent()) {
      host.addresses.clear();
      show(host);
    } else {
      forget(host);
    }
    lost.put(mac, now);
    if (lost.size() > MAX_LOST) {
      lost.pollFirstEntry();
    }
  }

  /** Other nodes say something else of the address than before. */
  void settle(IpAddress ip) {
    var owner = network.localOwner(ip).map(o -> hosts.get(o.mac()));
    if (owner.isPresent()
        && owner.get().addresses.containsKey(ip)
        && network.isBoundElsewhere(owner.get().view.mac(), ip)) {
      quarrels.taken(owner.get().view.mac(), ip);
      owner.get().addresses.remove(ip);
      show(owner.get());
    }
  }

  private void forget(Host host) {
    hosts.remove(host.view.mac());
    network.disown(host.view);
    changed.add(host.view);
  }

  /** An endpoint is announced from now on: nothing of it was learned elsewhere. */
  void announced(Endpoint endpoint) {
    var host = hosts.get(endpoint.mac());
    if (host != null) {
      forget(host);
    }
    endpoint.addresses().forEach(address -> release(address.address()));
  }

  /** The port goes, with those who were behind it; they are disowned already. */
  void portGone(Endpoint endpoint) {
    hosts
        .values()
        .removeIf(
            host -> {
              boolean behind = host.view.port().equals(endpoint.port());
              if (behind) {
                changed.add(host.view);
              }
              return behind;
            });
    said.removeIf(text -> text.contains("'" + endpoint.name() + "'"));
  }

  // ---- time -------------------------------------------------------------------------------

  private void checkAt(long time) {
    if (nextCheck.isEmpty() || time - nextCheck.getAsLong() < 0) {
      nextCheck = OptionalLong.of(time);
    }
  }

  OptionalLong nextCheck() {
    return nextCheck;
  }

  /** True when there is something to {@link #check} or to take. */
  boolean isDue(long now) {
    return nextCheck.isPresent() && now - nextCheck.getAsLong() >= 0
        || !changed.isEmpty()
        || !questions.isEmpty();
  }

  /** Asks who was silent, and forgets who does not answer. */
  void check(long now) {
    if (nextCheck.isEmpty() || now - nextCheck.getAsLong() < 0) {
      return;
    }
    nextCheck = OptionalLong.empty();
    for (var host : List.copyOf(hosts.values())) {
      boolean announced = network.local().announced(host.view.mac()).isPresent();
      if (!announced && now - host.end() >= 0) {
        forget(host);
      } else {
        checkAddresses(now, host);
        if (!announced) {
          checkAt(host.end());
        }
      }
    }
  }

  private void checkAddresses(long now, Host host) {
    boolean gone = false;
    for (var ip : List.copyOf(host.addresses.keySet())) {
      var address = host.addresses.getOrDefault(ip, new Address(now));
      if (now - address.due() >= 0 && address.asked == QUESTIONS) {
        host.addresses.remove(ip);
        gone = true;
      } else if (now - address.due() >= 0) {
        address.asked++;
        network
            .local()
            .endpoint(nameOfPort(host.view))
            .ifPresent(port -> ask(port, host.view.mac(), ip));
      }
    }
    host.addresses.values().forEach(address -> checkAt(address.due()));
    if (gone) {
      show(host);
    }
  }

  private void ask(Endpoint port, MacAddress mac, IpAddress ip) {
    if (subnet(ip).isPresent() && !ip.isLinkLocal()) {
      questions.add(question(port, mac, ip));
    }
  }

  private HostQuestion question(Endpoint port, MacAddress mac, IpAddress ip) {
    var intent = network.intent();
    var from =
        ip.isIpv4()
            ? intent.gatewayOf(ip)
            : Optional.of(AddressPlan.GATEWAY_LINK_LOCAL).filter(_ -> intent.isRouted(false));
    var at = new LearningPort(network.namespace(), port.port(), intent.vni());
    return new HostQuestion(at, mac, ip, from, network.devices().bridge().mac());
  }

  List<HostQuestion> takeQuestions() {
    var taken = List.copyOf(questions);
    questions.clear();
    return taken;
  }

  /** Hosts as they were, and as they are, since the last call. */
  List<Endpoint> takeChanged() {
    var taken = List.copyOf(changed);
    changed.clear();
    return taken;
  }

  // ---- a restart --------------------------------------------------------------------------

  /** It stood in the kernel when this node started. */
  void adopt(long now, Endpoint port, MacAddress mac, List<IpAddress> addresses) {
    hear(
        now,
        port,
        new Sighting(network.namespace(), port.port(), mac, Optional.empty(), true, now));
    addresses.forEach(
        ip ->
            hear(
                now,
                port,
                new Sighting(network.namespace(), port.port(), mac, Optional.of(ip), true, now)));
  }

  // ---- view -------------------------------------------------------------------------------

  /** Addresses that were learned of a MAC. */
  List<IpAddress> addresses(MacAddress mac) {
    var host = hosts.get(mac);
    return host == null ? List.of() : List.copyOf(host.addresses.keySet());
  }

  OptionalLong silent(long now, MacAddress mac) {
    var host = hosts.get(mac);
    return host == null ? OptionalLong.empty() : OptionalLong.of(Math.max(0, now - host.heard));
  }

  private void sayOnce(String text) {
    if (said.size() < MAX_MACS && said.add(text)) {
      report.accept(text);
    }
  }
}
