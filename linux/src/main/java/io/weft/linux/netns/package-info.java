/** Network namespaces: made, entered, listed and deleted in the layout of iproute2. */
@org.jspecify.annotations.NullMarked
package io.weft.linux.netns;
