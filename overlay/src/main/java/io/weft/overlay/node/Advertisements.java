package io.weft.overlay.node;

/** What a network's IPv6 gateway says of itself by router advertisements (RFC 4861 §6.2). */
public enum Advertisements {
  /** Nothing. */
  NONE,

  /** That it is a router, which prefixes are on the link, and the MTU. */
  ROUTES,

  /** Also that hosts may form addresses of the prefixes themselves (RFC 4862). */
  ADDRESSES
}
