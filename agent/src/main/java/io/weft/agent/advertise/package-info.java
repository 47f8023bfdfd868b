/** Router advertisements of this node's gateways, to its own endpoints (RFC 4861 §6.2). */
@org.jspecify.annotations.NullMarked
package io.weft.agent.advertise;
