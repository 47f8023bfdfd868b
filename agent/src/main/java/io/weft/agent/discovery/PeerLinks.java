package io.weft.agent.discovery;

import io.weft.linux.ffi.LinuxException;
import io.weft.linux.netlink.Address;
import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.Rtnetlink;
import io.weft.net.IpAddress;
import java.util.ArrayList;
import java.util.Collection;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Our ends of the links on which neighbours are, by neighbour: the address from which a session
 * with it runs and to which it connects.
 */
public record PeerLinks(SortedMap<IpAddress, LinkEnd> ends) {
  /** No neighbour is on a link. */
  public static final PeerLinks NONE = new PeerLinks(Collections.emptySortedMap());

  private static final Logger LOG = LoggerFactory.getLogger(PeerLinks.class);

  /**
   * One end.
   *
   * @param address a link-local one has the link as its zone
   */
  public record LinkEnd(String link, IpAddress address) {}

  public PeerLinks {
    ends = Collections.unmodifiableSortedMap(new TreeMap<>(ends));
  }

  /** The end towards this neighbour; empty when it is on no link, or not found yet. */
  public Optional<LinkEnd> to(IpAddress neighbour) {
    return Optional.ofNullable(ends.get(neighbour));
  }

  /** The neighbours by our address. */
  public SortedMap<IpAddress, List<IpAddress>> byAddress() {
    var neighbours = new TreeMap<IpAddress, List<IpAddress>>();
    ends.forEach(
        (neighbour, end) ->
            neighbours.computeIfAbsent(end.address(), _ -> new ArrayList<>()).add(neighbour));
    return neighbours;
  }

  /**
   * Looks in the network namespace of the calling thread. An end that was known is kept until
   * another is found: what happens to a link is not seen here.
   *
   * @param neighbours those that are one hop away; of a link-local one the zone is known
   */
  public PeerLinks look(Collection<IpAddress> neighbours) {
    if (neighbours.isEmpty()) {
      return NONE;
    }
    try (var rtnetlink = Rtnetlink.open()) {
      return look(neighbours, rtnetlink.links(), rtnetlink.addresses());
    } catch (LinuxException e) {
      LOG.warn("the kernel does not tell its addresses: {}", e.getMessage());
      return this;
    }
  }

  PeerLinks look(Collection<IpAddress> neighbours, List<Link> links, List<Address> addresses) {
    var found = new TreeMap<IpAddress, LinkEnd>();
    for (var neighbour : neighbours) {
      addresses.stream()
          .filter(address -> leadsTo(neighbour, address, links))
          .max(Comparator.comparingInt(Address::prefixLength))
          .flatMap(address -> end(address, links))
          .or(() -> to(neighbour))
          .ifPresent(end -> found.put(neighbour, end));
    }
    return new PeerLinks(found);
  }

  private static boolean leadsTo(IpAddress neighbour, Address ours, List<Link> links) {
    var address = ours.address();
    int length = ours.prefixLength();
    return address.bits() == neighbour.bits()
        && !address.equals(neighbour.withoutZone())
        && (neighbour.linkName().isEmpty() || neighbour.linkName().equals(name(ours, links)))
        && address.masked(length).equals(neighbour.withoutZone().masked(length));
  }

  private static Optional<String> name(Address address, List<Link> links) {
    return links.stream()
        .filter(link -> link.index() == address.link())
        .findFirst()
        .map(Link::name);
  }

  private static Optional<LinkEnd> end(Address ours, List<Link> links) {
    boolean zoned = ours.address().isLinkLocal() && !ours.address().isIpv4();
    return name(ours, links)
        .map(
            name ->
                new LinkEnd(
                    name,
                    zoned ? IpAddress.parseWithZone(ours.address() + "%" + name) : ours.address()));
  }
}
