/** The control socket with real clients. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.control;
