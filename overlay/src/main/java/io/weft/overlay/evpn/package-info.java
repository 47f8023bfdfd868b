/** Between routes and segments: which remote MAC is where, and which routes a segment announces. */
@org.jspecify.annotations.NullMarked
package io.weft.overlay.evpn;
