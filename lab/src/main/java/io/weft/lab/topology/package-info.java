/** What a topology file says: intent, and the racks, hosts and endpoints to try it on. */
@org.jspecify.annotations.NullMarked
package io.weft.lab.topology;
