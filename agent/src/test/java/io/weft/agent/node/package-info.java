/** The node daemon as a process in a network namespace. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.node;
