/**
 * The daemon of the cluster: gives VNIs to networks and tenants of the Kubernetes API, and says in
 * the status of each object what became of it. What is decided is decided in {@link
 * io.weft.overlay.cluster.ClusterController}, which is pure; here are its eyes and hands.
 */
@org.jspecify.annotations.NullMarked
package io.weft.controller;
