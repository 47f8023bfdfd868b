/** Hosts that nobody announces: heard behind ports that learn, and asked whether they are there. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.learning;
