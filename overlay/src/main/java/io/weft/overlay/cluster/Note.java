package io.weft.overlay.cluster;

/**
 * What a user is told by an Event of the API, once.
 *
 * @param about the object
 * @param warning false: nothing to do about it
 * @param reason as a word for programs
 */
public record Note(ClusterObject about, boolean warning, String reason, String message) {}
