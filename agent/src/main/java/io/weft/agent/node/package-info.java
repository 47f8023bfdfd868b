/** The node daemon: one per host, it puts the shells around the brain. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.node;
