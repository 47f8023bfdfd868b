package io.weft.apiserver;

/**
 * What a call is about.
 *
 * @param name empty for a collection
 * @param namespace empty for cluster-wide kinds, and for all namespaces
 */
record Target(ResourceType type, String namespace, String name, boolean status) {}
