/** Views as JSON documents: the stable form in which programs and the CLI see an agent. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.json;
