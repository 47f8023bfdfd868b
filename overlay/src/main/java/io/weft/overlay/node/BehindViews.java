package io.weft.overlay.node;

import io.weft.bgp.speaker.Explanation.Standing;
import io.weft.net.IpAddress;
import io.weft.net.IpPrefix;
import io.weft.overlay.node.BehindView.Page;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.function.Predicate;

/** Pictures of what is behind endpoints of this node, or is said to be. */
final class BehindViews {
  private final Instances instances;
  private final EndpointSpeakers speakers;
  private final List<BehindView> rows = new ArrayList<>();

  private BehindViews(Instances instances, EndpointSpeakers speakers) {
    this.instances = instances;
    this.speakers = speakers;
  }

  /**
   * Of the prefixes that are meant.
   *
   * @param tenant of this one alone; empty: of all
   * @param most so many prefixes of one network
   */
  static Page of(
      Instances instances,
      EndpointSpeakers speakers,
      Optional<String> tenant,
      Predicate<IpPrefix> meant,
      int most) {
    var views = new BehindViews(instances, speakers);
    int more = 0;
    for (var network : instances.all()) {
      if (tenant.isEmpty() || tenant.equals(network.intent().tenant())) {
        more += views.add(network, meant, most);
      }
    }
    return new Page(views.rows, more);
  }

  private int add(NetworkInstance network, Predicate<IpPrefix> meant, int most) {
    var speaker = speakers.of(network.intent().name());
    var prefixes = new TreeSet<IpPrefix>();
    network.endpoints().forEach(endpoint -> prefixes.addAll(endpoint.prefixes()));
    speaker.ifPresent(speaks -> prefixes.addAll(speaks.said()));
    prefixes.removeIf(meant.negate());
    prefixes.stream()
        .limit(most)
        .forEach(
            prefix -> {
              given(network, prefix);
              speaker.ifPresent(speaks -> said(speaks, prefix));
            });
    return Math.max(0, prefixes.size() - most);
  }

  private void given(NetworkInstance network, IpPrefix prefix) {
    for (var endpoint : network.endpoints()) {
      if (endpoint.prefixes().contains(prefix)) {
        EndpointPrefixes.hop(network.intent(), endpoint, prefix)
            .ifPresent(
                hop ->
                    rows.add(
                        new BehindView(
                            prefix,
                            network.intent().name(),
                            network.intent().tenant(),
                            endpoint.name(),
                            hop.via(),
                            false,
                            true,
                            "given when it was attached")));
      }
    }
  }

  private void said(EndpointSpeaker speaker, IpPrefix prefix) {
    var told = speaker.explain(prefix);
    var hops = new TreeSet<>(speaker.behind(prefix));
    for (var refused : told.refused()) {
      var why = speaker.guard().text(prefix, refused.peer(), refused.reason());
      add(speaker, prefix, refused.peer(), false, "refused: " + why);
      hops.remove(refused.peer());
    }
    var first = givenTo(speaker, prefix);
    var standing = new TreeMap<IpAddress, Standing>();
    told.paths().forEach(way -> way.path().peer().ifPresent(peer -> standing.put(peer, way)));
    hops.addAll(standing.keySet());
    for (var peer : hops) {
      boolean best =
          Optional.ofNullable(standing.get(peer)).map(Standing::used).orElse(true); // adopted
      boolean used = best && first.isEmpty();
      add(speaker, prefix, peer, used, reason(Optional.ofNullable(standing.get(peer)), first));
    }
  }

  private static String reason(Optional<Standing> way, Optional<String> first) {
    if (first.isPresent()) {
      return "not used: endpoint '" + first.get() + "' was given it when it was attached";
    }
    if (way.isEmpty()) {
      return "said before this agent started, and not again yet";
    }
    return way.get().used()
        ? "said by BGP"
        : "not used: " + way.get().notBest().map(each -> each.text()).orElse("another is better");
  }

  /** An endpoint of the tenant on this node that was given the prefix, which then counts. */
  private Optional<String> givenTo(EndpointSpeaker speaker, IpPrefix prefix) {
    return instances.all().stream()
        .filter(network -> network.namespace().equals(speaker.network().namespace()))
        .flatMap(network -> network.endpoints().stream())
        .filter(endpoint -> endpoint.prefixes().contains(prefix))
        .map(endpoint -> endpoint.name())
        .findFirst();
  }

  private void add(
      EndpointSpeaker speaker, IpPrefix prefix, IpAddress address, boolean used, String reason) {
    var network = speaker.network().intent();
    rows.add(
        new BehindView(
            prefix,
            network.name(),
            network.tenant(),
            speaker.endpointAt(address).orElse("?"),
            address,
            true,
            used,
            reason));
  }
}
