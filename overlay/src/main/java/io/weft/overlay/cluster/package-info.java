/**
 * What a controller decides for the whole cluster, pure: it sees objects of the API, and says which
 * calls bring them closer to what is wanted.
 */
@org.jspecify.annotations.NullMarked
package io.weft.overlay.cluster;
