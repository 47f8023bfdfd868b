/** What is written down of a node leads its brain to the same state again. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.record;
