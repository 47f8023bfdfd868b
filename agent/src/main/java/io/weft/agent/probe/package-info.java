/** Whether the paths to other VTEPs carry what the overlay promises: probes and what they found. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.probe;
