/** Tap devices: Ethernet links whose other end is a file that a hypervisor opens. */
@org.jspecify.annotations.NullMarked
package io.weft.linux.tap;
