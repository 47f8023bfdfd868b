/**
 * The resources of group {@code weft.io}, version {@code v1alpha1}, as records that cannot be
 * wrong, and how each is read from YAML.
 */
@org.jspecify.annotations.NullMarked
package io.weft.kubernetes.resource;
