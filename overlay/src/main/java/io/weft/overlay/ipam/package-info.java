/**
 * Who may give out which address: a network's subnets are cut into blocks, a block belongs to one
 * node, and only that node gives out what is in it. Pure: the store that all nodes share is asked
 * by effects. Which addresses of a block are in use is nowhere but with the endpoints themselves.
 */
@org.jspecify.annotations.NullMarked
package io.weft.overlay.ipam;
