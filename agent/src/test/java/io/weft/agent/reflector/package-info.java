/** Tests of the reflector daemon, in this process and over loopback. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.reflector;
