/**
 * Words of the network: addresses, prefixes, VNIs, BGP identifiers, and bounds-checked octet
 * readers and writers. Pure: values only, {@code java.base} only. Every other module speaks in
 * these words.
 */
@org.jspecify.annotations.NullMarked
package io.weft.net;
