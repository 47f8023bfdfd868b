/**
 * The Linux kernel as seen from Weft: rtnetlink, network namespaces and packets, through the
 * Foreign Function and Memory API. It carries out and reports; what to do is decided elsewhere.
 */
@org.jspecify.annotations.NullMarked
package io.weft.linux;
