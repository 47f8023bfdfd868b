/** The nodes of a Kubernetes cluster, as speakers of BGP: where each is, and which ones reflect. */
@org.jspecify.annotations.NullMarked
package io.weft.kubernetes.nodes;
