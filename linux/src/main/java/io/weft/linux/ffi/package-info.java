/** The C library's system calls under their C names, with errno captured by each call. */
@org.jspecify.annotations.NullMarked
package io.weft.linux.ffi;
