/** What the agent of a node has to do with the cluster that the node is of, beside the intent. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.cluster;
