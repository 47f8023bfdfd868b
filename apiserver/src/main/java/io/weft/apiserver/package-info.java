/**
 * A small Kubernetes API server in memory, for tests: it stores, lists and watches objects over
 * HTTP as the real one does, and can be slow, away, or forget what clients want to go on from. It
 * knows nothing of Weft: kinds come from CustomResourceDefinitions.
 */
@org.jspecify.annotations.NullMarked
package io.weft.apiserver;
