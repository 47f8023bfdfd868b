package io.weft.linux.netlink;

import java.util.List;

/**
 * All links of a namespace at one moment.
 *
 * @param checksums as {@link Rtnetlink#linkChecksums} would have given them at that moment
 */
public record LinkDump(List<Link> links, List<Integer> checksums) {}
