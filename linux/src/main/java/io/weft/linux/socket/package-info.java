/** Options of TCP sockets that Java does not offer, set through the socket's descriptor. */
@org.jspecify.annotations.NullMarked
package io.weft.linux.socket;
