/**
 * Bidirectional forwarding detection (RFC 5880), over one hop (RFC 5881) and several (RFC 5883), in
 * asynchronous mode. Pure: {@link io.weft.bfd.Bfd} takes events with their time and returns
 * effects, its jitter comes from a seed, and so a run can be repeated. Authentication, echo and
 * demand mode of our own are not offered.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bfd;
