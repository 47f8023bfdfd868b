/** What an operator allows in and out: rules over routes and their attributes, pure. */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.policy;
