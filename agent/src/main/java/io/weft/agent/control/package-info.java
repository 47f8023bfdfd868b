/** The Unix socket through which the CLI, the CNI plugin and the lab speak to an agent. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.control;
