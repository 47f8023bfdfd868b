/** The only writer of the kernel's tables: applies changes, watches, dumps. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.kernel;
