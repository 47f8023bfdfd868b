/** Views as documents. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.metrics;
