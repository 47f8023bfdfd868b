package io.weft.agent.kernel;

import io.weft.linux.netlink.Link;
import io.weft.linux.netlink.LinkSettings;
import io.weft.linux.netlink.Request;
import io.weft.linux.netlink.Rtnetlink;
import java.util.List;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A device of ours to which somebody gave another name gets its own back: the kernel has one device
 * of a VNI, and nobody can make a pod's again. One thread owns it.
 */
final class KeptNames {
  private static final Logger LOG = LoggerFactory.getLogger(KeptNames.class);

  private final String namespace;
  private final Rtnetlink rtnetlink;
  private final TenantLinks links;
  private final Translation translation;

  /**
   * @param namespace by name, for people
   * @param rtnetlink in it
   * @param links as they were last seen
   */
  KeptNames(String namespace, Rtnetlink rtnetlink, TenantLinks links, Translation translation) {
    this.namespace = namespace;
    this.rtnetlink = rtnetlink;
    this.links = links;
    this.translation = translation;
  }

  /**
   * Puts those of ours that have other names than before in as they are with their own.
   *
   * @param all links as they were just read
   * @return the indexes of those that had another name: they count as damaged
   */
  List<Integer> giveBack(List<Link> all) {
    var renamed = all.stream().filter(this::hasOtherName).map(Link::index).toList();
    all.replaceAll(link -> renamed.contains(link.index()) ? named(link) : link);
    return renamed;
  }

  private boolean hasOtherName(Link link) {
    return links
        .link(link.index())
        .filter(before -> !before.name().equals(link.name()))
        .flatMap(translation::object)
        .isPresent();
  }

  private Link named(Link link) {
    var known = links.link(link.index()).map(Link::name).orElseThrow();
    // Kernels before 6.2 rename only what is down.
    rtnetlink.execute(new Request.SetLink(link.index(), LinkSettings.NONE.withUp(false)));
    var outcome =
        rtnetlink.execute(List.of(new Request.RenameLink(link.index(), known))).getFirst();
    if (outcome.isPresent()) {
      LOG.warn(
          "{}: {} was renamed to {} and cannot get its name back: {}",
          namespace,
          known,
          link.name(),
          outcome.get());
    }
    return rtnetlink.link(link.index()).orElse(link);
  }
}
