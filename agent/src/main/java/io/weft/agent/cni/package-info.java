/** What a container runtime asks of this node, by the Container Network Interface (CNI 1.1.0). */
@org.jspecify.annotations.NullMarked
package io.weft.agent.cni;
