/** A lab from the topology file to the last check, and all of it away again. */
@org.jspecify.annotations.NullMarked
package io.weft.lab.run;
