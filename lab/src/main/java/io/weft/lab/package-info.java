/**
 * Real agents on the real kernel: a fabric of racks made of network namespaces on one Linux
 * machine, from a topology file, with the checks that show that it carries traffic.
 */
@org.jspecify.annotations.NullMarked
package io.weft.lab;
