/** The command as a user types it: in this process, against a real socket. */
@org.jspecify.annotations.NullMarked
package io.weft.cli;
