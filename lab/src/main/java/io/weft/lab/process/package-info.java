/**
 * The agents and reflectors of a lab as processes: started, spoken to, ended, and no others
 * touched.
 */
@org.jspecify.annotations.NullMarked
package io.weft.lab.process;
