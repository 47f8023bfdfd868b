/**
 * One BGP session, pure: the state machine of RFC 4271 §8 with graceful restart negotiated by RFC
 * 4724. Inputs and outputs are {@link io.weft.bgp.session.SessionInput} and {@link
 * io.weft.bgp.session.SessionOutput}.
 */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.session;
