/**
 * What the administrator wants, as Kubernetes-shaped resources: {@code yaml} reads text with exact
 * places, {@code resource} has the resources, {@code intent} puts them together and watches them.
 */
@org.jspecify.annotations.NullMarked
package io.weft.kubernetes;
