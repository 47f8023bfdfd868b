/** Tests of the CNI plugin: the program, a node, the kernel. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.cni;
