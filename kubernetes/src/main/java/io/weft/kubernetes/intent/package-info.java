/**
 * All resources together, checked against each other: what is in force, from a directory of YAML
 * files that is watched.
 */
@org.jspecify.annotations.NullMarked
package io.weft.kubernetes.intent;
