/** The reflector daemon: the same speaker without a data plane. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.reflector;
