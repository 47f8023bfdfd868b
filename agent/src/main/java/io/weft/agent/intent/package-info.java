/** From resources and the machine to what a brain is told. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.intent;
