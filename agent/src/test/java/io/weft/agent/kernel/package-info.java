/** The kernel's shell against the real kernel, and its pure parts. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.kernel;
