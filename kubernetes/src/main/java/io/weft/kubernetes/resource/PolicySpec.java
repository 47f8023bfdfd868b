package io.weft.kubernetes.resource;

import io.weft.kubernetes.resource.PeerSpec.PeerFamily;
import io.weft.net.IpPrefix;
import io.weft.net.RouteTarget;
import java.util.List;
import java.util.OptionalLong;

/**
 * A policy for the routes that a neighbour says or is told: the first rule that matches decides.
 *
 * @param name a DNS label, by which peers refer to it
 * @param rules tried in order, at most 256
 * @param otherwise for routes that no rule matches ({@code default}); reject when not given
 */
public record PolicySpec(String name, List<Rule> rules, Verdict otherwise) {
  /** Policies of a fabric, and rules of a policy; more are a problem. */
  public static final int MAX_POLICIES = 256;

  public static final int MAX_RULES = 256;

  public PolicySpec {
    requireName(name);
    rules = List.copyOf(rules);
    if (rules.size() > MAX_RULES) {
      throw new IllegalArgumentException(
          "policy " + name + " has " + rules.size() + " rules; " + MAX_RULES + " are the most");
    }
  }

  static String requireName(String name) {
    if (!name.matches("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")) {
      throw new IllegalArgumentException(
          "'"
              + name
              + "' is not a DNS label: 1 to 63 lower-case letters, digits and inner hyphens");
    }
    return name;
  }

  /** What becomes of a route. */
  public enum Verdict {
    ACCEPT,
    REJECT
  }

  /** Routes that match are changed and judged. */
  public record Rule(Match match, Changes changes, Verdict verdict) {
    public Rule {
      if (verdict == Verdict.REJECT && !changes.equals(Changes.NONE)) {
        throw new IllegalArgumentException(
            "'set' does not go with verdict reject: a rejected route is not changed; remove one");
      }
    }
  }

  /**
   * Which routes are meant: those for which every list that is not empty holds one that fits.
   *
   * @param types EVPN route types, 1..255
   * @param routeTargets one of them is on the route
   * @param communities one of them is on the route
   * @param prefixes of unicast routes and of EVPN Type 5
   * @param peers the neighbour's address is in one of them
   */
  public record Match(
      List<PeerFamily> families,
      List<Integer> types,
      List<RouteTarget> routeTargets,
      List<Community> communities,
      List<PrefixMatch> prefixes,
      List<IpPrefix> peers) {
    /** All routes. */
    public static final Match ANY =
        new Match(List.of(), List.of(), List.of(), List.of(), List.of(), List.of());

    public Match {
      families = List.copyOf(families);
      types = List.copyOf(types);
      routeTargets = List.copyOf(routeTargets);
      communities = List.copyOf(communities);
      prefixes = List.copyOf(prefixes);
      peers = List.copyOf(peers);
      if (!types.isEmpty() && !families.isEmpty() && !families.contains(PeerFamily.L2VPN_EVPN)) {
        throw new IllegalArgumentException(
            "'types' are EVPN route types, and 'families' leaves l2vpn-evpn out; nothing matches");
      }
    }
  }

  /**
   * What is altered on a route that is accepted.
   *
   * @param localPreference LOCAL_PREF, 0..2^32-1 (RFC 4271 §5.1.5)
   * @param med MULTI_EXIT_DISC, 0..2^32-1 (RFC 4271 §5.1.4)
   */
  public record Changes(
      OptionalLong localPreference,
      OptionalLong med,
      List<Community> addCommunities,
      List<Community> removeCommunities) {
    public static final Changes NONE =
        new Changes(OptionalLong.empty(), OptionalLong.empty(), List.of(), List.of());

    public Changes {
      addCommunities = List.copyOf(addCommunities);
      removeCommunities = List.copyOf(removeCommunities);
      for (var community : addCommunities) {
        if (removeCommunities.contains(community)) {
          throw new IllegalArgumentException(
              "community " + community + " is both added and removed; keep one");
        }
      }
    }
  }

  /**
   * Prefixes inside another: {@code 10.0.0.0/8 ge 24 le 32}.
   *
   * @param least shortest length that matches
   * @param most longest length that matches
   */
  public record PrefixMatch(IpPrefix prefix, int least, int most) {
    public PrefixMatch {
      if (least < prefix.length() || most < least || most > prefix.address().bits()) {
        throw new IllegalArgumentException(
            prefix
                + " ge "
                + least
                + " le "
                + most
                + " matches nothing: the lengths go up from "
                + prefix.length()
                + " to "
                + prefix.address().bits());
      }
    }

    /**
     * Reads {@code PREFIX}, which is only itself, or {@code PREFIX [ge N] [le N]}.
     *
     * @throws IllegalArgumentException for any other text
     */
    public static PrefixMatch parse(String text) {
      var words = text.trim().split("\\s+", -1);
      var prefix = IpPrefix.parse(words[0]);
      int least = -1;
      int most = -1;
      for (int i = 1; i < words.length; i += 2) {
        boolean number = i + 1 < words.length && words[i + 1].matches("[0-9]{1,3}");
        if (number && words[i].equals("ge") && least < 0 && most < 0) {
          least = Integer.parseInt(words[i + 1]);
        } else if (number && words[i].equals("le") && most < 0) {
          most = Integer.parseInt(words[i + 1]);
        } else {
          throw new IllegalArgumentException(
              "'" + text + "' is not 'PREFIX', or 'PREFIX ge LENGTH le LENGTH' with one or both");
        }
      }
      int longest = least < 0 ? prefix.length() : prefix.address().bits();
      return new PrefixMatch(
          prefix, least < 0 ? prefix.length() : least, most < 0 ? longest : most);
    }

    public boolean matches(IpPrefix candidate) {
      return candidate.length() >= least
          && candidate.length() <= most
          && prefix.contains(candidate.address());
    }

    @Override
    public String toString() {
      return prefix + " ge " + least + " le " + most;
    }
  }
}
