/**
 * The {@code weft} command: starts the daemons and the lab, and shows in tables (or JSON) what an
 * agent answers on its socket. Thin: it decides nothing.
 */
@org.jspecify.annotations.NullMarked
package io.weft.cli;
