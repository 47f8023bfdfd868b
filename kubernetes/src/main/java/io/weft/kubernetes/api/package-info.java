/**
 * A client of the Kubernetes API, no larger than Weft needs it: objects stay JSON, and become
 * records where they are read. Nothing here knows what a resource of Weft means.
 */
@org.jspecify.annotations.NullMarked
package io.weft.kubernetes.api;
