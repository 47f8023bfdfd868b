/**
 * From a topology to namespaces, links, addresses and routes: first as a plan, then in the kernel.
 */
@org.jspecify.annotations.NullMarked
package io.weft.lab.fabric;
