/**
 * The whole speaker: sessions, tables and propagation behind one {@code step(now, event)}. Read
 * {@link io.weft.bgp.speaker.SpeakerEvent} and {@link io.weft.bgp.speaker.SpeakerEffect} first.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.speaker;
