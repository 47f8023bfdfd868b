/** The one thread that owns a brain, and its bounded queue. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.loop;
