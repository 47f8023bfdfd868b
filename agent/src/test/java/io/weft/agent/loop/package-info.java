/** The loop with a small brain. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.loop;
