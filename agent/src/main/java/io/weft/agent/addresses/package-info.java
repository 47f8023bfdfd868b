/** The store that the nodes share of who may give out which address, and its adapters. */
@org.jspecify.annotations.NullMarked
package io.weft.agent.addresses;
