/** The load generator's octets against Weft's codec. */
@org.jspecify.annotations.NullMarked
package io.weft.bench.load;
