/** BFD over UDP: the shell around {@link io.weft.bfd.Bfd}. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.bfd;
