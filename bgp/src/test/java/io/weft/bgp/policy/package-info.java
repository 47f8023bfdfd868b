/** Best path and table, step by step. */
@org.jspecify.annotations.NullMarked
package io.weft.bgp.policy;
