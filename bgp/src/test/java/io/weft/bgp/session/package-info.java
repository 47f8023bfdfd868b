/** The session machine alone. */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.session;
