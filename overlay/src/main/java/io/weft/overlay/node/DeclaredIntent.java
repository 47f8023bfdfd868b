package io.weft.overlay.node;

import io.weft.overlay.attachment.AttachRequest;
import java.util.Collections;
import java.util.List;
import java.util.SortedSet;
import java.util.TreeSet;

/**
 * What resources say of endpoints on this node.
 *
 * @param endpoints that they declare
 * @param unread names of resources that cannot be read: what stands of them stays
 * @param complete false while there may be others that cannot be read: then all stay
 */
public record DeclaredIntent(
    List<AttachRequest> endpoints, SortedSet<String> unread, boolean complete) {
  /** No resource declares any. */
  public static final DeclaredIntent NONE =
      new DeclaredIntent(List.of(), Collections.emptySortedSet(), true);

  public DeclaredIntent {
    endpoints = List.copyOf(endpoints);
    unread = Collections.unmodifiableSortedSet(new TreeSet<>(unread));
  }

  /** True when an endpoint that is not declared may be, where it cannot be read. */
  boolean mayDeclare(String endpoint) {
    return !complete || unread.contains(endpoint);
  }
}
