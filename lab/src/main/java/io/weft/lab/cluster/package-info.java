/**
 * A lab as a Kubernetes cluster: ordinary objects in one file, an API server, controllers, and what
 * the kubelet of each node does for its pods.
 */
@org.jspecify.annotations.NullMarked
package io.weft.lab.cluster;
