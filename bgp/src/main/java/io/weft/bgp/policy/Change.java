package io.weft.bgp.policy;

import io.weft.bgp.wire.Community;
import io.weft.bgp.wire.LargeCommunity;
import io.weft.bgp.wire.PathAttributes;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalLong;

/**
 * What is altered on a route.
 *
 * @param setLocalPreference LOCAL_PREF, 0..2^32-1 (RFC 4271 §5.1.5)
 * @param setMed MULTI_EXIT_DISC, 0..2^32-1 (RFC 4271 §5.1.4)
 * @param addCommunities put behind those there, none twice (RFC 1997)
 * @param addLargeCommunities likewise (RFC 8092)
 */
public record Change(
    OptionalLong setLocalPreference,
    OptionalLong setMed,
    List<Community> addCommunities,
    List<Community> removeCommunities,
    List<LargeCommunity> addLargeCommunities,
    List<LargeCommunity> removeLargeCommunities) {
  public static final Change NONE =
      new Change(OptionalLong.empty(), OptionalLong.empty(), List.of(), List.of());

  public Change {
    requireU32("LOCAL_PREF", setLocalPreference);
    requireU32("MULTI_EXIT_DISC", setMed);
    addCommunities = List.copyOf(addCommunities);
    removeCommunities = List.copyOf(removeCommunities);
    addLargeCommunities = List.copyOf(addLargeCommunities);
    removeLargeCommunities = List.copyOf(removeLargeCommunities);
    requireApart(addCommunities, removeCommunities);
    requireApart(addLargeCommunities, removeLargeCommunities);
  }

  /** Without large communities. */
  public Change(
      OptionalLong setLocalPreference,
      OptionalLong setMed,
      List<Community> addCommunities,
      List<Community> removeCommunities) {
    this(setLocalPreference, setMed, addCommunities, removeCommunities, List.of(), List.of());
  }

  private static <C> void requireApart(List<C> added, List<C> removed) {
    for (var community : added) {
      if (removed.contains(community)) {
        throw new IllegalArgumentException(
            "community " + community + " is both added and removed; keep one");
      }
    }
  }

  private static void requireU32(String name, OptionalLong value) {
    if (value.isPresent() && (value.getAsLong() < 0 || value.getAsLong() > 0xffff_ffffL)) {
      throw new IllegalArgumentException(
          name + " " + value.getAsLong() + " is out of 0..4294967295");
    }
  }

  PathAttributes of(PathAttributes attributes) {
    var changed = attributes;
    if (setLocalPreference.isPresent()) {
      changed = changed.withLocalPreference(setLocalPreference);
    }
    if (setMed.isPresent()) {
      changed = changed.withMed(setMed);
    }
    if (!addCommunities.isEmpty() || !removeCommunities.isEmpty()) {
      changed =
          changed.withCommunities(
              changed(attributes.communities(), addCommunities, removeCommunities));
    }
    if (!addLargeCommunities.isEmpty() || !removeLargeCommunities.isEmpty()) {
      changed =
          changed.withLargeCommunities(
              changed(attributes.largeCommunities(), addLargeCommunities, removeLargeCommunities));
    }
    return changed;
  }

  private static <C> List<C> changed(List<C> there, List<C> added, List<C> removed) {
    var communities = new ArrayList<>(there);
    communities.removeAll(removed);
    for (var community : added) {
      if (!communities.contains(community)) {
        communities.add(community);
      }
    }
    return communities;
  }
}
